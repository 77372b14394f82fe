/**
 * Telemetry API and Logs API (contract 2.5, 2.6): an extension says where it listens and for what.
 */

import type { Channel } from '../environment/channel.js';
import { readSubscription, type SubscriptionApi } from '../telemetry/subscription.js';
import { errorReply, type Reply } from './replies.js';
import type { Answer, Call } from './routes.js';

interface Api {
  readonly api: SubscriptionApi;
  /** In its error types and texts. */
  readonly name: 'Telemetry' | 'Logs';
}

const APIS: Readonly<Record<string, Api | undefined>> = {
  '/2022-07-01/telemetry': { api: 'telemetry', name: 'Telemetry' },
  '/2020-08-15/logs': { api: 'logs', name: 'Logs' },
};

export function isSubscriptionCall(call: Call): boolean {
  // Two short comparisons: each call of a runtime comes by here.
  const { path } = call;
  return (path.endsWith('/telemetry') || path.endsWith('/logs')) && APIS[path] !== undefined;
}

export function serveSubscription(channel: Channel, call: Call, answer: Answer): undefined {
  const api = APIS[call.path];
  if (api === undefined) return;
  if (call.method === 'PUT') answer.send(subscribe(channel, call, api));
  else {
    answer.send(errorReply(405, 'MethodNotAllowed', `${call.path} does not take ${call.method}`));
  }
}

function subscribe(channel: Channel, call: Call, { api, name }: Api): Reply {
  const { extensions } = channel;
  const subscriptions = extensions?.telemetry;
  if (extensions === undefined || subscriptions === undefined) {
    return errorReply(202, `${name}.NotSupported`, `${name} API is not supported`);
  }
  const extension = extensions.identify(call.headers.get('lambda-extension-identifier'));
  if ('kind' in extension) return errorReply(403, extension.errorType, extension.message);
  if (!subscriptions.open) return closed(name);
  const body = Buffer.isBuffer(call.body) ? call.body.toString('utf8') : '';
  const subscription = readSubscription(api, body);
  if (typeof subscription === 'string') return errorReply(400, 'ValidationError', subscription);
  const verdict = subscriptions.subscribe(extension.name, api, subscription);
  if (verdict === 'subscribed') {
    return { status: 200, contentType: 'application/json', body: Buffer.from('"OK"') };
  }
  if (verdict === 'closed') return closed(name);
  const other = api === 'telemetry' ? 'Logs' : 'Telemetry';
  const message = `an extension of this function uses the ${other} API; only one of the two can be used`;
  return errorReply(400, 'ValidationError', message);
}

function closed(name: Api['name']): Reply {
  return errorReply(403, `${name}.SubscriptionClosed`, `${name} API subscription is closed`);
}
