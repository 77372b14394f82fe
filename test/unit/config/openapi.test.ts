import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ApiDefinition } from '../../../src/stack/http.js';
import { ApiTemplates, fn, invocation, keysOf, routeOf } from '../../support/api-templates.js';

let templates: ApiTemplates;
beforeEach(async () => {
  templates = await ApiTemplates.make();
});
afterEach(() => templates.remove());

describe('OpenAPI documents', () => {
  const document = (extra: object = {}) => ({
    openapi: '3.0.1',
    'x-amazon-apigateway-binary-media-types': ['image/png'],
    'x-amazon-apigateway-gateway-responses': {
      ACCESS_DENIED: {
        statusCode: 404,
        responseParameters: { 'gatewayresponse.header.X-A': "'b'" },
      },
    },
    components: {
      securitySchemes: {
        key: { type: 'apiKey', name: 'x-api-key', in: 'header' },
        token: {
          type: 'apiKey',
          name: 'X-Token',
          in: 'header',
          'x-amazon-apigateway-authtype': 'custom',
          'x-amazon-apigateway-authorizer': {
            type: 'token',
            authorizerUri: invocation('Fn'),
            authorizerResultTtlInSeconds: 10,
          },
        },
      },
    },
    paths: {
      '/a/{id}': {
        parameters: [],
        get: {
          operationId: 'read',
          security: [{ token: [] }, { key: [] }],
          'x-amazon-apigateway-integration': {
            type: 'aws_proxy',
            httpMethod: 'POST',
            uri: invocation('Fn'),
            timeoutInMillis: 900,
          },
        },
        options: {
          'x-amazon-apigateway-integration': {
            type: 'mock',
            requestTemplates: { 'application/json': '{"statusCode": 204}' },
            responses: {
              default: { statusCode: '500' },
              '20\\d': {
                statusCode: '204',
                responseParameters: { 'method.response.header.Access-Control-Allow-Origin': "'*'" },
              },
            },
          },
        },
      },
      '/p/{proxy+}': {
        'x-amazon-apigateway-any-method': {
          'x-amazon-apigateway-integration': {
            type: 'http_proxy',
            httpMethod: 'ANY',
            uri: 'https://elsewhere.example/{proxy}',
          },
        },
      },
      '/old': {
        get: { 'x-amazon-apigateway-integration': { type: 'aws', uri: invocation('Fn') } },
        post: {},
      },
    },
    ...extra,
  });

  const expected = (api: ApiDefinition | undefined): void => {
    expect(keysOf(api)).toEqual(['GET /a/{id}', 'OPTIONS /a/{id}', 'ANY /p/{proxy+}']);
    expect(routeOf(api, 'GET /a/{id}')).toMatchObject({
      integration: { kind: 'function', target: { functionName: 'Fn' }, payloadFormat: '1.0' },
      timeoutMs: 900,
      authorizer: 'token',
      apiKeyRequired: true,
      operationName: 'read',
    });
    expect(routeOf(api, 'OPTIONS /a/{id}').integration).toEqual({
      kind: 'mock',
      status: 204,
      headers: { 'Access-Control-Allow-Origin': '*' },
      body: '',
    });
    expect(routeOf(api, 'ANY /p/{proxy+}').integration).toEqual({
      kind: 'http',
      url: 'https://elsewhere.example/{proxy}',
    });
    expect(api?.authorizers['token']).toMatchObject({
      kind: 'token',
      identitySources: ['method.request.header.X-Token'],
      cacheSeconds: 10,
    });
    expect(api).toMatchObject({
      binaryMediaTypes: ['image/png'],
      gatewayResponses: { ACCESS_DENIED: { status: 404, headers: { 'X-A': 'b' } } },
    });
  };

  it('are read in a DefinitionBody, and what is not run is told', async () => {
    const { stack, notices } = await templates.load({
      Fn: fn(),
      Api: {
        Type: 'AWS::Serverless::Api',
        Properties: { StageName: 'v1', DefinitionBody: document() },
      },
    });
    expected(stack.apis[0]);
    expect(notices.map(({ path }) => path)).toEqual([
      'Resources.Api.Properties.DefinitionBody.paths./old.get.x-amazon-apigateway-integration',
      'Resources.Api.Properties.DefinitionBody.paths./old.post',
    ]);
  });

  it('are read from the file of a DefinitionUri, which is watched', async () => {
    await templates.folder.put('api.json', JSON.stringify(document()));
    const { stack, files } = await templates.load({
      Fn: fn(),
      Api: {
        Type: 'AWS::Serverless::Api',
        Properties: { StageName: 'v1', DefinitionUri: 'api.json' },
      },
    });
    expected(stack.apis[0]);
    expect(files).toContain(`${templates.folder.path}/api.json`);
  });

  it('are read in the Body of a plain REST API', async () => {
    const [api] = await templates.apis({
      Fn: fn(),
      Api: { Type: 'AWS::ApiGateway::RestApi', Properties: { Name: 'plain', Body: document() } },
      Deployment: {
        Type: 'AWS::ApiGateway::Deployment',
        Properties: { RestApiId: { Ref: 'Api' }, StageName: 'live' },
      },
    });
    expected(api);
    expect(api).toMatchObject({ name: 'plain', stage: 'live' });
  });

  it('make HTTP APIs with CORS, JWT and a default route', async () => {
    const [api] = await templates.apis({
      Fn: fn(),
      Api: {
        Type: 'AWS::Serverless::HttpApi',
        Properties: {
          DefinitionBody: {
            openapi: '3.0.1',
            'x-amazon-apigateway-cors': {
              allowOrigins: ['https://a.example'],
              allowCredentials: true,
            },
            components: {
              securitySchemes: {
                jwt: {
                  type: 'oauth2',
                  'x-amazon-apigateway-authorizer': {
                    type: 'jwt',
                    identitySource: '$request.header.Authorization',
                    jwtConfiguration: { issuer: 'https://issuer.example', audience: ['app'] },
                  },
                },
              },
              'x-amazon-apigateway-integrations': {
                one: { type: 'AWS_PROXY', uri: invocation('Fn'), payloadFormatVersion: '2.0' },
              },
            },
            paths: {
              '/$default': {
                'x-amazon-apigateway-any-method': {
                  isDefaultRoute: true,
                  security: [{ jwt: ['read'] }],
                  'x-amazon-apigateway-integration': {
                    $ref: '#/components/x-amazon-apigateway-integrations/one',
                  },
                },
              },
            },
          },
        },
      },
    });
    expect(routeOf(api, 'ANY $default')).toMatchObject({
      authorizer: 'jwt',
      scopes: ['read'],
      integration: { payloadFormat: '2.0' },
    });
    expect(api?.cors).toMatchObject({
      allowOrigins: ['https://a.example'],
      allowCredentials: true,
    });
    expect(api?.authorizers['jwt']).toMatchObject({ kind: 'jwt', audience: ['app'] });
  });

  it('that are none are a problem', async () => {
    const template = (uri: string) =>
      templates.folder.put(
        'template.yaml',
        JSON.stringify({
          Transform: 'AWS::Serverless-2016-10-31',
          Resources: {
            Fn: fn(),
            Api: {
              Type: 'AWS::Serverless::Api',
              Properties: { StageName: 'a', DefinitionUri: uri },
            },
          },
        }),
      );
    await template('missing.yaml');
    expect(await templates.folder.problems()).toEqual([
      expect.objectContaining({ path: 'Resources.Api.Properties.DefinitionUri' }),
    ]);
    await templates.folder.put('bad.yaml', 'a: [');
    await template('bad.yaml');
    expect((await templates.folder.problems())[0]?.path).toContain('bad.yaml, line 1');
    await templates.folder.put('empty.yaml', 'info: {}');
    await template('empty.yaml');
    expect((await templates.folder.problems())[0]?.expected).toContain('OpenAPI');
  });
});
