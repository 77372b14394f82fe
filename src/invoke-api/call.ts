/** What every route of the Invoke API is given. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NewEvent } from '../event-queue/queued-event.js';
import type { InvocationRouter } from '../router/router.js';

export interface ApiContext {
  readonly router: InvocationRouter;
  readonly region: string;
  readonly accountId: string;
  /** Unix ms. */
  now(): number;
  /** Resolves when the event will run whatever happens (contract 9.1). Raises why it will not. */
  accept(event: NewEvent): Promise<void>;
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
  /** All that the route captures of the path, the name among it; still URL-encoded. */
  readonly captured: readonly string[];
  readonly query: URLSearchParams;
}
