/** What the platform's events say of an environment and the runtime in it (contract 2.5, 6.1). Pure. */

import { createHash } from 'node:crypto';
import type { FunctionVersion } from '../function/function-version.js';
import type { RestoreStart } from '../telemetry/events.js';

const MEGABYTE = 2 ** 20;

export function runtimeOf(version: FunctionVersion, environmentId: string): RestoreStart {
  // An image's runtime is its own affair (contract 6.1).
  const runtime = version.image === undefined ? runtimeVersion(version) : undefined;
  return {
    ...(runtime === undefined
      ? {}
      : { runtimeVersion: runtime.version, runtimeVersionArn: runtime.arn }),
    functionName: version.name,
    functionVersion: version.version,
    instanceId: environmentId,
    instanceMaxMemory: version.memoryMb * MEGABYTE,
  };
}

/** The image is what a runtime version is here; its name's digest tells it from others. */
function runtimeVersion(version: FunctionVersion): { version: string; arn: string } {
  const [, language = version.runtime, number = ''] =
    /^([a-z]+)\.?([a-z]*[\d.]*?)(\.x)?$/.exec(version.runtime) ?? [];
  const digest = createHash('sha256').update(version.imageReference).digest('hex');
  const region = version.functionArn.split(':')[3] ?? '';
  return {
    version: `${language}:${number}.v${version.imageReference.split(':').at(-1) ?? ''}`,
    arn: `arn:aws:lambda:${region}::runtime:${digest}`,
  };
}
