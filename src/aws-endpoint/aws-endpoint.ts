/**
 * One endpoint for all of AWS: requests are told apart by the service in their signature's
 * credential scope. Some services are served here; the others are forwarded to the services
 * endpoint.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OrchestratorError } from '../errors.js';
import type { Forward } from './forward.js';
import { mayBeObject, scopeOf, UNSIGNED_FORM, type Scope, type ScopedRequest } from './scope.js';

/** Answers every request it is given. */
export type ServiceHandler = (request: IncomingMessage, response: ServerResponse) => void;

const GIVE_CREDENTIALS: ReadonlySet<string> = new Set(['sts', 'cognito-identity', UNSIGNED_FORM]);

export class AwsEndpoint {
  readonly #handlers = new Map<string, ServiceHandler>();
  #opening: Promise<void> | undefined;
  #settle: { resolve: () => void; reject: (error: OrchestratorError) => void } | undefined;
  /** Such as `172.17.0.1:34567`: where functions reach it. */
  containerAddress: string | undefined;
  /** Answers for services that nobody serves here. */
  forward: Forward | undefined;
  /** Given answers that may hold credentials. */
  onCredentials: ((answer: IncomingMessage) => void) | undefined;
  /** Whether anything may be where unsigned requests would be forwarded to. */
  hasServices: () => boolean = () => false;

  /** Until `opened` or `failed`: whoever answers for other services than Lambda is being opened. */
  holdOthers(): void {
    this.#opening = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Where nobody asks, nobody waits.
    this.#opening.catch(() => undefined);
  }

  opened(): void {
    this.#settle?.resolve();
    this.#opening = undefined;
  }

  failed(error: OrchestratorError): void {
    this.#settle?.reject(error);
  }

  /**
   * What a request that is not known to be Lambda's waits for before it is asked again whose it is.
   * Undefined: nothing. Rejects when it cannot be opened.
   */
  get opening(): Promise<void> | undefined {
    return this.#opening;
  }

  /** Whether it is signed for a service other than Lambda. */
  concerns(request: ScopedRequest): boolean {
    const scope = scopeOf(request);
    return scope !== undefined && scope.service !== 'lambda';
  }

  /** Serves the service with this name in credential scopes, such as `events`. */
  serve(service: string, handler: ServiceHandler): void {
    this.#handlers.set(service, handler);
  }

  /** Whether it is answered here, by us. */
  serves(service: string): boolean {
    return service === 'lambda' || this.#handlers.has(service);
  }

  /** What serves it here; undefined: nothing does. */
  handler(service: string): ServiceHandler | undefined {
    return this.#handlers.get(service);
  }

  /** Who answers; undefined: the Lambda API. */
  handlerOf(request: ScopedRequest): ServiceHandler | undefined {
    return this.handlerFor(scopeOf(request));
  }

  handlerFor(scope: Scope | undefined): ServiceHandler | undefined {
    if (scope === undefined || scope.service === 'lambda') return undefined;
    return this.#handlers.get(scope.service) ?? this.#forwarder(scope.service);
  }

  /** Who answers what the Lambda API does not know: S3, if it can be an object there. */
  handlerOfUnknown(request: ScopedRequest): ServiceHandler | undefined {
    return this.hasServices() && mayBeObject(request) ? this.#forwarder('s3') : undefined;
  }

  #forwarder(service: string): ServiceHandler | undefined {
    const { forward } = this;
    const learn = GIVE_CREDENTIALS.has(service) ? this.onCredentials : undefined;
    return forward && ((request, response) => forward(service, request, response, learn));
  }
}
