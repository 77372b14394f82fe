import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ApiTemplates, fn, invocation, keysOf, routeOf } from '../../support/api-templates.js';

let templates: ApiTemplates;
beforeEach(async () => {
  templates = await ApiTemplates.make();
});
afterEach(() => templates.remove());

describe('APIs of plain CloudFormation', () => {
  it('are REST APIs of resources and methods, as CDK writes them', async () => {
    const integration = { Type: 'AWS_PROXY', IntegrationHttpMethod: 'POST', Uri: invocation('Fn') };
    const method = (ResourceId: object, HttpMethod: string, more: object = {}) => ({
      Type: 'AWS::ApiGateway::Method',
      Properties: {
        RestApiId: { Ref: 'Api' },
        ResourceId,
        HttpMethod,
        AuthorizationType: 'NONE',
        Integration: integration,
        ...more,
      },
    });
    const [api] = await templates.apis({
      Fn: fn(),
      Api: { Type: 'AWS::ApiGateway::RestApi', Properties: { Name: 'shop' } },
      Deployment: {
        Type: 'AWS::ApiGateway::Deployment',
        Properties: { RestApiId: { Ref: 'Api' } },
      },
      Stage: {
        Type: 'AWS::ApiGateway::Stage',
        Properties: {
          RestApiId: { Ref: 'Api' },
          DeploymentId: { Ref: 'Deployment' },
          StageName: 'prod',
          Variables: { a: 'b' },
        },
      },
      Orders: {
        Type: 'AWS::ApiGateway::Resource',
        Properties: {
          RestApiId: { Ref: 'Api' },
          ParentId: { 'Fn::GetAtt': ['Api', 'RootResourceId'] },
          PathPart: 'orders',
        },
      },
      Order: {
        Type: 'AWS::ApiGateway::Resource',
        Properties: { RestApiId: { Ref: 'Api' }, ParentId: { Ref: 'Orders' }, PathPart: '{id}' },
      },
      Auth: {
        Type: 'AWS::ApiGateway::Authorizer',
        Properties: {
          RestApiId: { Ref: 'Api' },
          Type: 'REQUEST',
          AuthorizerUri: invocation('Fn'),
          IdentitySource: 'method.request.header.A, method.request.querystring.b',
          AuthorizerResultTtlInSeconds: 0,
        },
      },
      Root: method({ 'Fn::GetAtt': ['Api', 'RootResourceId'] }, 'ANY'),
      Get: method({ Ref: 'Order' }, 'GET', {
        AuthorizationType: 'CUSTOM',
        AuthorizerId: { Ref: 'Auth' },
        ApiKeyRequired: true,
      }),
      Options: method({ Ref: 'Orders' }, 'OPTIONS', {
        Integration: {
          Type: 'MOCK',
          RequestTemplates: { 'application/json': '{ statusCode: 200 }' },
          IntegrationResponses: [
            {
              StatusCode: '204',
              ResponseParameters: {
                'method.response.header.Access-Control-Allow-Headers': "'X-A'",
              },
            },
          ],
        },
      }),
    });
    expect(api).toMatchObject({ name: 'shop', stage: 'prod', stageVariables: { a: 'b' } });
    expect(keysOf(api)).toEqual(['ANY /', 'GET /orders/{id}', 'OPTIONS /orders']);
    expect(routeOf(api, 'GET /orders/{id}')).toMatchObject({
      authorizer: 'Auth',
      apiKeyRequired: true,
    });
    expect(api?.authorizers['Auth']).toMatchObject({
      kind: 'request',
      identitySources: ['method.request.header.A', ' method.request.querystring.b'],
      cacheSeconds: 0,
    });
    expect(routeOf(api, 'OPTIONS /orders').integration).toMatchObject({
      kind: 'mock',
      status: 204,
      headers: { 'Access-Control-Allow-Headers': 'X-A' },
    });
  });

  it('name several origins as CDK writes it', async () => {
    const template = [
      '#set($origin = $input.params().header.get("Origin"))',
      '#if($origin == "")#set($origin = $input.params().header.get("origin"))#end',
      '#if($origin.matches("https://a.example") || $origin.matches("https://b.example"))',
      '#set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)#end',
    ].join('\n');
    const { stack, notices } = await templates.load({
      Fn: fn(),
      Api: { Type: 'AWS::ApiGateway::RestApi', Properties: { Name: 'shop' } },
      Options: {
        Type: 'AWS::ApiGateway::Method',
        Properties: {
          RestApiId: { Ref: 'Api' },
          ResourceId: { 'Fn::GetAtt': ['Api', 'RootResourceId'] },
          HttpMethod: 'OPTIONS',
          Integration: {
            Type: 'MOCK',
            RequestTemplates: { 'application/json': '{ statusCode: 200 }' },
            IntegrationResponses: [
              {
                StatusCode: '204',
                ResponseParameters: {
                  'method.response.header.Access-Control-Allow-Origin': "'https://a.example'",
                },
                ResponseTemplates: { 'application/json': template },
              },
            ],
          },
        },
      },
    });
    expect(routeOf(stack.apis[0], 'OPTIONS /').integration).toEqual({
      kind: 'mock',
      status: 204,
      headers: { 'Access-Control-Allow-Origin': 'https://a.example' },
      body: '',
      origins: ['https://a.example', 'https://b.example'],
    });
    expect(notices).toEqual([]);
  });

  it('are HTTP APIs of routes and integrations; WebSocket APIs are left alone', async () => {
    const { stack, notices } = await templates.load({
      Fn: fn(),
      Api: {
        Type: 'AWS::ApiGatewayV2::Api',
        Properties: {
          Name: 'shop',
          ProtocolType: 'HTTP',
          CorsConfiguration: { AllowOrigins: ['*'] },
        },
      },
      Stage: {
        Type: 'AWS::ApiGatewayV2::Stage',
        Properties: { ApiId: { Ref: 'Api' }, StageName: '$default', AutoDeploy: true },
      },
      Integration: {
        Type: 'AWS::ApiGatewayV2::Integration',
        Properties: {
          ApiId: { Ref: 'Api' },
          IntegrationType: 'AWS_PROXY',
          IntegrationUri: { 'Fn::GetAtt': ['Fn', 'Arn'] },
          PayloadFormatVersion: '2.0',
          TimeoutInMillis: 1234,
        },
      },
      Auth: {
        Type: 'AWS::ApiGatewayV2::Authorizer',
        Properties: {
          ApiId: { Ref: 'Api' },
          AuthorizerType: 'JWT',
          IdentitySource: ['$request.header.Authorization'],
          JwtConfiguration: { Issuer: 'https://issuer.example', Audience: ['app'] },
        },
      },
      Route: {
        Type: 'AWS::ApiGatewayV2::Route',
        Properties: {
          ApiId: { Ref: 'Api' },
          RouteKey: 'GET /a/{id}',
          Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'Integration' }]] },
          AuthorizationType: 'JWT',
          AuthorizerId: { Ref: 'Auth' },
          AuthorizationScopes: ['read'],
        },
      },
      Quick: {
        Type: 'AWS::ApiGatewayV2::Api',
        Properties: {
          Name: 'quick',
          ProtocolType: 'HTTP',
          Target: { 'Fn::GetAtt': ['Fn', 'Arn'] },
        },
      },
      Socket: {
        Type: 'AWS::ApiGatewayV2::Api',
        Properties: {
          Name: 'ws',
          ProtocolType: 'WEBSOCKET',
          RouteSelectionExpression: '$request.body.action',
        },
      },
    });
    const [shop, quick] = stack.apis;
    expect(stack.apis).toHaveLength(2);
    expect(shop).toMatchObject({ name: 'shop', stage: '$default', cors: { allowOrigins: ['*'] } });
    expect(routeOf(shop, 'GET /a/{id}')).toMatchObject({
      integration: { kind: 'function', target: { functionName: 'Fn' }, payloadFormat: '2.0' },
      timeoutMs: 1234,
      authorizer: 'Auth',
      scopes: ['read'],
    });
    expect(keysOf(quick)).toEqual(['ANY $default']);
    expect(notices.filter(({ path }) => !path.startsWith('Resources.Socket'))).toEqual([]);
  });

  it('tell of integrations that no function of the project answers', async () => {
    const { stack, notices } = await templates.load({
      Fn: fn(),
      Api: {
        Type: 'AWS::ApiGatewayV2::Api',
        Properties: {
          ProtocolType: 'HTTP',
          Name: 'x',
          Target: 'arn:aws:lambda:us-east-1:123456789012:function:other',
        },
      },
    });
    expect(stack.apis).toEqual([]);
    expect(notices).toEqual([
      expect.objectContaining({ path: 'Resources.Api.Properties.Target', treatment: 'ignored' }),
    ]);
  });
});

