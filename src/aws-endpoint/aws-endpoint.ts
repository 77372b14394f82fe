/**
 * One endpoint for all of AWS: requests are told apart by the service in their signature's
 * credential scope. Some services are served here; the others are forwarded to the services
 * endpoint.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';

/** Answers every request it is given. */
export type ServiceHandler = (request: IncomingMessage, response: ServerResponse) => void;

const SCOPE = /Credential=[^/,\s]+\/\d{8}\/[^/,\s]+\/([a-z0-9-]+)\/aws4_request/;

export class AwsEndpoint {
  readonly #handlers = new Map<string, ServiceHandler>();

  /** Serves the service with this name in credential scopes, such as `events`. */
  serve(service: string, handler: ServiceHandler): void {
    this.#handlers.set(service, handler);
  }

  /** Who answers; undefined: the Lambda API. */
  handlerOf(request: IncomingMessage): ServiceHandler | undefined {
    const service = SCOPE.exec(request.headers.authorization ?? '')?.[1];
    return service === undefined ? undefined : this.#handlers.get(service);
  }
}
