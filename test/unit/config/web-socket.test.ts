import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TemplateBench } from '../../support/template-bench.js';

let bench: TemplateBench;
beforeEach(async () => {
  bench = await TemplateBench.make();
});
afterEach(() => bench.remove());

const ARN = { 'Fn::GetAtt': ['Fn', 'Arn'] };
const URI = {
  'Fn::Sub':
    'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations',
};

function sam(properties: object = {}): object {
  return {
    Type: 'AWS::Serverless::WebSocketApi',
    Properties: { Routes: { $default: { FunctionArn: ARN } }, ...properties },
  };
}

const v2 = (type: string, properties: object): object => ({
  Type: `AWS::ApiGatewayV2::${type}`,
  Properties: properties,
});
const ofApi = (type: string, properties: object): object =>
  v2(type, { ApiId: { Ref: 'Chat' }, ...properties });

const PLAIN = {
  Chat: v2('Api', {
    Name: 'chat',
    ProtocolType: 'WEBSOCKET',
    RouteSelectionExpression: '$request.body.type',
  }),
  Prod: ofApi('Stage', {
    StageName: 'prod',
    AutoDeploy: true,
    StageVariables: { table: 'people' },
  }),
  Integration: ofApi('Integration', {
    IntegrationType: 'AWS_PROXY',
    IntegrationUri: URI,
    TimeoutInMillis: 5000,
  }),
  Mock: ofApi('Integration', {
    IntegrationType: 'MOCK',
    RequestTemplates: { 200: '{"statusCode":200}' },
  }),
  Guard: ofApi('Authorizer', {
    Name: 'guard',
    AuthorizerType: 'REQUEST',
    AuthorizerUri: URI,
    IdentitySource: ['route.request.querystring.token'],
  }),
  Connect: ofApi('Route', {
    RouteKey: '$connect',
    AuthorizationType: 'CUSTOM',
    AuthorizerId: { Ref: 'Guard' },
    Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'Mock' }]] },
  }),
  Ask: ofApi('Route', {
    RouteKey: 'ask',
    RouteResponseSelectionExpression: '$default',
    Target: { 'Fn::Sub': 'integrations/${Integration}' },
  }),
  Answer: ofApi('RouteResponse', { RouteId: { Ref: 'Ask' }, RouteResponseKey: '$default' }),
};

