/**
 * The Extensions API (contract 2.1): method and path → what the environment's extensions are
 * asked. Errors are 403 with the contract's types.
 */

import { randomUUID } from 'node:crypto';
import type { Channel } from '../environment/channel.js';
import type { ExtensionPoll, Extensions, Refusal } from '../environment/extensions.js';
import { ACCEPTED, errorReply, type Reply } from './replies.js';
import type { Answer, Call } from './routes.js';

const PREFIX = '/2020-01-01/extension/';
const IDENTIFIER = 'lambda-extension-identifier';
const JSON_TYPE = 'application/json';

export function isExtensionCall(call: Call): boolean {
  return call.path.startsWith(PREFIX);
}

/** Serves one call. The returned function, if any, is called when the caller is gone. */
export function serveExtension(
  channel: Channel,
  call: Call,
  answer: Answer,
): (() => void) | undefined {
  const { extensions } = channel;
  const route = ROUTES.get(call.path.slice(PREFIX.length));
  if (route === undefined || extensions === undefined) {
    const message = `The Extensions API has no route ${call.method} ${call.path}`;
    answer.send(errorReply(404, 'NotFound', message));
    return undefined;
  }
  if (call.method !== route.method) {
    const message = `${call.path} does not take ${call.method}`;
    answer.send(errorReply(405, 'MethodNotAllowed', message));
    return undefined;
  }
  return route.serve(extensions, call, answer, channel);
}

interface Route {
  readonly method: string;
  serve(
    extensions: Extensions,
    call: Call,
    answer: Answer,
    channel: Channel,
  ): (() => void) | undefined;
}

const ROUTES: ReadonlyMap<string, Route> = new Map(
  Object.entries({
    register: { method: 'POST', serve: register },
    'event/next': { method: 'GET', serve: next },
    'init/error': {
      method: 'POST',
      serve: (extensions, call, answer) => reportError('InitError', extensions, call, answer),
    },
    'exit/error': {
      method: 'POST',
      serve: (extensions, call, answer) => reportError('ExitError', extensions, call, answer),
    },
  }),
);

function register(extensions: Extensions, call: Call, answer: Answer, channel: Channel): undefined {
  const name = call.headers.get('lambda-extension-name') ?? '';
  if (name === '') {
    answer.send(errorReply(403, 'Extension.InvalidExtensionName', 'Empty extension name'));
    return;
  }
  const events = eventsOf(call);
  if (typeof events === 'string') {
    answer.send(errorReply(403, 'InvalidRequestFormat', events));
    return;
  }
  const verdict = extensions.register(name, events, channel.registrationOpen);
  if (verdict.kind === 'refused') {
    answer.send(refusalReply(verdict));
    return;
  }
  const { accountId, ...facts } = extensions.facts;
  const features = (call.headers.get('lambda-extension-accept-feature') ?? '').split(',');
  const wantsAccount = features.some((feature) => feature.trim() === 'accountId');
  answer.send({
    status: 200,
    contentType: JSON_TYPE,
    headers: `Lambda-Extension-Identifier: ${verdict.identifier}\r\n`,
    body: Buffer.from(JSON.stringify({ ...facts, ...(wantsAccount ? { accountId } : {}) })),
  });
}

/** The events asked for; a text when the body is not what it should be. */
function eventsOf({ body }: Call): readonly string[] | string {
  let request: unknown;
  try {
    request = JSON.parse(Buffer.isBuffer(body) ? body.toString('utf8') : '');
  } catch {
    return 'The body is not JSON; expected {"events": ["INVOKE", "SHUTDOWN"]}';
  }
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    return 'The body is not an object; expected {"events": ["INVOKE", "SHUTDOWN"]}';
  }
  const { events = [], configurationKeys } = request as Record<string, unknown>;
  if (configurationKeys !== undefined && configurationKeys !== null) {
    if (!Array.isArray(configurationKeys) || configurationKeys.length > 0) {
      return 'configurationKeys are deprecated; use environment variables instead';
    }
  }
  const list: unknown = events ?? [];
  if (!Array.isArray(list) || !list.every((event) => typeof event === 'string')) {
    return 'events is not a list of names; expected {"events": ["INVOKE", "SHUTDOWN"]}';
  }
  return list;
}

function next(extensions: Extensions, call: Call, answer: Answer): (() => void) | undefined {
  let answered = false;
  const poll: ExtensionPoll = {
    deliver: (event) => {
      answered = true;
      answer.send({
        status: 200,
        contentType: JSON_TYPE,
        headers: `Lambda-Extension-Event-Identifier: ${randomUUID()}\r\n`,
        body: Buffer.from(JSON.stringify(event)),
      });
    },
  };
  const verdict = extensions.next(call.headers.get(IDENTIFIER), poll);
  if (verdict !== 'accepted') {
    answer.send(refusalReply(verdict));
    return undefined;
  }
  return answered ? undefined : () => extensions.lose(poll);
}

function reportError(
  kind: 'InitError' | 'ExitError',
  extensions: Extensions,
  call: Call,
  answer: Answer,
): undefined {
  const errorType = call.headers.get('lambda-extension-function-error-type');
  const verdict = extensions.reportError(kind, call.headers.get(IDENTIFIER), errorType);
  answer.send(verdict === 'accepted' ? ACCEPTED : refusalReply(verdict));
}

function refusalReply({ errorType, message }: Refusal): Reply {
  return errorReply(403, errorType, message);
}
