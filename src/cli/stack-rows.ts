/** What a project declares besides functions, one row each. Pure. */

import { parseArn } from '../stack/arns.js';
import type { FunctionTarget } from '../stack/function-target.js';
import type { IntegrationDefinition, LoadBalancerAction } from '../stack/http.js';
import type { Stack } from '../stack/stack.js';

export interface StackRow {
  readonly kind: string;
  readonly name: string;
  /** Functions, queues, … that its events go to. */
  readonly leadsTo: string;
}

export function stackRows(stack: Stack): StackRow[] {
  return [
    ...stack.apis.flatMap(({ kind, name, routes }) =>
      routes.map(({ method, resource, integration }) => ({
        kind: kind === 'rest' ? 'REST API' : 'HTTP API',
        name: `${name}  ${method} ${resource}`,
        leadsTo: integrated(integration),
      })),
    ),
    ...stack.loadBalancers.flatMap(({ name, rules }) =>
      rules.map(({ action }) => row('load balancer', name, [acted(action)])),
    ),
    ...stack.webSocketApis.flatMap(({ name, routes }) =>
      routes.map(({ routeKey, target }) =>
        row(
          'WebSocket API',
          `${name}  ${routeKey}`,
          target === undefined ? [] : [functionOf(target)],
        ),
      ),
    ),
    ...stack.buses.map(({ name }) => row('event bus', name, [])),
    ...stack.rules.map(({ name, targets }) =>
      row(
        'rule',
        name,
        targets.map(({ arn }) => nameOf(arn)),
      ),
    ),
    ...stack.schedules.map(({ name, target }) => row('schedule', name, [nameOf(target.arn)])),
    ...stack.mappings.map(({ sourceArn, target }) =>
      row('mapping', nameOf(sourceArn), [functionOf(target)]),
    ),
    ...stack.stateMachines.map(({ name }) => row('state machine', name, [])),
    ...stack.buckets.map(({ name, notifications }) =>
      row(
        'bucket',
        name,
        notifications.map(({ target }) => targeted(target)),
      ),
    ),
    ...stack.queues.map(({ name }) => row('queue', name, [])),
    ...stack.topics.map(({ name, subscriptions }) =>
      row(
        'topic',
        name,
        subscriptions.map(({ target }) => targeted(target)),
      ),
    ),
    ...stack.tables.map(({ name }) => row('table', name, [])),
    ...stack.streams.map(({ name }) => row('stream', name, [])),
    ...stack.logGroups.map(({ name }) => row('log group', name, [])),
    ...stack.logSubscriptions.map(({ logGroup, target }) =>
      row('log subscription', logGroup, [targeted(target)]),
    ),
  ];
}

function row(kind: string, name: string, leadsTo: readonly string[]): StackRow {
  return { kind, name, leadsTo: leadsTo.join(', ') };
}

function functionOf({ functionName, qualifier }: FunctionTarget): string {
  return qualifier === undefined ? functionName : `${functionName}:${qualifier}`;
}

function integrated(integration: IntegrationDefinition): string {
  if (integration.kind === 'function') return functionOf(integration.target);
  return integration.kind === 'http' ? integration.url : `answers ${integration.status}`;
}

function acted(action: LoadBalancerAction): string {
  if (action.kind === 'function') return functionOf(action.target);
  return action.kind === 'redirect' ? action.location : `answers ${action.status}`;
}

type Target =
  | ({ readonly kind: 'function' } & FunctionTarget)
  | { readonly kind: 'queue' | 'topic' | 'stream'; readonly arn: string }
  | { readonly kind: 'http' | 'https'; readonly url: string };

function targeted(target: Target): string {
  if (target.kind === 'function') return functionOf(target);
  return 'url' in target ? target.url : nameOf(target.arn);
}

/** The name says enough to people. */
function nameOf(arn: string): string {
  return parseArn(arn)?.resource.replace(/^function:/, '') ?? arn;
}
