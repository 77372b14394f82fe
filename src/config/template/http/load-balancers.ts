/** `AWS::ElasticLoadBalancingV2::*` as far as functions are their targets (contract 11.5). */

import { arnOf, type Place } from '../../../stack/arns.js';
import { shortHash } from '../../../stack/api-id.js';
import type {
  LoadBalancerAction,
  LoadBalancerCondition,
  LoadBalancerDefinition,
  LoadBalancerRule,
} from '../../../stack/http.js';
import { map, type Map as Named } from '../../map.js';
import type { Around, DeclaredResource, ResourceType } from '../parts.js';
import { ignore, isTrue, numberOf, text, texts, wordOf } from './draft.js';

const P = 'AWS::ElasticLoadBalancingV2::';

export function loadBalancerTypes(
  keep: (resource: DeclaredResource) => void,
): Record<string, ResourceType> {
  const arn =
    (kind: string): Required<ResourceType>['identify'] =>
    (logicalId, properties, place: Place) => {
      const name = text(properties['Name']) ?? logicalId;
      const full = arnOf('elasticloadbalancing', place, `${kind}/${name}/${shortHash(logicalId)}`);
      return {
        ref: full,
        attributes: {
          LoadBalancerArn: full,
          TargetGroupArn: full,
          ListenerArn: full,
          RuleArn: full,
          LoadBalancerFullName: `app/${name}/${shortHash(logicalId)}`,
          LoadBalancerName: name,
          TargetGroupFullName: `targetgroup/${name}/${shortHash(logicalId)}`,
          TargetGroupName: name,
          DNSName: `${name}.elb.localhost`,
          CanonicalHostedZoneID: 'Z35SXDOTRQ7X7K',
        },
      };
    };
  return {
    [`${P}LoadBalancer`]: { identify: arn('loadbalancer/app'), read: keep },
    [`${P}Listener`]: { identify: arn('listener/app'), read: keep },
    [`${P}ListenerRule`]: { identify: arn('listener-rule/app'), read: keep },
    [`${P}TargetGroup`]: { identify: arn('targetgroup'), read: keep },
    [`${P}ListenerCertificate`]: {
      read: (resource) => ignore(resource, resource.path, 'there is no TLS here'),
    },
  };
}

/** A load balancer with the rules of all of its listeners; those without a function are left out. */
export function readLoadBalancers(
  resources: readonly DeclaredResource[],
): LoadBalancerDefinition[] {
  const of = (type: string): DeclaredResource[] =>
    resources.filter((resource) => resource.type === P + type);
  const groups = new Map(of('TargetGroup').map((one) => [refOf(one), one]));
  tellStrays(of('Listener'), 'LoadBalancerArn', of('LoadBalancer'));
  tellStrays(of('ListenerRule'), 'ListenerArn', of('Listener'));
  return of('LoadBalancer').flatMap((balancer) => {
    const listeners = of('Listener').filter(
      ({ properties }) => text(properties['LoadBalancerArn']) === refOf(balancer),
    );
    const rules = listeners.flatMap((listener) => {
      const own = of('ListenerRule').filter(
        ({ properties }) => text(properties['ListenerArn']) === refOf(listener),
      );
      const sorted = own.sort((one, other) => priorityOf(one) - priorityOf(other));
      return [
        ...sorted.flatMap((rule) => ruleOf(rule, 'Actions', conditionsOf(rule), groups)),
        ...ruleOf(listener, 'DefaultActions', [], groups),
      ];
    });
    // With conditions first: the defaults of several listeners come after all of their rules.
    const ordered = [
      ...rules.filter(({ conditions }) => conditions.length > 0),
      ...rules.filter(({ conditions }) => conditions.length === 0),
    ];
    const { logicalId, path, properties } = balancer;
    if (!ordered.some(({ action }) => action.kind === 'function')) {
      ignore(balancer, path, 'none of its targets is a function of this project');
      return [];
    }
    return [{ path, name: text(properties['Name']) ?? logicalId, rules: ordered }];
  });
}

/** What belongs to nothing that the template has. */
function tellStrays(
  resources: readonly DeclaredResource[],
  property: string,
  owners: readonly DeclaredResource[],
): void {
  const refs = new Set(owners.map(refOf));
  for (const resource of resources) {
    if (refs.has(text(resource.properties[property]) ?? '')) continue;
    ignore(resource, resource.path, `its ${property} is of nothing in this template`);
  }
}

function refOf({ scope, logicalId }: DeclaredResource): string {
  return scope.identity(logicalId)?.ref ?? logicalId;
}

function priorityOf({ properties }: DeclaredResource): number {
  const priority = numberOf(properties['Priority']);
  return Number.isNaN(priority) ? Infinity : priority;
}

