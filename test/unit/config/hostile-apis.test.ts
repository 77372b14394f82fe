import { afterEach, beforeEach, describe, it } from '@jest/globals';
import fc from 'fast-check';
import { isOrchestratorError } from '../../../src/errors.js';
import { RESOURCE_TYPES } from '../../../src/config/template/all-parts.js';
import { ApiTemplates, fn } from '../../support/api-templates.js';

const LIMIT_MS = 60_000;

let templates: ApiTemplates;
beforeEach(async () => {
  templates = await ApiTemplates.make();
});
afterEach(() => templates.remove());

const TYPES = Object.keys(RESOURCE_TYPES).filter((type) =>
  /ApiGateway|Serverless::(Http)?Api|ElasticLoadBalancing/.test(type),
);
/** Names that readers look for, where they do not belong as well. */
const WORDS = `RestApiId ApiId StageName Auth Authorizers DefaultAuthorizer Cors CorsConfiguration
  DefinitionBody Body paths /a get x-amazon-apigateway-integration type uri aws_proxy mock http_proxy
  responses default security securityDefinitions x-amazon-apigateway-authorizer ResourceId ParentId
  PathPart HttpMethod Integration Type MOCK Uri IntegrationResponses Target integrations/R1 RouteKey
  IntegrationType Targets Id DefaultActions Actions Conditions Field path-pattern Values forward
  LoadBalancerArn ListenerArn TargetGroupArn Identity FunctionArn JwtConfiguration issuer UserPoolArn
  GatewayResponses BinaryMediaTypes Variables constructor __proto__ toString Path Method /x/{y+}
  $default * ( TimeoutInMillis IdentitySource AuthorizerUri ProtocolType HTTP Parameters`.split(
  /\s+/,
);

const word = fc.constantFrom(...WORDS);
const reference = fc.oneof(
  fc.constantFrom('R0', 'R1', 'R2', 'Fn').map((name) => ({ Ref: name })),
  fc.constantFrom('R0', 'R1').map((name) => ({ 'Fn::GetAtt': [name, 'RootResourceId'] })),
  fc.constant({ 'Fn::GetAtt': ['Fn', 'Arn'] }),
  fc.constant({ 'Fn::ImportValue': 'x' }),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    word,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    reference,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(word, tie('value'), { maxKeys: 6 }),
  ),
}));
const properties = fc.dictionary(word, value, { maxKeys: 8 });

describe('templates with APIs that somebody made up', () => {
  it(
    'are read, or refused with what is wrong: nothing breaks',
    async () => {
      const resource = fc.record({ Type: fc.constantFrom(...TYPES), Properties: properties });
      const events = fc.dictionary(
        word,
        fc.record({ Type: fc.constantFrom('Api', 'HttpApi'), Properties: properties }),
        { maxKeys: 3 },
      );
      const globals = fc.dictionary(fc.constantFrom('Api', 'HttpApi'), value);
      await fc.assert(
        fc.asyncProperty(
          fc.array(resource, { minLength: 1, maxLength: 4 }),
          events,
          globals,
          async (resources, own, Globals) => {
            const named = resources.map((one, index) => [`R${index}`, one]);
            const all = { Fn: fn(own), ...(Object.fromEntries(named) as object) };
            await templates.load(all, { Globals }).catch((error: unknown) => {
              if (!isOrchestratorError(error, 'config-invalid')) throw error;
            });
          },
        ),
        { numRuns: 250 },
      );
    },
    LIMIT_MS,
  );
});
