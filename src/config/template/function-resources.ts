/**
 * Resources of a template that say something of a function: its alias, its published versions, its
 * address (contract 12.4).
 */

import { functionArn, parseFunctionReference } from '../../function/arn.js';
import type { Place } from '../../stack/arns.js';
import type { SettingNotice } from '../config.js';
import type { FunctionDraft } from '../function-draft.js';
import { map, type Map } from '../map.js';
import { URL_PROPERTIES } from '../url-settings.js';
import { shown, UNRESOLVED, type Scope, type Identity } from './intrinsics.js';
import type { Unresolved } from './unresolved.js';

const ALIAS = 'AWS::Lambda::Alias';
const VERSION = 'AWS::Lambda::Version';
const URL = 'AWS::Lambda::Url';
export const FUNCTION_RESOURCE_TYPES = [ALIAS, VERSION, URL];
const LATEST = '$LATEST';

/** Undefined for other types. */
export function identifyFunctionResource(
  type: string,
  properties: Map,
  place: Place,
): Identity | undefined {
  if (!FUNCTION_RESOURCE_TYPES.includes(type)) return undefined;
  const target = properties[type === URL ? 'TargetFunctionArn' : 'FunctionName'];
  const name = typeof target === 'string' ? parseFunctionReference(target)?.name : undefined;
  const { region, accountId } = place;
  const arn = functionArn({ region, accountId, name: name ?? 'unknown' });
  if (type === URL) return { ref: arn, attributes: { FunctionArn: arn } };
  if (type === ALIAS) {
    const alias = `${arn}:${shown(properties['Name'])}`;
    return { ref: alias, attributes: { AliasArn: alias } };
  }
  // Which number it will have is not known before it is published.
  const latest = `${arn}:${LATEST}`;
  return { ref: latest, attributes: { Version: LATEST, FunctionArn: latest } };
}

interface Around {
  readonly scope: Scope;
  readonly notices: SettingNotice[];
  readonly unresolved: Unresolved;
}

/** Lays what these resources say over the functions that they name. */
export function withFunctionResources(
  drafts: readonly FunctionDraft[],
  resources: Map,
  { scope, notices, unresolved }: Around,
): FunctionDraft[] {
  let configured = [...drafts];
  const ignored = (path: string, reason: string): void => {
    notices.push({ path, treatment: 'ignored', reason });
  };
  // Versions last: those that an alias points to are published for it.
  const ofFunctions = Object.entries(resources)
    .map(([logicalId, resource]) => ({ logicalId, type: String(map(resource)['Type']), resource }))
    .filter(({ type }) => FUNCTION_RESOURCE_TYPES.includes(type))
    .sort((one, other) => Number(one.type === VERSION) - Number(other.type === VERSION));
  for (const { logicalId, type, resource } of ofFunctions) {
    const path = `Resources.${logicalId}.Properties`;
    const properties = map(unresolved.resolve(map(resource)['Properties'], scope, path));
    const target = properties[type === URL ? 'TargetFunctionArn' : 'FunctionName'];
    const name = typeof target === 'string' ? parseFunctionReference(target)?.name : undefined;
    const draft = configured.find((one) => one.name === name);
    if (draft === undefined) {
      ignored(`Resources.${logicalId}`, 'the template has no function that it belongs to');
      continue;
    }
    const told = (property: string, reason: string): void => ignored(`${path}.${property}`, reason);
    const settings =
      type === ALIAS
        ? aliasSettings(draft, properties, told)
        : type === URL
          ? urlSettings(draft, properties, told)
          : versionSettings(draft, properties, told);
    const names = Object.fromEntries(
      Object.keys(settings).map((key) => [key, `Properties (by ${logicalId})`]),
    );
    configured = configured.map((one) =>
      one === draft
        ? { ...one, settings: { ...one.settings, ...settings }, names: { ...one.names, ...names } }
        : one,
    );
  }
  return configured;
}

type Tell = (property: string, reason: string) => void;

function aliasSettings({ settings }: FunctionDraft, properties: Map, tell: Tell): Map {
  const { Name: alias, RoutingConfig: routing, ProvisionedConcurrencyConfig: given } = properties;
  if (settings['alias'] !== undefined && settings['alias'] !== alias) {
    tell('Name', `the function is published for one alias, ${shown(settings['alias'])}`);
    return {};
  }
  if (routing !== undefined)
    tell('RoutingConfig', 'weights are set through the API, by UpdateAlias');
  const provisioned = map(given)['ProvisionedConcurrentExecutions'];
  return {
    alias,
    ...(provisioned === undefined || provisioned === UNRESOLVED
      ? {}
      : { provisionedConcurrency: provisioned }),
  };
}

function versionSettings({ settings }: FunctionDraft, properties: Map, tell: Tell): Map {
  if (settings['alias'] === undefined) {
    tell('FunctionName', 'versions are published for an alias, or through the API');
  }
  if (properties['ProvisionedConcurrencyConfig'] !== undefined) {
    tell('ProvisionedConcurrencyConfig', 'concurrency is provisioned for an alias');
  }
  return {};
}

function urlSettings({ settings }: FunctionDraft, properties: Map, tell: Tell): Map {
  const { Qualifier: qualifier, TargetFunctionArn: _, ...written } = properties;
  if (qualifier !== undefined && qualifier !== LATEST) {
    tell('Qualifier', `only ${LATEST} has an address from a template; the API makes others`);
    return {};
  }
  if (settings['url'] !== undefined) {
    tell('TargetFunctionArn', 'the function has an address already');
    return {};
  }
  const known = Object.entries(written).filter(([, value]) => value !== UNRESOLVED);
  return {
    url: Object.fromEntries(
      known.map(([property, value]) => [URL_PROPERTIES[property] ?? property, value]),
    ),
  };
}
