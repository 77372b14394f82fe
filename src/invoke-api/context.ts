/** What every route of the Invoke API is given. */

import type { ServerResponse } from 'node:http';
import type { OrchestratorError } from '../errors.js';
import type { InvocationRouter } from '../router/router.js';
import type { ApiError } from './errors.js';

export interface ApiContext {
  readonly router: InvocationRouter;
  readonly region: string;
  readonly accountId: string;
  /** Unix ms. */
  now(): number;
  refuse(response: ServerResponse, error: ApiError): void;
  /** An event that was accepted could not be run. */
  lost(functionName: string, requestId: string, error: OrchestratorError): void;
}