describe('AWS::Serverless::WebSocketApi', () => {
  it('becomes an API with its routes', async () => {
    const { stack, notices } = await bench.load({
      resources: {
        Chat: sam({
          Name: 'chat',
          StageName: 'live',
          StageVariables: { table: 'people' },
          RouteSelectionExpression: '$request.body.type',
          Auth: {
            AuthType: 'CUSTOM',
            AuthArn: ARN,
            IdentitySource: ['route.request.header.Authorization'],
          },
          Routes: {
            $connect: { FunctionArn: ARN, IntegrationTimeout: 1000 },
            ask: { FunctionArn: ARN, RouteResponseSelectionExpression: '$default' },
          },
        }),
      },
      own: { Environment: { Variables: { API: { Ref: 'Chat' } } } },
    });
    const target = { functionName: 'Fn' };
    expect(stack.webSocketApis).toEqual([
      {
        path: 'Resources.Chat',
        id: expect.stringMatching(/^[a-z0-9]{10}$/),
        name: 'chat',
        stage: 'live',
        stageVariables: { table: 'people' },
        routeSelectionExpression: '$request.body.type',
        routes: [
          {
            path: 'Resources.Chat.Properties.Routes.$connect',
            routeKey: '$connect',
            target,
            timeoutMs: 1000,
            respond: false,
            authorizer: {
              kind: 'lambda',
              target,
              identitySources: ['route.request.header.Authorization'],
            },
          },
          {
            path: 'Resources.Chat.Properties.Routes.ask',
            routeKey: 'ask',
            target,
            timeoutMs: 29_000,
            respond: true,
          },
        ],
      },
    ]);
    expect(notices).toEqual([]);
  });

  it('has SAM’s defaults, and an endpoint of its own', async () => {
    const { stack, functions } = await bench.load({
      resources: { Chat: sam() },
      own: {
        Environment: { Variables: { URL: { 'Fn::GetAtt': ['Chat', 'ApiEndpoint'] } } },
      },
    });
    const [api] = stack.webSocketApis;
    expect(api).toMatchObject({
      stage: 'default',
      routeSelectionExpression: '$request.body.action',
    });
    expect(functions[0]?.environment['URL']).toBe(
      `wss://${api?.id}.execute-api.us-east-1.amazonaws.com`,
    );
  });

  it('says what is not enforced, and what cannot be', async () => {
    const { notices } = await bench.load({
      resources: {
        Chat: sam({
          Domain: { DomainName: 'x' },
          AccessLogSettings: { Format: 'x' },
          Routes: {
            a: { FunctionArn: ARN, ApiKeyRequired: true, RequestModels: {} },
            b: { FunctionArn: 'arn:aws:lambda:us-east-1:1:function:elsewhere' },
          },
          Oddity: 1,
        }),
      },
    });
    const told = notices.map(({ path, treatment }) => `${treatment} ${path}`).sort();
    const chat = 'ignored Resources.Chat.Properties';
    expect(told).toEqual([
      `${chat}.AccessLogSettings`,
      `${chat}.Domain`,
      `${chat}.Oddity`,
      `${chat}.Routes.a.ApiKeyRequired`,
      `${chat}.Routes.a.RequestModels`,
      `${chat}.Routes.b.FunctionArn`,
    ]);
  });

  it('is refused where it makes no sense, all at once', async () => {
    const refused = await bench.refused({
      resources: {
        Chat: sam({
          StageName: 'no/stage',
          RouteSelectionExpression: '$request.header.x',
          Auth: { AuthType: 'CUSTUM' },
          Routes: { a: { FunctionArn: ARN, IntegrationTimeout: 30_000 }, b: {} },
        }),
      },
    });
    const chat = 'Resources.Chat.Properties';
    expect(refused).toEqual([
      `${chat}.Auth.AuthType`,
      `${chat}.RouteSelectionExpression`,
      `${chat}.Routes.a.IntegrationTimeout`,
      `${chat}.Routes.b.FunctionArn`,
      `${chat}.StageName`,
    ]);
  });
});

describe('API Gateway v2’s own resources', () => {
  it('are put together, one API for each stage', async () => {
    const { stack } = await bench.load({ resources: PLAIN });
    const target = { functionName: 'Fn' };
    expect(stack.webSocketApis).toEqual([
      {
        path: 'Resources.Prod',
        id: expect.stringMatching(/^[a-z0-9]{10}$/),
        name: 'chat',
        stage: 'prod',
        stageVariables: { table: 'people' },
        routeSelectionExpression: '$request.body.type',
        routes: [
          {
            path: 'Resources.Connect',
            routeKey: '$connect',
            timeoutMs: 29_000,
            respond: false,
            authorizer: {
              kind: 'lambda',
              target,
              identitySources: ['route.request.querystring.token'],
            },
          },
          { path: 'Resources.Ask', routeKey: 'ask', target, timeoutMs: 5000, respond: true },
        ],
      },
    ]);
    expect(stack.apis).toEqual([]);
  });

  it('without a stage, or with integrations of others, are told', async () => {
    const { Prod: _, ...rest } = PLAIN;
    const { notices, stack } = await bench.load({
      resources: {
        ...rest,
        Http: ofApi('Integration', { IntegrationType: 'HTTP', IntegrationUri: 'https://x' }),
        Other: ofApi('Route', { RouteKey: 'x', Target: { 'Fn::Sub': 'integrations/${Http}' } }),
      },
    });
    expect(stack.webSocketApis).toEqual([]);
    const told = notices.map(({ path }) => path);
    expect(told).toContain('Resources.Chat');
    expect(told).toContain('Resources.Http.Properties.IntegrationType');
  });

  it('whose authorizer is not there are refused rather than open', async () => {
    const { Guard: _, ...rest } = PLAIN;
    const refused = await bench.refused({
      resources: {
        ...rest,
        Connect: ofApi('Route', {
          RouteKey: '$connect',
          AuthorizationType: 'CUSTOM',
          AuthorizerId: 'nowhere',
          Target: { 'Fn::Sub': 'integrations/${Mock}' },
        }),
      },
    });
    expect(refused).toEqual(['Resources.Connect.Properties.AuthorizerId']);
  });
});
