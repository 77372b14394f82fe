import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { apiIdOf } from '../../../src/stack/api-id.js';
import { ApiTemplates, event, fn, keysOf, routeOf } from '../../support/api-templates.js';

let templates: ApiTemplates;
beforeEach(async () => {
  templates = await ApiTemplates.make();
});
afterEach(() => templates.remove());

describe('events of SAM functions', () => {
  it('make the APIs they need', async () => {
    const [rest, http] = await templates.apis({
      Fn: fn(
        {
          One: event('Api', { Path: '/a/{id}', Method: 'get' }),
          Two: event('HttpApi', { Path: '/b/{proxy+}', Method: 'ANY', TimeoutInMillis: 700 }),
          Three: event('HttpApi'),
          Four: event('HttpApi', { Path: '/c', Method: 'post', PayloadFormatVersion: '1.0' }),
        },
        { AutoPublishAlias: 'live', FunctionName: 'named' },
      ),
    });
    const target = { functionName: 'named', qualifier: 'live' };
    expect(rest).toMatchObject({
      id: apiIdOf('ServerlessRestApi'),
      name: 'ServerlessRestApi',
      kind: 'rest',
      stage: 'Prod',
      routes: [
        {
          method: 'GET',
          resource: '/a/{id}',
          integration: { kind: 'function', target, payloadFormat: '1.0' },
          timeoutMs: 29_000,
        },
      ],
    });
    expect(http).toMatchObject({ kind: 'http', stage: '$default', name: 'ServerlessHttpApi' });
    expect(keysOf(http)).toEqual(['ANY /b/{proxy+}', 'ANY $default', 'POST /c']);
    expect(http?.routes.map(({ timeoutMs }) => timeoutMs)).toEqual([700, 5000, 5000]);
    expect(routeOf(http, 'POST /c').integration).toMatchObject({ payloadFormat: '1.0' });
  });

  it('let other resources name the API that SAM makes', async () => {
    const { functions } = await templates.load({
      Fn: fn(
        { One: event('Api', { Path: '/a', Method: 'get' }) },
        {
          Environment: {
            Variables: { URL: { 'Fn::Sub': 'https://${ServerlessRestApi}.example' } },
          },
        },
      ),
    });
    expect(functions[0]?.environment).toEqual({
      URL: `https://${apiIdOf('ServerlessRestApi')}.example`,
    });
  });

  it('go to the API they name, whose settings and Globals hold', async () => {
    const [api] = await templates.apis(
      {
        Api: {
          Type: 'AWS::Serverless::Api',
          Properties: {
            StageName: 'v1',
            Variables: { table: 'orders' },
            BinaryMediaTypes: ['image~1png'],
            GatewayResponses: {
              DEFAULT_4XX: {
                StatusCode: 418,
                ResponseParameters: { Headers: { 'Access-Control-Allow-Origin': "'*'" } },
                ResponseTemplates: { 'application/json': '{"no":1}' },
              },
            },
          },
        },
        Key: { Type: 'AWS::ApiGateway::ApiKey', Properties: { Value: 'secret' } },
        Fn: fn({
          One: event('Api', {
            Path: '/a',
            Method: 'get',
            RestApiId: { Ref: 'Api' },
            Auth: { ApiKeyRequired: true },
          }),
        }),
      },
      { Globals: { Api: { Cors: "'https://a.example'" } } },
    );
    expect(api).toMatchObject({
      id: apiIdOf('Api'),
      stage: 'v1',
      stageVariables: { table: 'orders' },
      binaryMediaTypes: ['image/png'],
      apiKeys: [{ id: 'Key', value: 'secret' }],
      gatewayResponses: {
        DEFAULT_4XX: {
          status: 418,
          headers: { 'Access-Control-Allow-Origin': '*' },
          templates: { 'application/json': '{"no":1}' },
        },
      },
    });
    expect(routeOf(api, 'GET /a').apiKeyRequired).toBe(true);
    expect(routeOf(api, 'OPTIONS /a').integration).toEqual({
      kind: 'mock',
      status: 200,
      headers: {
        'Access-Control-Allow-Origin': 'https://a.example',
        'Access-Control-Allow-Methods': 'GET,OPTIONS',
      },
      body: '{}\n',
    });
  });

  it('have the authorizers of their API', async () => {
    const auth = fn();
    const [rest, http] = await templates.apis({
      Auth: auth,
      Fn: fn({
        One: event('Api', { Path: '/a', Method: 'get', RestApiId: { Ref: 'Rest' } }),
        Two: event('Api', {
          Path: '/b',
          Method: 'get',
          RestApiId: { Ref: 'Rest' },
          Auth: { Authorizer: 'NONE' },
        }),
        Three: event('Api', {
          Path: '/c',
          Method: 'get',
          RestApiId: { Ref: 'Rest' },
          Auth: { Authorizer: 'AWS_IAM' },
        }),
        Four: event('HttpApi', {
          Path: '/a',
          Method: 'get',
          ApiId: { Ref: 'Http' },
          Auth: { Authorizer: 'Jwt', AuthorizationScopes: ['read'] },
        }),
        Five: event('HttpApi', { Path: '/b', Method: 'get', ApiId: { Ref: 'Http' } }),
      }),
      Pool: { Type: 'AWS::Cognito::UserPool' },
      Rest: {
        Type: 'AWS::Serverless::Api',
        Properties: {
          StageName: 'v1',
          Cors: {
            AllowOrigin: "'*'",
            AllowHeaders: "'X-A'",
            MaxAge: "'60'",
            AllowCredentials: true,
          },
          Auth: {
            DefaultAuthorizer: 'Token',
            Authorizers: {
              Token: {
                FunctionArn: { 'Fn::GetAtt': ['Auth', 'Arn'] },
                Identity: { ValidationExpression: 'Bearer .*', ReauthorizeEvery: 60 },
              },
              Pool: { UserPoolArn: { 'Fn::GetAtt': ['Pool', 'Arn'] } },
              Asked: {
                FunctionArn: { 'Fn::GetAtt': ['Auth', 'Arn'] },
                FunctionPayloadType: 'REQUEST',
                Identity: { Headers: ['X-Key'], QueryStrings: ['q'] },
              },
            },
          },
        },
      },
      Http: {
        Type: 'AWS::Serverless::HttpApi',
        Properties: {
          CorsConfiguration: { AllowOrigins: ['*'], AllowMethods: ['GET'], MaxAge: 30 },
          Auth: {
            DefaultAuthorizer: 'Asked',
            Authorizers: {
              Jwt: {
                JwtConfiguration: { issuer: 'https://issuer.example', audience: ['app'] },
                IdentitySource: '$request.querystring.t',
              },
              Asked: {
                FunctionArn: { 'Fn::GetAtt': ['Auth', 'Arn'] },
                AuthorizerPayloadFormatVersion: '2.0',
                EnableSimpleResponses: true,
                Identity: { Headers: ['X-Key'] },
              },
            },
          },
        },
      },
    });
    const target = { functionName: 'Auth' };
    expect(rest?.authorizers).toMatchObject({
      Token: {
        kind: 'token',
        target,
        identitySources: ['method.request.header.Authorization'],
        validation: 'Bearer .*',
        cacheSeconds: 60,
      },
      Pool: {
        kind: 'cognito',
        pools: [
          { issuer: 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Pool', verified: false },
        ],
      },
      Asked: {
        kind: 'request',
        identitySources: ['method.request.header.X-Key', 'method.request.querystring.q'],
        cacheSeconds: 300,
      },
      AWS_IAM: { kind: 'iam' },
    });
    expect(
      rest?.routes.map(({ resource, method, authorizer }) => `${method} ${resource} ${authorizer}`),
    ).toEqual([
      'GET /a Token',
      'GET /b undefined',
      'GET /c AWS_IAM',
      'OPTIONS /a Token',
      'OPTIONS /b Token',
      'OPTIONS /c Token',
    ]);
    expect(routeOf(rest, 'OPTIONS /a').integration).toMatchObject({
      headers: {
        'Access-Control-Allow-Origin': '*',
        'Access-Control-Allow-Headers': 'X-A',
        'Access-Control-Max-Age': '60',
        'Access-Control-Allow-Credentials': 'true',
      },
    });
    expect(http?.authorizers).toMatchObject({
      Jwt: {
        kind: 'jwt',
        issuer: 'https://issuer.example',
        audience: ['app'],
        identitySources: ['$request.querystring.t'],
        verified: true,
      },
      Asked: {
        kind: 'request',
        payloadFormat: '2.0',
        simpleResponses: true,
        identitySources: ['$request.header.X-Key'],
        cacheSeconds: 0,
      },
    });
    expect(routeOf(http, 'GET /a')).toMatchObject({ authorizer: 'Jwt', scopes: ['read'] });
    expect(routeOf(http, 'GET /b')).toMatchObject({ authorizer: 'Asked' });
    expect(http?.cors).toEqual({
      allowOrigins: ['*'],
      allowHeaders: [],
      allowMethods: ['GET'],
      exposeHeaders: [],
      allowCredentials: false,
      maxAgeSeconds: 30,
    });
  });

  it.each<[string, object, object]>([
    ['Properties.Path', { Path: 'a', Method: 'get' }, {}],
    ['Properties.Path', { Path: '/{a+}/b', Method: 'get' }, {}],
    ['Properties.Path', { Path: '/x{a}', Method: 'get' }, {}],
    ['Properties.Method', { Path: '/a', Method: 'fetch' }, {}],
    ['Properties.Method', { Path: '/a' }, {}],
    ['Properties.RestApiId', { Path: '/a', Method: 'get', RestApiId: { Ref: 'Fn' } }, {}],
    ['Properties.TimeoutInMillis', { Path: '/a', Method: 'get', TimeoutInMillis: 5 }, {}],
    [
      'Properties.Auth.Authorizer',
      { Path: '/a', Method: 'get', Auth: { Authorizer: 'Nobody' } },
      {},
    ],
  ])('are problems at %s when they say %j', async (path, properties) => {
    await templates.folder.put(
      'template.yaml',
      JSON.stringify({
        Transform: 'AWS::Serverless-2016-10-31',
        Resources: { Fn: fn({ One: event('Api', properties) }) },
      }),
    );
    expect(await templates.folder.problems()).toEqual([
      expect.objectContaining({ path: `Resources.Fn.Properties.Events.One.${path}` }),
    ]);
  });

  it('tell what of them has no effect', async () => {
    const { notices } = await templates.load({
      Fn: fn({
        One: event('Api', { Path: '/a', Method: 'get', RequestModel: { Model: 'x' }, Odd: 1 }),
      }),
      Api: {
        Type: 'AWS::Serverless::Api',
        Properties: { StageName: 'a', TracingEnabled: true, Domain: { DomainName: 'x' } },
      },
    });
    expect(notices.map(({ path, treatment }) => `${path} ${treatment}`).sort()).toEqual([
      'Resources.Api.Properties.Domain ignored',
      'Resources.Api.Properties.TracingEnabled ignored',
      'Resources.Fn.Properties.Events.One.Properties.Odd ignored',
      'Resources.Fn.Properties.Events.One.Properties.RequestModel ignored',
    ]);
  });
});
