/** Resources of a template that nothing here runs, each with the reason of its kind. */

import type { SettingNotice } from '../config.js';
import { DEPLOYMENT_TYPE } from '../cdk/template.js';
import { map, type Map } from '../map.js';
import { nearestOf } from '../problems.js';

export const PERMISSIONS = 'permissions are not checked here';
const DEPLOYMENT = 'it has a meaning only while a stack is deployed';
const MONITORING = 'nothing is monitored here; logs are kept by `orchestrator logs`';
const NETWORK = 'functions use the engine’s network';
const EDGE = 'names, certificates and what stands before an endpoint are not made here';
const VALUES = 'what it holds is not kept here; variables get what the template says';

const GROUPS: readonly (readonly [types: RegExp, reason: string])[] = [
  [/^AWS::(IAM::|Serverless::Connector$)/, PERMISSIONS],
  [/^AWS::Lambda::(Permission|LayerVersionPermission)$/, PERMISSIONS],
  [
    /^AWS::(SQS::Queue|SNS::Topic|S3::Bucket|Events::EventBus|Kinesis::Resource|DynamoDB::Resource)Policy$/,
    PERMISSIONS,
  ],
  [/^(Custom::|AWS::CloudFormation::)/, DEPLOYMENT],
  [/^AWS::(CodeDeploy|CodeBuild|CodePipeline|CodeStar\w*|ApplicationAutoScaling)::/, DEPLOYMENT],
  [/^AWS::(CloudWatch|XRay|ApplicationInsights|Budgets|RUM|Synthetics)::/, MONITORING],
  [/^AWS::Logs::(MetricFilter|QueryDefinition|ResourcePolicy|MetricStream)$/, MONITORING],
  [/^AWS::EC2::/, NETWORK],
  [/^AWS::(CloudFront|Route53|CertificateManager|WAFv2|WAFRegional|Shield)::/, EDGE],
  [/^AWS::ApiGateway::(Account|DomainName|BasePathMapping|ClientCertificate)$/, EDGE],
  [/^AWS::ApiGatewayV2::(DomainName|ApiMapping)$/, EDGE],
  [/^AWS::(KMS|SSM|SecretsManager|AppConfig)::/, VALUES],
];
/** Types that are easily meant when another is written. */
const LIKELY = ['AWS::Serverless::Function', 'AWS::Lambda::Function'];

/** Of the resources that `isRead` does not know. */
export function resourceNotices(
  resources: Map,
  isRead: (type: string) => boolean,
): SettingNotice[] {
  return Object.entries(resources).flatMap(([logicalId, resource]) => {
    const type = map(resource)['Type'];
    if (typeof type === 'string' && isRead(type)) return [];
    const path = `Resources.${logicalId}`;
    return [{ path, treatment: 'ignored' as const, reason: reasonOf(type) }];
  });
}

function reasonOf(type: unknown): string {
  if (typeof type !== 'string') return 'it has no Type';
  if (type === DEPLOYMENT_TYPE) return DEPLOYMENT;
  const [, group] = GROUPS.find(([types]) => types.test(type)) ?? [];
  if (group !== undefined) return group;
  const nearest = nearestOf(type, LIKELY);
  const hint = nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
  return `resources of type ${type} are not run here${hint}`;
}
