/** How SDK clients of mappings are made, and how what they raise is told. */

import type { NodeHttpHandlerOptions } from '@smithy/node-http-handler';
import { OrchestratorError } from '../errors.js';
import type { AwsServices } from '../services/aws-services.js';
import type { ServiceClientConfig } from '../services/client-config.js';

/** Longer than the longest poll. */
const REQUEST_MS = 30_000;
const CONNECT_MS = 5_000;

export interface ClientSettings {
  readonly config: Omit<ServiceClientConfig, 'forcePathStyle'>;
  /** Anything but AWS itself. */
  readonly isOwn: boolean;
  readonly handler: NodeHttpHandlerOptions;
}

/** Raises what the services raise when they cannot be had. */
export async function clientSettings(
  services: AwsServices,
  region: string,
  connections: number,
): Promise<ClientSettings> {
  const { forcePathStyle: _of_buckets, ...config } = await services.clientConfig();
  return {
    // A source may be in another region than the functions.
    config: { ...config, region: region === '' ? config.region : region, maxAttempts: 2 },
    isOwn: config.endpoint !== undefined,
    handler: {
      connectionTimeout: CONNECT_MS,
      requestTimeout: REQUEST_MS,
      httpAgent: { maxSockets: connections, keepAlive: true },
      httpsAgent: { maxSockets: connections, keepAlive: true },
    },
  };
}

/** What a client raised, with the name AWS has for it. */
export function sourceError(error: unknown): Error {
  if (error instanceof OrchestratorError) return error;
  const { name, message, code } = error as { name?: string; message?: string; code?: string };
  const known = name === undefined || name === 'Error' ? code : name;
  const text = message === undefined || message === '' ? 'no answer' : message;
  return new Error(known === undefined ? text : `${known}: ${text}`, { cause: error });
}
