/** `alb`: a rule of a load balancer, and the group whose target is the function. */

import { map } from '../map.js';
import type { Place } from './event-place.js';

export function readLoadBalancer(value: unknown, at: Place): void {
  const written = map(value);
  const conditions = map(written['conditions']);
  const values = (key: string) => [conditions[key]].flat();
  const all = [
    ...(conditions['path'] === undefined
      ? []
      : [{ Field: 'path-pattern', PathPatternConfig: { Values: values('path') } }]),
    ...(conditions['host'] === undefined
      ? []
      : [{ Field: 'host-header', HostHeaderConfig: { Values: values('host') } }]),
    ...(conditions['method'] === undefined
      ? []
      : [{ Field: 'http-request-method', HttpRequestMethodConfig: { Values: values('method') } }]),
    ...(conditions['ip'] === undefined
      ? []
      : [{ Field: 'source-ip', SourceIpConfig: { Values: values('ip') } }]),
    ...(conditions['query'] === undefined
      ? []
      : [
          {
            Field: 'query-string',
            QueryStringConfig: {
              Values: Object.entries(map(conditions['query'])).map(([Key, Value]) => ({
                Key,
                Value,
              })),
            },
          },
        ]),
    ...(conditions['header'] === undefined
      ? []
      : [conditions['header']].flat().map((header) => ({
          Field: 'http-header',
          HttpHeaderConfig: {
            HttpHeaderName: map(header)['name'],
            Values: [map(header)['values']].flat(),
          },
        }))),
  ];
  const group = `${at.functionId}${at.name}TargetGroup`;
  const rule = `${at.functionId}${at.name}ListenerRule`;
  at.out.resources[group] = {
    Type: 'AWS::ElasticLoadBalancingV2::TargetGroup',
    Properties: {
      TargetType: 'lambda',
      Targets: [{ Id: { 'Fn::GetAtt': [at.functionId, 'Arn'] } }],
      ...(written['multiValueHeaders'] === true
        ? { TargetGroupAttributes: [{ Key: 'lambda.multi_value_headers.enabled', Value: 'true' }] }
        : {}),
    },
  };
  at.out.resources[rule] = {
    Type: 'AWS::ElasticLoadBalancingV2::ListenerRule',
    Properties: {
      ListenerArn: written['listenerArn'],
      Priority: written['priority'],
      Conditions: all,
      Actions: [{ Type: 'forward', TargetGroupArn: { Ref: group } }],
    },
  };
  at.out.places[`rule ${group}`] = at.path;
  at.out.places[`rule ${rule}`] = at.path;
}
