/**
 * Where the services are that event sources read from and results go to: a services container, an
 * endpoint of the user's, or AWS.
 */

import type { ServiceClientConfig } from './client-config.js';
import type { ServiceClients } from './clients.js';

export interface AwsServices {
  readonly kind: ServicesKind;
  /**
   * What an AWS SDK client is made with. Resolves when the services answer; what the template
   * declares is there then. Raises user errors.
   */
  clientConfig(): Promise<ServiceClientConfig>;
  /** As `clientConfig`, but without waiting for what the template declares. */
  reach(): Promise<ServiceClientConfig>;
  /**
   * Has `make` called when the services are first reached, and again whenever they have lost their
   * data; `clientConfig` waits for it. Clients in use go on: the address stays.
   */
  onFresh(make: (config: ServiceClientConfig) => Promise<void>): void;
  /** Clients that all share, each made when it is first asked for. */
  readonly clients: ServiceClients;
}

/** In `aws` and an endpoint of the user's there may be things that are not ours to change. */
export type ServicesKind = 'container' | 'endpoint' | 'aws' | 'none';
