/**
 * Where a WebSocket API is: `/<stage>` on the port for whoever does not say which API is meant, at a
 * host name of its own, and `/_aws/execute-api/<api id>/<stage>`. Pure.
 */

import { decoded } from '../../decoded.js';
import type { WebSocketApiDefinition } from '../../stack/web-socket.js';

const HOST = /^([a-z0-9]+)\.execute-api\.(?:[a-z0-9-]+\.)?(?:localhost|amazonaws\.com)$/;
const PATH = /^(?:\/_aws\/execute-api\/([a-z0-9]+))?\/([^/]+)\/?$/;

/** Of several APIs with this stage the first one. */
export function apiAt(
  apis: readonly WebSocketApiDefinition[],
  { host, path }: { readonly host: string | undefined; readonly path: string },
): WebSocketApiDefinition | undefined {
  const [, ofHost] = HOST.exec(hostName(host)) ?? [];
  const [, ofPath, written = ''] = PATH.exec(path) ?? [];
  const stage = decoded(written);
  return apis.find(
    (api) =>
      api.stage === stage &&
      (ofHost === undefined || api.id === ofHost) &&
      (ofPath === undefined || api.id === ofPath),
  );
}

/** The path of an API that another with its stage comes before, too. */
export function pathOf(
  apis: readonly WebSocketApiDefinition[],
  api: WebSocketApiDefinition,
): string {
  const isFirst = apis.find(({ stage }) => stage === api.stage) === api;
  return isFirst ? `/${api.stage}` : `/_aws/execute-api/${api.id}/${api.stage}`;
}

/** Whether the name is of one of these APIs. */
export function isHostOf(apis: readonly WebSocketApiDefinition[], name: string): boolean {
  const [, id] = HOST.exec(name) ?? [];
  return id !== undefined && apis.some((api) => api.id === id);
}

/** Without the port, in lower case. */
function hostName(host: string | undefined): string {
  return (host ?? '').toLowerCase().replace(/:\d{1,5}$/, '');
}
