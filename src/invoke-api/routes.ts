/** Method and path → operation (contract 8.2), in one table; the busiest first. */

import type { Call } from './call.js';
import {
  getAccountSettings,
  getFunction,
  getFunctionConfiguration,
  listFunctions,
} from './functions.js';
import { invokeWithResponseStream } from './invoke-with-response-stream.js';
import { invoke, invokeAsync } from './invoke.js';

export interface Route {
  readonly operation: string;
  readonly method: 'GET' | 'POST';
  /** Captures `{FunctionName}`, URL-encoded. */
  readonly path: RegExp;
  readonly handle: (call: Call) => void;
}

const FUNCTIONS = String.raw`^/2015-03-31/functions`;

// prettier-ignore
export const ROUTES: readonly Route[] = [
  { operation: 'Invoke', method: 'POST', path: new RegExp(`${FUNCTIONS}/([^/]+)/invocations$`), handle: invoke },
  { operation: 'InvokeWithResponseStream', method: 'POST', path: /^\/2021-11-15\/functions\/([^/]+)\/response-streaming-invocations$/, handle: invokeWithResponseStream },
  { operation: 'InvokeAsync', method: 'POST', path: /^\/2014-11-13\/functions\/([^/]+)\/invoke-async\/?$/, handle: invokeAsync },
  { operation: 'ListFunctions', method: 'GET', path: new RegExp(`${FUNCTIONS}/?$`), handle: listFunctions },
  { operation: 'GetFunction', method: 'GET', path: new RegExp(`${FUNCTIONS}/([^/]+)$`), handle: getFunction },
  { operation: 'GetFunctionConfiguration', method: 'GET', path: new RegExp(`${FUNCTIONS}/([^/]+)/configuration$`), handle: getFunctionConfiguration },
  { operation: 'GetAccountSettings', method: 'GET', path: /^\/2016-08-19\/account-settings\/?$/, handle: getAccountSettings },
];

/** For the answer to what is in no row. */
export const SERVED_OPERATIONS = ROUTES.map(({ operation }) => operation).join(', ');

export function findRoute(
  method: string | undefined,
  path: string,
): { readonly route: Route; readonly name: string } | undefined {
  for (const route of ROUTES) {
    if (route.method !== method) continue;
    const match = route.path.exec(path);
    if (match !== null) return { route, name: match[1] ?? '' };
  }
  return undefined;
}
