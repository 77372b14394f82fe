/**
 * Policies of functions, as SAM, CloudFormation and CDK write them: of the function itself, of its
 * role, of policies attached to the role, and SAM's connectors. Read to be shown, never checked.
 */

import type { FunctionPermissions, Grant } from '../../stack/permissions.js';
import { isMap, map, own, type Map as Named } from '../map.js';
import { nearestOf } from '../problems.js';
import { PERMISSIONS } from './notice-groups.js';
import type { TemplateContext } from './context.js';
import { propertiesOf } from './identities.js';
import { resolve, shown, UNRESOLVED, type Scope } from './intrinsics.js';

export interface PermissionsRequest {
  readonly functions: readonly (readonly [logicalId: string, resource: unknown])[];
  readonly resources: Named;
  readonly globals: Named;
  readonly scope: Scope;
  readonly context: Pick<TemplateContext, 'problems' | 'notices'>;
}

const POLICY_TYPES = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::RolePolicy'];
export const CONNECTOR = 'AWS::Serverless::Connector';
const CONNECTOR_PERMISSIONS = ['Read', 'Write'];

export function permissionsOf(request: PermissionsRequest): FunctionPermissions[] {
  const { functions, scope } = request;
  const connectors = connectorsOf(request);
  return functions.flatMap(([logicalId, resource]) => {
    const properties = map(resolve(propertiesOf(resource, request.globals), scope));
    const { Role: role, Policies: policies } = properties;
    const path = `Resources.${logicalId}.Properties`;
    const roleId = role === undefined ? undefined : roleOf(role, request);
    const own = role === undefined ? grantsOf(policies, `${path}.Policies`, request) : [];
    const inherited = roleId === undefined ? [] : roleGrants(roleId, request);
    const grants = [...own, ...inherited, ...(connectors.get(logicalId) ?? [])];
    const elsewhere = typeof role === 'string' && roleId === undefined ? { role } : {};
    if (grants.length === 0 && elsewhere.role === undefined) return [];
    const functionName = scope.identity(logicalId)?.ref ?? logicalId;
    return [{ functionName, ...elsewhere, grants }];
  });
}

/** Logical id of a role of the template that this name or ARN means. */
function roleOf(role: unknown, { resources, scope }: PermissionsRequest): string | undefined {
  return Object.entries(resources).find(([logicalId, resource]) => {
    if (map(resource)['Type'] !== 'AWS::IAM::Role') return false;
    const identity = scope.identity(logicalId);
    return role === identity?.ref || role === identity?.attributes['Arn'];
  })?.[0];
}

function roleGrants(roleId: string, request: PermissionsRequest): Grant[] {
  const { resources, scope } = request;
  const path = `Resources.${roleId}.Properties`;
  const role = map(resolve(map(resources[roleId])['Properties'], scope));
  const named = scope.identity(roleId)?.ref;
  const attached = Object.entries(resources).flatMap(([logicalId, resource]) => {
    if (!POLICY_TYPES.includes(String(map(resource)['Type']))) return [];
    const policy = map(resolve(map(resource)['Properties'], scope));
    const roles = [policy['Roles'] ?? policy['RoleName']].flat();
    return roles.includes(named) ? statementsOf(policy['PolicyDocument'], logicalId, request) : [];
  });
  const inline = listOf(role['Policies']).flatMap((policy, index) =>
    statementsOf(map(policy)['PolicyDocument'], `${path}.Policies.${index}`, request),
  );
  const managed = listOf(role['ManagedPolicyArns']).map(managedPolicy);
  return [...managed, ...inline, ...attached];
}

/** SAM's `Policies`: names, ARNs, policy templates and documents (contract 12.1). */
function grantsOf(written: unknown, path: string, request: PermissionsRequest): Grant[] {
  return listOf(written).flatMap((policy, index): Grant[] => {
    const where = Array.isArray(written) ? `${path}.${index}` : path;
    if (typeof policy === 'string' || policy === UNRESOLVED) return [managedPolicy(policy)];
    if (!isMap(policy)) {
      request.context.problems.add({
        path: where,
        value: policy,
        expected: 'the name or ARN of a policy, a policy template of SAM, or a policy document',
        remedy: 'Change it to one of these.',
      });
      return [];
    }
    if ('Statement' in policy) return statementsOf(policy, where, request);
    return Object.entries(policy).map(([name, parameters]) => ({
      kind: 'policy template' as const,
      name,
      parameters: Object.fromEntries(
        Object.entries(map(parameters)).map(([key, value]) => [key, shown(value)]),
      ),
    }));
  });
}

