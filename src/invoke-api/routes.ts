/** Method and path → operation (contract 8.2); the busiest first. */

import type { Call, ControlCall } from './call.js';
import { invokeWithResponseStream } from './invoke-with-response-stream.js';
import { invoke, invokeAsync } from './invoke.js';

export interface Route {
  readonly operation: string;
  readonly method: string;
  /** What every path of it begins with, if that is known. */
  readonly begins?: string;
  /** Captures the parts of the path that vary, URL-encoded. */
  readonly path: RegExp;
  /** Two operations of one path differ in a parameter of the query. */
  readonly query?: { readonly name: string; readonly value: string } | undefined;
  handle(call: Call): void;
  /** Of one that our own framing may read as well: the same. */
  handleRead?(call: ControlCall): void;
}

export const INVOKE_PATH = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;

// prettier-ignore
export const INVOKE_ROUTES: readonly Route[] = [
  { operation: 'Invoke', method: 'POST', path: INVOKE_PATH, handle: invoke },
  { operation: 'InvokeWithResponseStream', method: 'POST', path: /^\/2021-11-15\/functions\/([^/]+)\/response-streaming-invocations$/, handle: invokeWithResponseStream },
  { operation: 'InvokeAsync', method: 'POST', path: /^\/2014-11-13\/functions\/([^/]+)\/invoke-async\/?$/, handle: invokeAsync },
];

export function findRoute(
  routes: readonly Route[],
  method: string | undefined,
  path: string,
  query: URLSearchParams,
): { readonly route: Route; readonly captured: readonly string[] } | undefined {
  for (const route of routes) {
    if (route.method !== method || !path.startsWith(route.begins ?? '')) continue;
    const match = route.path.exec(path);
    if (match === null) continue;
    const { query: wanted } = route;
    if (wanted !== undefined && query.get(wanted.name) !== wanted.value) continue;
    return { route, captured: match.slice(1) };
  }
  return undefined;
}

const NO_QUERY = new URLSearchParams();

export function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const mark = target.indexOf('?');
  if (mark < 0) return { path: target, query: NO_QUERY };
  return { path: target.slice(0, mark), query: new URLSearchParams(target.slice(mark + 1)) };
}
