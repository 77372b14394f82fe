/** Properties that SAM's and API Gateway's own declarations of WebSocket APIs share. */

import { isIdentitySource } from '../../api-gateway/web-socket/handshake.js';
import { parseSelection } from '../../api-gateway/web-socket/selection.js';
import { map } from '../map.js';
import type { TemplateContext } from './context.js';
import type { Properties } from './properties.js';

/** What may stand in a path. */
export const STAGE = {
  pattern: /^(\$default|[\w-]{1,128})$/,
  expected: 'a name of letters, digits, - and _',
};

export function selectionOf(properties: Properties): string {
  const written = properties.text('RouteSelectionExpression') ?? '$request.body.action';
  if (parseSelection(written) === undefined) {
    const remedy = 'Write it as $request.body.action or ${request.body.service}.';
    properties.refuse('RouteSelectionExpression', 'an expression of the message body', remedy);
  }
  return written;
}

export function identitySources(properties: Properties): string[] {
  const written = properties.any('IdentitySource') ?? [];
  const sources = (Array.isArray(written) ? written : [written]).map(String);
  for (const source of sources) {
    if (isIdentitySource(source)) continue;
    const remedy = 'Write it as in route.request.header.Authorization.';
    properties.refuse('IdentitySource', 'sources of an identity', remedy, source);
  }
  return sources;
}

export function noticeRoute(properties: Properties): void {
  if (properties.any('ApiKeyRequired') === true) {
    properties.ignored('ApiKeyRequired', 'API keys are not asked for here');
  }
  properties.ignore(
    'messages are not validated here',
    'ModelSelectionExpression',
    'RequestModels',
    'RequestParameters',
  );
}

export function ignoreTarget({ notices }: TemplateContext, path: string): void {
  const reason = 'it names no function of this project; the route is not served';
  notices.push({ path, treatment: 'ignored', reason });
}

/** Values of stage variables are texts. */
export function textsOf(properties: Properties, name: string): Record<string, string> {
  const values = properties.any(name);
  return Object.fromEntries(
    Object.entries(map(values)).map(([key, value]) => [key, String(value)]),
  );
}
