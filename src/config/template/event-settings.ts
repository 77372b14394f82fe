/**
 * What templates say about asynchronous events: SAM's `EventInvokeConfig` and `DeadLetterQueue`,
 * CloudFormation's `DeadLetterConfig` and `AWS::Lambda::EventInvokeConfig` (contract 12.1).
 */

import { parseFunctionReference } from '../../function/arn.js';
import type { SettingNotice } from '../config.js';
import type { FunctionDraft } from '../function-draft.js';
import { map, type Map } from '../map.js';
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

/** The settings of a function's own properties; `path` is that of the properties. */
export function eventSettings(
  path: string,
  properties: Map,
  notices: SettingNotice[],
): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  const config = properties['EventInvokeConfig'];
  if (typeof config === 'object' && config !== null) {
    settings['async'] = invokeConfig(`${path}.EventInvokeConfig`, map(config), notices);
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
    const { Qualifier: qualifier = LATEST } = properties;
    if (qualifier !== LATEST) {
      const reason = `only ${LATEST} is configured from a template; PutFunctionEventInvokeConfig takes others`;
      notices.push(ignored(`${path}.Qualifier`, reason));
      continue;
    }
    const { FunctionName: target } = properties;
    const name = typeof target === 'string' ? parseFunctionReference(target)?.name : undefined;
    if (!configured.some((draft) => draft.name === name)) {
      notices.push(ignored(`${path}.FunctionName`, 'the template has no such function'));
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
    const where = `DestinationConfig.${property}`;
    const { Type: type, Destination: target } = map(destination);
    if (target === undefined && (type === 'SQS' || type === 'SNS')) {
      // SAM would make one (contract 12.1).
      notices.push(ignored(`${path}.${where}`, `no ${type} destination is made here; name one`));
    } else take(setting, `${where}.Destination`, target);
  }
  return settings;
}

function ignored(path: string, reason: string): SettingNotice {
  return { path, treatment: 'ignored', reason };
}
