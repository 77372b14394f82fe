/** Operations of contract 8.2 that are refused by name, with an input any client takes. */

import type { Members } from '../support/aws-clients/client.js';

const ROLE = 'arn:aws:iam::123456789012:role/lambda-role';
type UnservedInput = (name: string, arnOf: (what?: string) => string) => Members;

const CONFIG = 'arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-0123456789abcdef0';
const EXECUTION =
  'arn:aws:lambda:us-east-1:123456789012:function:f:1/durable-execution/x/00000000-0000-4000-8000-000000000000';

const signing: UnservedInput = () => ({ CodeSigningConfigArn: CONFIG });
const execution: UnservedInput = () => ({ DurableExecutionArn: EXECUTION });
const provider: UnservedInput = () => ({ CapacityProviderName: 'provider' });
const callback: UnservedInput = () => ({ CallbackId: 'callback' });
const named: UnservedInput = (name) => ({ FunctionName: name });

/** Contract 8.2 without what is served: docs/fidelity.md names the same. */
export const UNSERVED: readonly (readonly [operation: string, input: UnservedInput])[] = [
  [
    'CreateCodeSigningConfig',
    () => ({ AllowedPublishers: { SigningProfileVersionArns: ['arn:x'] } }),
  ],
  ['GetCodeSigningConfig', signing],
  ['UpdateCodeSigningConfig', signing],
  ['DeleteCodeSigningConfig', signing],
  ['ListCodeSigningConfigs', () => ({})],
  ['ListFunctionsByCodeSigningConfig', signing],
  [
    'PutFunctionCodeSigningConfig',
    (name) => ({ FunctionName: name, CodeSigningConfigArn: CONFIG }),
  ],
  ['GetFunctionCodeSigningConfig', named],
  ['DeleteFunctionCodeSigningConfig', named],
  ['PutFunctionScalingConfig', (name) => ({ FunctionName: name, Qualifier: '1' })],
  ['GetFunctionScalingConfig', (name) => ({ FunctionName: name, Qualifier: '1' })],
  [
    'CheckpointDurableExecution',
    () => ({ DurableExecutionArn: EXECUTION, CheckpointToken: 'token' }),
  ],
  [
    'GetDurableExecutionState',
    () => ({ DurableExecutionArn: EXECUTION, CheckpointToken: 'token' }),
  ],
  ['GetDurableExecution', execution],
  ['GetDurableExecutionHistory', execution],
  ['StopDurableExecution', execution],
  ['ListDurableExecutionsByFunction', named],
  ['SendDurableExecutionCallbackSuccess', callback],
  ['SendDurableExecutionCallbackFailure', callback],
  ['SendDurableExecutionCallbackHeartbeat', callback],
  [
    'CreateCapacityProvider',
    () => ({
      CapacityProviderName: 'provider',
      VpcConfig: { SubnetIds: ['subnet-1'], SecurityGroupIds: ['sg-1'] },
      PermissionsConfig: { CapacityProviderOperatorRoleArn: ROLE },
    }),
  ],
  ['GetCapacityProvider', provider],
  ['UpdateCapacityProvider', provider],
  ['DeleteCapacityProvider', provider],
  ['ListCapacityProviders', () => ({})],
  ['ListFunctionVersionsByCapacityProvider', provider],
];
