/**
 * Resources that nothing runs here and that other resources name all the same: what `Ref` and
 * `Fn::GetAtt` give for them.
 */

import { arnOf, type Place } from '../../stack/arns.js';
import { functionArn } from '../../function/arn.js';
import { DEPLOYMENT_TYPE } from '../cdk/template.js';
import type { Map } from '../map.js';
import type { Identity } from './intrinsics.js';

type Identify = (logicalId: string, properties: Map, place: Place) => Identity;

const named =
  (property: string, arn: (name: string, place: Place) => string): Identify =>
  (logicalId, properties, place) => {
    const { [property]: written } = properties;
    const name = typeof written === 'string' ? written : logicalId;
    return { ref: name, attributes: { Arn: arn(name, place) } };
  };

const iamArn = (kind: string) => (name: string, place: Place) =>
  arnOf('iam', { ...place, region: '' }, `${kind}/${name}`);

/** A function that runs only while a stack is deployed has an ARN all the same. */
const provider: Identify = (logicalId, _, { region, accountId }) => ({
  ref: logicalId,
  attributes: { Arn: functionArn({ region, accountId, name: logicalId }) },
});

const TYPES: Readonly<Record<string, Identify>> = {
  [DEPLOYMENT_TYPE]: provider,
  'AWS::IAM::Role': named('RoleName', iamArn('role')),
  'AWS::IAM::User': named('UserName', iamArn('user')),
  'AWS::IAM::Group': named('GroupName', iamArn('group')),
  'AWS::IAM::ManagedPolicy': (logicalId, properties, place) => {
    const { ManagedPolicyName: written } = properties;
    const arn = iamArn('policy')(typeof written === 'string' ? written : logicalId, place);
    return { ref: arn, attributes: { PolicyArn: arn } };
  },
  'AWS::KMS::Key': (logicalId, _, place) => ({
    ref: logicalId,
    attributes: { Arn: arnOf('kms', place, `key/${logicalId}`), KeyId: logicalId },
  }),
  'AWS::SSM::Parameter': (logicalId, properties) => {
    const { Name: name, Type: type, Value: value } = properties;
    return {
      ref: typeof name === 'string' ? name : logicalId,
      attributes: { Type: type, Value: value },
    };
  },
  'AWS::SecretsManager::Secret': (logicalId, properties, place) => {
    const { Name: name } = properties;
    const secret = typeof name === 'string' ? name : logicalId;
    const arn = arnOf('secretsmanager', place, `secret:${secret}`);
    return { ref: arn, attributes: { Id: arn } };
  },
  'AWS::Cognito::UserPool': (logicalId, _, place) => {
    const id = `${place.region}_${logicalId}`;
    const provider = `cognito-idp.${place.region}.amazonaws.com/${id}`;
    return {
      ref: id,
      attributes: {
        Arn: arnOf('cognito-idp', place, `userpool/${id}`),
        UserPoolId: id,
        ProviderName: provider,
        ProviderURL: `https://${provider}`,
      },
    };
  },
};

/** Undefined for other types. */
export function identifyInfrastructure(
  type: string,
  logicalId: string,
  properties: Map,
  place: Place,
): Identity | undefined {
  return Object.hasOwn(TYPES, type) ? TYPES[type]?.(logicalId, properties, place) : undefined;
}
