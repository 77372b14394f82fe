/**
 * What templates say about asynchronous events: SAM's `EventInvokeConfig` and `DeadLetterQueue`,
 * CloudFormation's `DeadLetterConfig` and `AWS::Lambda::EventInvokeConfig` (contract 12.1).
 */

import { parseFunctionReference } from '../../function/arn.js';
import type { SettingNotice } from '../config.js';
import { queueArn, topicArn } from '../../stack/arns.js';
import type { FunctionDraft } from '../function-draft.js';
import { map, type Map } from '../map.js';
import type { TemplateContext } from './context.js';
import { holds, resolve, UNRESOLVED, type Scope } from './intrinsics.js';

export const EVENT_INVOKE_TYPE = 'AWS::Lambda::EventInvokeConfig';
export const EVENT_PROPERTIES = ['EventInvokeConfig', 'DeadLetterQueue', 'DeadLetterConfig'];

/** Ours → theirs, for problems. */
export const EVENT_NAMES: Readonly<Record<string, string>> = {
  async: 'Properties.EventInvokeConfig',
  'async.retries': 'MaximumRetryAttempts',
  'async.maxAge': 'MaximumEventAgeInSeconds',
  'async.onSuccess': 'DestinationConfig.OnSuccess.Destination',
  'async.onFailure': 'DestinationConfig.OnFailure.Destination',
  deadLetterQueue: 'Properties.DeadLetterQueue.TargetArn',
};

const LATEST = '$LATEST';
const NOT_KNOWN = 'its value cannot be known here';
const DESTINATIONS = { OnSuccess: 'onSuccess', OnFailure: 'onFailure' } as const;

/** The settings of a function's own properties. */
export function eventSettings(
  logicalId: string,
  properties: Map,
  context: TemplateContext,
): Record<string, unknown> {
  const { notices } = context;
  const path = `Resources.${logicalId}.Properties`;
  const settings: Record<string, unknown> = {};
  const config = properties['EventInvokeConfig'];
  if (typeof config === 'object' && config !== null) {
    const where = `${path}.EventInvokeConfig`;
    const destinations = withDestinations(where, logicalId, map(config), context);
    settings['async'] = invokeConfig(where, destinations, notices);
  }
  for (const property of ['DeadLetterQueue', 'DeadLetterConfig']) {
    const written = properties[property];
    if (typeof written !== 'object' || written === null) continue;
    const target = map(written)['TargetArn'];
    if (target === UNRESOLVED) notices.push(ignored(`${path}.${property}.TargetArn`, NOT_KNOWN));
    else settings['deadLetterQueue'] = target;
  }
  return settings;
}

/** Where a destination has a type and no ARN, SAM makes a queue or topic of its own. */
function withDestinations(
  path: string,
  logicalId: string,
  config: Map,
  { stack, region, accountId }: TemplateContext,
): Map {
  const place = { region, accountId };
  const written = map(config['DestinationConfig']);
  const destinations = Object.entries(written).map(([property, destination]) => {
    const { Type: type, Destination: target } = map(destination);
    if (target !== undefined || !(property in DESTINATIONS)) return [property, destination];
    const where = `${path}.DestinationConfig.${property}`;
    const name = `${logicalId}EventInvokeConfig${property}`;
    if (type === 'SQS') {
      stack.queues.push({ path: where, name: `${name}Queue`, attributes: {} });
      return [property, { Destination: queueArn(place, `${name}Queue`) }];
    }
    if (type === 'SNS') {
      const topic = { path: where, name: `${name}Topic`, attributes: {}, subscriptions: [] };
      stack.topics.push(topic);
      return [property, { Destination: topicArn(place, topic.name) }];
    }
    return [property, destination];
  });
  return { ...config, DestinationConfig: Object.fromEntries(destinations) as Map };
}

/** Lays the resources of a template that configure functions' events over those functions. */
export function withEventInvokeConfigs(
  drafts: readonly FunctionDraft[],
  resources: Map,
  around: { readonly scope: Scope; readonly notices: SettingNotice[] },
): FunctionDraft[] {
  const { scope, notices } = around;
  let configured = [...drafts];
  for (const [logicalId, resource] of Object.entries(resources)) {
    const { Type: type, Condition: condition, Properties: written } = map(resource);
    if (type !== EVENT_INVOKE_TYPE) continue;
    if (typeof condition === 'string' && !holds(condition, scope)) continue;
    const path = `Resources.${logicalId}.Properties`;
    const properties = map(resolve(written, scope));
    const { FunctionName: target, Qualifier: qualifier = LATEST } = properties;
    const name = typeof target === 'string' ? parseFunctionReference(target)?.name : undefined;
    const configures = configured.find((draft) => draft.name === name);
    if (configures === undefined) {
      notices.push(ignored(`${path}.FunctionName`, 'the template has no such function'));
      continue;
    }
    if (qualifier !== LATEST && qualifier !== configures.settings['alias']) {
      const reason = `only ${LATEST} and the function's alias are configured from a template; PutFunctionEventInvokeConfig takes others`;
      notices.push(ignored(`${path}.Qualifier`, reason));
      continue;
    }
    const settings = invokeConfig(path, properties, notices);
    configured = configured.map((draft) =>
      draft.name === name
        ? {
            ...draft,
            settings: { ...draft.settings, async: settings },
            names: { ...draft.names, async: `Properties (by ${logicalId})` },
          }
        : draft,
    );
  }
  return configured;
}

function invokeConfig(path: string, config: Map, notices: SettingNotice[]): Map {
  const settings: Record<string, unknown> = {};
  const take = (setting: string, where: string, value: unknown): void => {
    if (value === UNRESOLVED) notices.push(ignored(`${path}.${where}`, NOT_KNOWN));
    else if (value !== undefined) settings[setting] = value;
  };
  take('retries', 'MaximumRetryAttempts', config['MaximumRetryAttempts']);
  take('maxAge', 'MaximumEventAgeInSeconds', config['MaximumEventAgeInSeconds']);
  const destinations = map(config['DestinationConfig']);
  for (const [property, setting] of Object.entries(DESTINATIONS)) {
    const destination = destinations[property];
    if (typeof destination !== 'object' || destination === null) continue;
    const { Destination: target } = map(destination);
    take(setting, `DestinationConfig.${property}.Destination`, target);
  }
  return settings;
}

function ignored(path: string, reason: string): SettingNotice {
  return { path, treatment: 'ignored', reason };
}
