/** What a template's names stand for: its parameters, conditions, functions and AWS's own. */

import type { SettingNotice } from '../config.js';
import type { Place } from '../../stack/arns.js';
import { isMap, map, own, type Map } from '../map.js';
import { nearestOf } from '../problems.js';
import type { ScopeContext } from './context.js';
import { identitiesOf } from './identities.js';
import { holds, type Scope } from './intrinsics.js';

export interface TemplateScope {
  readonly scope: Scope;
  /** The resources that are made, as written: those whose condition does not hold are left out. */
  readonly resources: Map;
}

/** What can be known before resources are: parameters, mappings, conditions, AWS's own names. */
export function baseScope(template: Map, parameters: Map, place: Place): Scope {
  const { region, accountId } = place;
  return {
    parameters: parametersOf(map(template['Parameters']), parameters),
    mappings: map(template['Mappings']),
    conditions: map(template['Conditions']),
    held: new Map(),
    extended: transformsOf(template).includes('AWS::LanguageExtensions'),
    identity: () => undefined,
    pseudo: {
      'AWS::AccountId': accountId,
      'AWS::Partition': 'aws',
      'AWS::Region': region,
      'AWS::StackName': 'local',
      'AWS::StackId': `arn:aws:cloudformation:${region}:${accountId}:stack/local/local`,
      'AWS::URLSuffix': 'amazonaws.com',
    },
  };
}

export function scopeOf(template: Map, context: ScopeContext): TemplateScope {
  checkParameters(map(template['Parameters']), context);
  const base = baseScope(template, context.parameters, context);
  // Conditions know nothing of resources.
  const resources = present(map(template['Resources']), base);
  const scope: Scope = {
    ...base,
    identity: identitiesOf({
      resources,
      globals: map(template['Globals']),
      scope: () => scope,
      place: context,
      problems: context.problems,
    }),
  };
  return { scope, resources };
}

/** CloudFormation makes nothing whose condition does not hold. */
function present(resources: Map, scope: Scope): Map {
  return Object.fromEntries(
    Object.entries(resources).filter(([, resource]) => {
      const { Condition: condition } = map(resource);
      return typeof condition !== 'string' || holds(condition, scope);
    }),
  );
}

/** Names of the macros that a template asks for. */
function transformsOf(template: Map): string[] {
  const { Transform: written } = template;
  const all: unknown[] = Array.isArray(written) ? written : [written];
  return all.map((one) => String(isMap(one) ? one['Name'] : one));
}

function checkParameters(declared: Map, context: ScopeContext): void {
  for (const [name, value] of Object.entries(context.parameters)) {
    if (!Object.hasOwn(declared, name)) {
      refuseUnknown(name, Object.keys(declared), context);
    }
    const { AllowedValues: allowed } = map(own(declared, name));
    if (!Array.isArray(allowed) || allowed.map(String).includes(value)) continue;
    context.problems.add({
      path: context.placeOfParameter(name),
      value,
      expected: `one of ${allowed.join(', ')}`,
      remedy: 'Give one of these.',
    });
  }
}

function parametersOf(declared: Map, values: Map): Map {
  return Object.fromEntries(
    Object.entries(declared).map(([name, parameter]) => {
      const { Default: fallback, Type: type } = map(parameter);
      const value = own(values, name) ?? fallback;
      const isList = type === 'CommaDelimitedList' || String(type).startsWith('List<');
      if (!isList || typeof value !== 'string') return [name, value];
      return [name, value.split(',').map((item) => item.trim())];
    }),
  );
}

function refuseUnknown(name: string, declared: readonly string[], context: ScopeContext): void {
  const nearest = nearestOf(name, declared);
  context.problems.add({
    path: context.placeOfParameter(name),
    expected: `a parameter of the template (${declared.join(', ') || 'it has none'})`,
    remedy: nearest === undefined ? 'Leave it out.' : `Did you mean '${nearest}'?`,
  });
}

/** Parameters that have another value here than they would have in a stack. */
export function parameterNotices(template: Map, { parameters }: Scope): SettingNotice[] {
  return Object.entries(map(template['Parameters'])).flatMap(([name, parameter]) => {
    const path = `Parameters.${name}`;
    const give = `--parameter ${name}=value gives one`;
    if (own(parameters, name) === undefined) {
      return [{ path, treatment: 'approximated' as const, reason: `it has no value; ${give}` }];
    }
    const { Type: type, Default: fallback } = map(parameter);
    if (!String(type).startsWith('AWS::SSM::') || parameters[name] !== fallback) return [];
    const reason = `the name in the parameter store stands for the value; ${give}`;
    return [{ path, treatment: 'approximated' as const, reason }];
  });
}
