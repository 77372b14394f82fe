/** What a template's names stand for: its parameters, conditions, functions and AWS's own. */

import { functionArn } from '../../function/arn.js';
import type { SettingNotice } from '../config.js';
import { map, type Map } from '../map.js';
import { nearestOf, type Problems } from '../problems.js';
import { resolve, type Scope } from './intrinsics.js';
import { RESOURCE_TYPES } from './parts.js';

export interface ScopeContext {
  readonly region: string;
  readonly accountId: string;
  /** Overrides of parameters. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly problems: Problems;
}

export function scopeOf(
  template: Map,
  functions: readonly (readonly [string, unknown])[],
  context: ScopeContext,
): Scope {
  const { region, accountId } = context;
  const logicalIds = Object.keys(map(template['Resources']));
  const scope: Scope = {
    parameters: parametersOf(map(template['Parameters']), context),
    mappings: map(template['Mappings']),
    conditions: map(template['Conditions']),
    references: Object.fromEntries(logicalIds.map((logicalId) => [logicalId, logicalId])),
    attributes: {},
    pseudo: {
      'AWS::AccountId': accountId,
      'AWS::Partition': 'aws',
      'AWS::Region': region,
      'AWS::StackName': 'local',
      'AWS::StackId': `arn:aws:cloudformation:${region}:${accountId}:stack/local/local`,
      'AWS::URLSuffix': 'amazonaws.com',
    },
  };
  // A function's name may itself be made from parameters; other functions' names it cannot know.
  const names = functions.map(([logicalId, resource]) => {
    const name = resolve(map(map(resource)['Properties'])['FunctionName'], scope);
    return [logicalId, typeof name === 'string' ? name : logicalId] as const;
  });
  const functionScope: Scope = {
    ...scope,
    references: { ...scope.references, ...Object.fromEntries(names) },
    attributes: Object.fromEntries(
      names.map(([logicalId, name]) => [
        logicalId,
        { Arn: functionArn({ region, accountId, name }) },
      ]),
    ),
  };
  return withIdentities(functionScope, map(template['Resources']), context);
}

/** What names of resources give, as the parts that read them know. */
function withIdentities(scope: Scope, resources: Map, place: ScopeContext): Scope {
  const identities = Object.entries(resources).flatMap(([logicalId, resource]) => {
    const { Type: type, Properties: written } = map(resource);
    const identify = RESOURCE_TYPES[String(type)]?.identify;
    if (identify === undefined) return [];
    return [[logicalId, identify(logicalId, map(resolve(written, scope)), place)] as const];
  });
  return {
    ...scope,
    references: {
      ...scope.references,
      ...Object.fromEntries(identities.map(([logicalId, { ref }]) => [logicalId, ref])),
    },
    attributes: {
      ...scope.attributes,
      ...Object.fromEntries(
        identities.map(([logicalId, { attributes }]) => [logicalId, attributes]),
      ),
    },
  };
}

function parametersOf(declared: Map, context: ScopeContext): Map {
  for (const [name, value] of Object.entries(context.parameters)) {
    if (!(name in declared)) refuseUnknown(name, Object.keys(declared), context.problems);
    const { AllowedValues: allowed } = map(declared[name]);
    if (!Array.isArray(allowed) || allowed.map(String).includes(value)) continue;
    context.problems.add({
      path: `--parameter ${name}`,
      value,
      expected: `one of ${allowed.join(', ')}`,
      remedy: 'Give one of these.',
    });
  }
  return Object.fromEntries(
    Object.entries(declared).map(([name, parameter]) => {
      const { Default: fallback, Type: type } = map(parameter);
      const value = context.parameters[name] ?? fallback;
      const isList = type === 'CommaDelimitedList' || String(type).startsWith('List<');
      return [name, isList && typeof value === 'string' ? value.split(',') : value];
    }),
  );
}

function refuseUnknown(name: string, declared: readonly string[], problems: Problems): void {
  const nearest = nearestOf(name, declared);
  problems.add({
    path: `--parameter ${name}`,
    expected: `a parameter of the template (${declared.join(', ') || 'it has none'})`,
    remedy: nearest === undefined ? 'Leave it out.' : `Did you mean '${nearest}'?`,
  });
}

/** Parameters that have another value here than they would have in a stack. */
export function parameterNotices(template: Map, { parameters }: Scope): SettingNotice[] {
  return Object.entries(map(template['Parameters'])).flatMap(([name, parameter]) => {
    const path = `Parameters.${name}`;
    const give = `--parameter ${name}=value gives one`;
    if (parameters[name] === undefined) {
      return [{ path, treatment: 'approximated' as const, reason: `it has no value; ${give}` }];
    }
    const { Type: type, Default: fallback } = map(parameter);
    if (!String(type).startsWith('AWS::SSM::') || parameters[name] !== fallback) return [];
    const reason = `the name in the parameter store stands for the value; ${give}`;
    return [{ path, treatment: 'approximated' as const, reason }];
  });
}