function statementsOf(document: unknown, path: string, request: PermissionsRequest): Grant[] {
  return listOf(map(document)['Statement']).flatMap((statement, index): Grant[] => {
    if (!isMap(statement)) {
      request.context.problems.add({
        path: `${path}.Statement.${index}`,
        value: statement,
        expected: 'a statement with Effect, Action and Resource',
        remedy: 'Write it as a map.',
      });
      return [];
    }
    const { Effect: effect, Action: action, NotAction: notAction } = statement;
    const { Resource: resource, NotResource: notResource } = statement;
    const all = (positive: unknown, negative: unknown): string[] =>
      negative === undefined
        ? listOf(positive).map(shown)
        : listOf(negative).map((one) => `all but ${shown(one)}`);
    return [
      {
        kind: 'statement',
        effect: effect === 'Deny' ? 'Deny' : 'Allow',
        actions: all(action, notAction),
        resources: all(resource ?? '*', notResource),
      },
    ];
  });
}

/** SAM's connectors from functions: resources of their own, and those embedded in functions. */
function connectorsOf(request: PermissionsRequest): Map<string, Grant[]> {
  const { functions, resources, scope } = request;
  const found = new Map<string, Grant[]>();
  const take = (source: unknown, properties: Named, path: string): void => {
    const permissions = listOf(properties['Permissions']);
    checkConnector(permissions, properties, path, request);
    if (typeof source !== 'string') return;
    const grants = listOf(properties['Destination']).map((destination) => ({
      kind: 'connector' as const,
      destination: destinationOf(map(destination), scope),
      permissions: permissions.map(String),
    }));
    found.set(source, [...(found.get(source) ?? []), ...grants]);
  };
  for (const [logicalId, resource] of Object.entries(resources)) {
    if (map(resource)['Type'] !== CONNECTOR) continue;
    const properties = map(resolve(map(resource)['Properties'], scope));
    take(map(properties['Source'])['Id'], properties, `Resources.${logicalId}.Properties`);
  }
  for (const [logicalId, resource] of functions) {
    if (map(resource)['Connectors'] !== undefined) {
      const path = `Resources.${logicalId}.Connectors`;
      request.context.notices.push({ path, treatment: 'ignored', reason: PERMISSIONS });
    }
    for (const [name, connector] of Object.entries(map(map(resource)['Connectors']))) {
      const path = `Resources.${logicalId}.Connectors.${name}.Properties`;
      take(logicalId, map(resolve(map(connector)['Properties'], scope)), path);
    }
  }
  return found;
}

function destinationOf({ Id: id, Arn: arn, Name: name }: Named, scope: Scope): string {
  if (typeof id === 'string') return scope.identity(id)?.ref ?? id;
  return shown(arn ?? name);
}

function checkConnector(
  permissions: readonly unknown[],
  properties: Named,
  path: string,
  { context, resources }: PermissionsRequest,
): void {
  for (const permission of permissions) {
    if (CONNECTOR_PERMISSIONS.includes(String(permission))) continue;
    context.problems.add({
      path: `${path}.Permissions`,
      value: permission,
      expected: 'Read, Write or both',
      remedy: 'Change it to one of these.',
    });
  }
  for (const destination of listOf(properties['Destination'])) {
    const { Id: id } = map(destination);
    if (typeof id !== 'string' || own(resources, id) !== undefined) continue;
    const nearest = nearestOf(id, Object.keys(resources));
    context.problems.add({
      path: `${path}.Destination.Id`,
      value: id,
      expected: 'the logical id of a resource of this template',
      remedy: nearest === undefined ? 'Correct it.' : `Did you mean '${nearest}'?`,
    });
  }
}

function managedPolicy(policy: unknown): Grant {
  return { kind: 'managed policy', name: shown(policy) };
}

function listOf(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? (value as unknown[]) : [value];
}
