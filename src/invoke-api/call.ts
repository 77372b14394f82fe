/** What every route of the Invoke API is given. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OrchestratorError } from '../errors.js';
import type { InvocationRouter } from '../router/router.js';

export interface ApiContext {
  readonly router: InvocationRouter;
  readonly region: string;
  readonly accountId: string;
  /** The account's concurrency. */
  readonly concurrency: number;
  /** Unix ms. */
  now(): number;
  /** An event that was accepted could not be run. */
  lost(functionName: string, requestId: string, error: OrchestratorError): void;
}

/** One request and where its answer goes. */
export interface Call {
  readonly context: ApiContext;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** UUID; a function that is invoked sees the same. */
  readonly requestId: string;
  /** `{FunctionName}` of the path, still URL-encoded; empty where the route has none. */
  readonly name: string;
  readonly query: URLSearchParams;
}