function ruleOf(
  resource: DeclaredResource,
  property: 'Actions' | 'DefaultActions',
  conditions: readonly LoadBalancerCondition[] | undefined,
  groups: ReadonlyMap<string, DeclaredResource>,
): LoadBalancerRule[] {
  if (conditions === undefined) return [];
  const actions = resource.properties[property];
  const path = `${resource.path}.Properties.${property}`;
  // What comes before the last action, such as a login, is told.
  const all: Named[] = (Array.isArray(actions) ? actions : []).map(map);
  const last = all.at(-1);
  for (const before of all.slice(0, -1)) {
    ignore(resource, path, `actions of type ${wordOf(before['Type'])} are not run here`);
  }
  const action = last === undefined ? undefined : actionOf(resource, path, last, groups);
  return action === undefined ? [] : [{ path: resource.path, conditions, action }];
}

function actionOf(
  around: Around,
  path: string,
  action: Named,
  groups: ReadonlyMap<string, DeclaredResource>,
): LoadBalancerAction | undefined {
  const type = wordOf(action['Type']);
  if (type === 'forward') return forwardOf(around, path, action, groups);
  if (type === 'fixed-response') {
    const { StatusCode, ContentType, MessageBody } = map(action['FixedResponseConfig']);
    return {
      kind: 'fixed',
      status: statusOf(StatusCode, 503),
      contentType: text(ContentType) ?? 'text/plain',
      body: text(MessageBody) ?? '',
    };
  }
  if (type === 'redirect') {
    const { StatusCode, Protocol, Host, Port, Path, Query } = map(action['RedirectConfig']);
    const protocol = (text(Protocol) ?? '#{protocol}').toLowerCase();
    const port = text(Port) ?? '#{port}';
    const query = text(Query) ?? '#{query}';
    const location = `${protocol}://${text(Host) ?? '#{host}'}:${port}${text(Path) ?? '/#{path}'}`;
    return {
      kind: 'redirect',
      status: text(StatusCode) === 'HTTP_301' ? 301 : 302,
      location: query === '' ? location : `${location}?${query}`,
    };
  }
  ignore(around, path, `actions of type ${type} are not run here`);
  return undefined;
}

function forwardOf(
  around: Around,
  path: string,
  action: Named,
  groups: ReadonlyMap<string, DeclaredResource>,
): LoadBalancerAction | undefined {
  const several = map(action['ForwardConfig'])['TargetGroups'];
  const listed = Array.isArray(several) ? several.map(map) : [];
  if (listed.length > 1) {
    ignore(
      around,
      `${path}.ForwardConfig`,
      'weights are not used; the first target group gets all',
    );
  }
  const arn = text(action['TargetGroupArn'] ?? listed[0]?.['TargetGroupArn']);
  const group = groups.get(arn ?? '');
  const targets = group?.properties['Targets'];
  const target = (Array.isArray(targets) ? targets : [])
    .map((one) => around.target(map(one)['Id']))
    .find((one) => one !== undefined);
  if (arn === undefined || group === undefined || target === undefined) {
    ignore(around, path, 'its target is no function of this project');
    return undefined;
  }
  const attributes = group.properties['TargetGroupAttributes'];
  const multiValueHeaders = (Array.isArray(attributes) ? attributes : [])
    .map(map)
    .some(({ Key, Value }) => Key === 'lambda.multi_value_headers.enabled' && isTrue(Value));
  return { kind: 'function', target, targetGroupArn: arn, multiValueHeaders };
}

/** Undefined: one of them cannot be told, so the rule is left out. */
function conditionsOf(rule: DeclaredResource): LoadBalancerCondition[] | undefined {
  const written = rule.properties['Conditions'];
  const conditions: LoadBalancerCondition[] = [];
  for (const [index, item] of (Array.isArray(written) ? written : []).entries()) {
    const condition = conditionOf(map(item));
    if (condition === undefined) {
      const path = `${rule.path}.Properties.Conditions.${index}`;
      ignore(rule, path, 'this condition is not known, so its rule is left out');
      return undefined;
    }
    conditions.push(condition);
  }
  return conditions;
}

const CONFIGS: Readonly<Record<string, string>> = {
  'path-pattern': 'PathPatternConfig',
  'host-header': 'HostHeaderConfig',
  'http-request-method': 'HttpRequestMethodConfig',
  'source-ip': 'SourceIpConfig',
};

function conditionOf(written: Named): LoadBalancerCondition | undefined {
  const field = wordOf(written['Field']);
  if (field === 'http-header') {
    const { HttpHeaderName: name, Values: values } = map(written['HttpHeaderConfig']);
    return { field, name: text(name) ?? '', values: texts(values) };
  }
  if (field === 'query-string') {
    const { Values: values } = map(written['QueryStringConfig']);
    const pairs = (Array.isArray(values) ? values : []).map((one) => {
      const { Key: key, Value: value } = map(one);
      const named = text(key);
      return { ...(named === undefined ? {} : { key: named }), value: text(value) ?? '' };
    });
    return { field, pairs };
  }
  const config = Object.hasOwn(CONFIGS, field) ? CONFIGS[field] : undefined;
  if (config === undefined) return undefined;
  const values = texts(map(written[config])['Values'] ?? written['Values']);
  return { field: field as 'path-pattern', values };
}

function statusOf(written: unknown, fallback: number): number {
  const status = Number(text(written));
  return Number.isInteger(status) && status >= 200 && status < 600 ? status : fallback;
}
