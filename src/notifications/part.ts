/** What the kinds of notifications share. */

import type { SourceStatus } from '../view.js';
import type { AwsServices } from '../services/aws-services.js';
import type { ServiceClientConfig } from '../services/client-config.js';
import { answerOf, refused } from '../provisioning/resource-maker.js';
import { ServiceClients } from '../services/clients.js';
import type { SourceParts } from '../sources/source.js';
import type { FunctionTarget } from '../stack/function-target.js';
import type { Stack } from '../stack/stack.js';

export type NotificationParts = Pick<
  SourceParts,
  'settings' | 'clock' | 'queueClock' | 'invoker' | 'services' | 'targets' | 'log'
>;

/** One kind of notifications. */
export interface NotificationPart {
  /** Whether the stack has any of it. */
  isNeeded(stack: Stack): boolean;
  /** Makes what stands between at the services, in what is there or has been made anew. */
  prepare(stack: Stack, clients: ServiceClients): Promise<void>;
  /** Begins to listen, or listens to something else. */
  listen(stack: Stack): Promise<void>;
  status(): readonly SourceStatus[];
  stop(): Promise<void>;
}

/** Clients for while things are being made. */
export async function withClients(
  config: ServiceClientConfig,
  use: (clients: ServiceClients) => Promise<void>,
): Promise<void> {
  const clients = new ServiceClients(() => Promise.resolve(config));
  try {
    await use(clients);
  } finally {
    await clients.close();
  }
}

/** Makes each; raises `resource-refused` with all that could not be made. */
export async function makeEach<Definition extends { readonly path: string }>(
  definitions: readonly Definition[],
  make: (definition: Definition) => Promise<void>,
): Promise<void> {
  const failures: string[] = [];
  for (const definition of definitions) {
    await make(definition).catch((error: unknown) => {
      failures.push(`${definition.path}: ${answerOf(error)}`);
    });
  }
  if (failures.length > 0) throw refused(failures);
}

/**
 * Of the long poll. Servers that are no AWS may hand messages to a request whose client has gone, so
 * that nobody sees them until their visibility timeout is over.
 */
export function waitSeconds({ kind }: Pick<AwsServices, 'kind'>): number {
  return kind === 'aws' ? 20 : 5;
}

export function nameOf({ functionName, qualifier }: FunctionTarget): string {
  return qualifier === undefined ? functionName : `${functionName}:${qualifier}`;
}
