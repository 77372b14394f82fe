/** From the layer ARNs of a function to the packages behind them (contract 3.5, 8.6). */

import { LIMITS } from '../config/defaults.js';
import type { LayerUse } from '../registry/records.js';
import { invalid } from './failure.js';
import type { ControlParts } from './parts.js';

const ARN = /^arn:aws[a-zA-Z-]*:lambda:([a-z0-9-]+):(\d{12}):layer:([a-zA-Z0-9-_]+):(\d+)$/;

/** Raises what AWS answers about layers that cannot be used. */
export function usedLayers(parts: ControlParts, arns: readonly string[]): readonly LayerUse[] {
  if (arns.length > LIMITS.layers) {
    throw invalid(`Cannot reference more than ${LIMITS.layers} layers.`);
  }
  const seen = new Map<string, string>();
  return arns.map((arn) => {
    const [, region, account, name = '', version] = ARN.exec(arn) ?? [];
    if (region !== undefined && region !== parts.region) {
      throw invalid(
        `Layers are not in the same region as the function. Layers are expected to be in region ${parts.region}.`,
      );
    }
    const found =
      account === parts.accountId
        ? parts.registry.layer(name)?.versions.find((one) => String(one.version) === version)
        : undefined;
    if (found === undefined) throw invalid(`Layer version ${arn} does not exist.`);
    const other = seen.get(name);
    if (other !== undefined) {
      throw invalid(
        `Two different versions of the same layer are not allowed to be referenced in the same function. ${other} and ${arn} are versions of the same layer.`,
      );
    }
    seen.set(name, arn);
    return { arn, size: found.content.size, file: found.content.file };
  });
}

/** A layer may be deleted before the function that is to use it is written down. */
export function holdLayers({ packages }: ControlParts, layers: readonly LayerUse[]): () => void {
  const releases = layers.map(({ file }) => packages.hold(file));
  return () => {
    for (const release of releases) release();
  };
}