describe('load balancers', () => {
  it('have the rules of their listeners in order of priority, the default last', async () => {
    const P = 'AWS::ElasticLoadBalancingV2::';
    const forward = (group: string) => [{ Type: 'forward', TargetGroupArn: { Ref: group } }];
    const { stack } = await templates.load({
      Fn: fn(),
      Balancer: { Type: `${P}LoadBalancer`, Properties: { Name: 'shop' } },
      Group: {
        Type: `${P}TargetGroup`,
        Properties: {
          TargetType: 'lambda',
          Targets: [{ Id: { 'Fn::GetAtt': ['Fn', 'Arn'] } }],
          TargetGroupAttributes: [{ Key: 'lambda.multi_value_headers.enabled', Value: 'true' }],
        },
      },
      Listener: {
        Type: `${P}Listener`,
        Properties: {
          LoadBalancerArn: { Ref: 'Balancer' },
          DefaultActions: [
            {
              Type: 'fixed-response',
              FixedResponseConfig: { StatusCode: '404', MessageBody: 'no' },
            },
          ],
        },
      },
      Later: {
        Type: `${P}ListenerRule`,
        Properties: {
          ListenerArn: { Ref: 'Listener' },
          Priority: 20,
          Conditions: [{ Field: 'path-pattern', Values: ['/*'] }],
          Actions: forward('Group'),
        },
      },
      First: {
        Type: `${P}ListenerRule`,
        Properties: {
          ListenerArn: { Ref: 'Listener' },
          Priority: 10,
          Conditions: [
            { Field: 'host-header', HostHeaderConfig: { Values: ['a.example'] } },
            { Field: 'query-string', QueryStringConfig: { Values: [{ Key: 'v', Value: '1' }] } },
          ],
          Actions: [
            {
              Type: 'redirect',
              RedirectConfig: { StatusCode: 'HTTP_301', Protocol: 'HTTPS', Port: '443' },
            },
          ],
        },
      },
    });
    expect(stack.loadBalancers).toEqual([
      {
        path: 'Resources.Balancer',
        name: 'shop',
        rules: [
          {
            path: 'Resources.First',
            conditions: [
              { field: 'host-header', values: ['a.example'] },
              { field: 'query-string', pairs: [{ key: 'v', value: '1' }] },
            ],
            action: {
              kind: 'redirect',
              status: 301,
              location: 'https://#{host}:443/#{path}?#{query}',
            },
          },
          {
            path: 'Resources.Later',
            conditions: [{ field: 'path-pattern', values: ['/*'] }],
            action: {
              kind: 'function',
              target: { functionName: 'Fn' },
              targetGroupArn: expect.stringMatching(
                /^arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup\/Group\/[0-9a-f]{16}$/,
              ),
              multiValueHeaders: true,
            },
          },
          {
            path: 'Resources.Listener',
            conditions: [],
            action: { kind: 'fixed', status: 404, contentType: 'text/plain', body: 'no' },
          },
        ],
      },
    ]);
  });
});
