/** PublishVersion and ListVersionsByFunction (contract 8.9). */

import { LATEST } from '../registry/records.js';
import { configurationOf, latestOf, summaryOf } from './configuration.js';
import { invalid } from './failure.js';
import type { Answer, ControlRequest } from './operation.js';
import { pageOf, type PageInput } from './paging.js';
import { checkRevision, refuseWhileBusy } from './progress.js';
import { publish } from './publish.js';
import { refuseUnserved } from './settings.js';
import { arnOf, existing, existingFunction, revisionOf } from './target.js';

interface PublishInput {
  readonly FunctionName: string;
  readonly CodeSha256?: string;
  readonly Description?: string;
  readonly RevisionId?: string;
}

export async function publishVersion({
  parts,
  input,
}: ControlRequest<PublishInput>): Promise<Answer> {
  const { name } = existingFunction(parts, input.FunctionName);
  refuseUnserved(input as unknown as Record<string, unknown>);
  refuseWhileBusy(parts, name);
  checkRevision(parts, name, input.RevisionId);
  const { CodeSha256: given } = input;
  if (given !== undefined && given !== '') {
    const resolved = revisionOf(parts, { name });
    const { CodeSha256: current } = configurationOf(parts, name, resolved);
    if (given !== current) {
      throw invalid(
        `CodeSHA256 (${given}) is different from current CodeSHA256 in $LATEST (${String(current)}). Please try again with the CodeSHA256 in $LATEST.`,
      );
    }
  }
  const revision = await publish(parts, name, { description: input.Description });
  const { version } = revision;
  const arn = arnOf(parts, { name, qualifier: version });
  return { body: configurationOf(parts, name, { revision, version, arn }) };
}

const PAGE = 50;

interface ListInput extends PageInput {
  readonly FunctionName: string;
}

export function listVersionsByFunction({ parts, input }: ControlRequest<ListInput>): Answer {
  const { name } = existing(parts, input.FunctionName);
  const latest = latestOf(parts, name);
  const versions = parts.registry.record(name).versions.map((revision) => {
    const { version } = revision;
    return { revision, version, arn: arnOf(parts, { name, qualifier: version }) };
  });
  const all = [
    ...(latest === undefined
      ? []
      : [{ ...latest, arn: arnOf(parts, { name, qualifier: LATEST }) }]),
    ...versions,
  ].map((resolved) => ({ key: keyOf(resolved.version), resolved }));
  const { page, next } = pageOf(all, input, PAGE);
  return {
    body: { Versions: page.map(({ resolved }) => summaryOf(parts, name, resolved)), ...next },
  };
}

/** In the order of numbers, `$LATEST` first. */
function keyOf(version: string): string {
  return version === LATEST ? LATEST : version.padStart(12, '0');
}
