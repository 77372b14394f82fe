import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { apiIdOf } from '../../src/stack/api-id.js';
import { startTemplate, until, type Project } from '../support/project.js';

const LIMIT_MS = 60_000;
const run = promisify(execFile);

/** Answers with its event; `?do=` makes it do something else. */
const NODE = `
export const handler = async (event) => {
  const { do: what } = event.queryStringParameters ?? {};
  if (what === 'fail') throw new Error('no');
  if (what === 'nonsense') return 'nonsense';
  if (what === 'wait') await new Promise((resolve) => setTimeout(resolve, 5000));
  if (what === 'binary') {
    const headers = { 'content-type': 'image/png' };
    return { statusCode: 200, headers, body: Buffer.from([0, 255, 1]).toString('base64'), isBase64Encoded: true };
  }
  const headers = { 'content-type': 'application/json' };
  return { statusCode: 200, headers, body: JSON.stringify(event) };
};
export const authorize = async (event) => ({
  isAuthorized: event.headers['x-key'] === 'right',
  context: { who: 'me' },
});
`;
const PYTHON = `
import json

def handler(event, context):
    body = event["body"]
    if event["requestContext"].get("elb"):
        return {"statusCode": 200, "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]}, "body": json.dumps(event)}
    return {
        "statusCode": 201,
        "multiValueHeaders": {"X-Two": ["a", "b"]},
        "body": json.dumps({"got": body, "encoded": event["isBase64Encoded"], "path": event["path"]}),
    }
`;

const ELB = 'AWS::ElasticLoadBalancingV2::';

function template(issuer: string): object {
  const event = (Type: string, Properties: object) => ({ Type, Properties });
  const own = { ApiId: { Ref: 'Http' } };
  return {
    Transform: 'AWS::Serverless-2016-10-31',
    Globals: { Function: { Timeout: 20, MemorySize: 256 } },
    Resources: {
      Node: {
        Type: 'AWS::Serverless::Function',
        Properties: {
          Runtime: 'nodejs22.x',
          Handler: 'index.handler',
          CodeUri: 'node',
          Events: {
            Get: event('HttpApi', { ...own, Path: '/v2/{proxy+}', Method: 'ANY' }),
            Slow: event('HttpApi', { ...own, Path: '/slow', Method: 'get', TimeoutInMillis: 200 }),
            Jwt: event('HttpApi', {
              ...own,
              Path: '/jwt',
              Method: 'get',
              Auth: { Authorizer: 'Jwt' },
            }),
            Lambda: event('HttpApi', {
              ...own,
              Path: '/lambda',
              Method: 'get',
              Auth: { Authorizer: 'Lambda' },
            }),
          },
        },
      },
      Authorizer: {
        Type: 'AWS::Serverless::Function',
        Properties: { Runtime: 'nodejs22.x', Handler: 'index.authorize', CodeUri: 'node' },
      },
      Python: {
        Type: 'AWS::Serverless::Function',
        Properties: {
          Runtime: 'python3.13',
          Handler: 'app.handler',
          CodeUri: 'python',
          Events: {
            Post: event('Api', {
              RestApiId: { Ref: 'Rest' },
              Path: '/orders/{id}',
              Method: 'post',
            }),
          },
        },
      },
      Rest: {
        Type: 'AWS::Serverless::Api',
        Properties: { StageName: 'prod', Cors: "'*'", BinaryMediaTypes: ['image/png'] },
      },
      Http: {
        Type: 'AWS::Serverless::HttpApi',
        Properties: {
          CorsConfiguration: { AllowOrigins: ['https://a.example'], AllowMethods: ['GET'] },
          Auth: {
            Authorizers: {
              Jwt: { JwtConfiguration: { issuer, audience: ['app'] } },
              Lambda: {
                FunctionArn: { 'Fn::GetAtt': ['Authorizer', 'Arn'] },
                AuthorizerPayloadFormatVersion: '2.0',
                EnableSimpleResponses: true,
                Identity: { Headers: ['X-Key'] },
              },
            },
          },
        },
      },
      Balancer: { Type: `${ELB}LoadBalancer`, Properties: { Name: 'shop' } },
      Group: {
        Type: `${ELB}TargetGroup`,
        Properties: {
          TargetType: 'lambda',
          Targets: [{ Id: { 'Fn::GetAtt': ['Python', 'Arn'] } }],
          TargetGroupAttributes: [{ Key: 'lambda.multi_value_headers.enabled', Value: true }],
        },
      },
      Listener: {
        Type: `${ELB}Listener`,
        Properties: {
          LoadBalancerArn: { Ref: 'Balancer' },
          DefaultActions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: 404 } }],
        },
      },
      Rule: {
        Type: `${ELB}ListenerRule`,
        Properties: {
          ListenerArn: { Ref: 'Listener' },
          Priority: 1,
          Conditions: [{ Field: 'path-pattern', Values: ['/any*'] }],
          Actions: [{ Type: 'forward', TargetGroupArn: { Ref: 'Group' } }],
        },
      },
    },
  };
}

describe('HTTP event sources on the real engine', () => {
  let project: Project;
  let issuer: Server;
  let issuerUrl: string;
  let token: string;
  let url: string;

  beforeAll(async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    const keys = [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256' }];
    issuer = createServer((request, response) => {
      const discovery = request.url === '/.well-known/openid-configuration';
      response.end(JSON.stringify(discovery ? { jwks_uri: `${issuerUrl}/keys` } : { keys }));
    });
    await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
    issuerUrl = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
    token = await new SignJWT({ iss: issuerUrl, aud: 'app', sub: 'me' })
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .sign(privateKey);
    project = await startTemplate(template(issuerUrl), {
      'node/index.mjs': NODE,
      'python/app.py': PYTHON,
    });
    const address = project.orchestrator.addresses().find(({ about }) => about === 'Node');
    url = /http:\/\/[^/]+/.exec(address?.address ?? '')?.[0] ?? '';
  }, LIMIT_MS);
  afterAll(async () => {
    issuer.close();
    issuer.closeAllConnections();
    await project.stop();
  }, LIMIT_MS);

  it(
    'answer an HTTP API’s client with what the function returned, and leave a line in its log',
    async () => {
      const response = await fetch(`${url}/v2/a/b?x=1&x=2`, { headers: { cookie: 'a=1; b=2' } });
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({
        version: '2.0',
        routeKey: 'ANY /v2/{proxy+}',
        rawPath: '/v2/a/b',
        rawQueryString: 'x=1&x=2',
        queryStringParameters: { x: '1,2' },
        cookies: ['a=1', 'b=2'],
        pathParameters: { proxy: 'a/b' },
        requestContext: { apiId: apiIdOf('Http'), stage: '$default' },
      });
      const logged = async () => await project.orchestrator.logs({ functionName: 'Node' });
      await until(async () =>
        (await logged()).some(({ text }) => /^HTTP RequestId: \S+ GET \/v2\/a\/b 200 /.test(text)),
      );
    },
    LIMIT_MS,
  );

  it(
    'answer a REST API’s client, with and without the stage in the path',
    async () => {
      for (const path of [
        '/orders/7',
        '/prod/orders/7',
        `/_aws/execute-api/${apiIdOf('Rest')}/prod/orders/7`,
      ]) {
        const { stdout } = await run('curl', ['-si', `${url}${path}`, '-d', 'hello']);
        expect(stdout).toMatch(/^HTTP\/1\.1 201 Created\r\n/);
        expect(stdout.match(/^x-two: .*\r$/gim)).toEqual(['X-Two: a\r', 'X-Two: b\r']);
        expect(stdout).toContain('{"got": "hello", "encoded": false, "path": "/orders/7"}');
      }
      const image = await fetch(`${url}/orders/7`, {
        method: 'POST',
        headers: { 'content-type': 'image/png' },
        body: new Uint8Array([0, 255]),
      });
      expect(await image.json()).toMatchObject({ got: 'AP8=', encoded: true });
      const preflight = await fetch(`${url}/orders/7`, { method: 'OPTIONS' });
      expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
      expect(preflight.headers.get('access-control-allow-methods')).toBe('OPTIONS,POST');
      const missing = await fetch(`${url}/orders`, { method: 'POST' });
      expect([missing.status, await missing.json()]).toEqual([
        403,
        { message: 'Missing Authentication Token' },
      ]);
    },
    LIMIT_MS,
  );

  it(
    'are served at a name of their own',
    async () => {
      const { port } = new URL(url);
      const rest = `http://${apiIdOf('Rest')}.execute-api.localhost:${port}/prod/orders/8`;
      const { stdout } = await run('curl', ['-s', rest, '-d', 'x']);
      expect(JSON.parse(stdout)).toMatchObject({ path: '/orders/8' });
      const balanced = await run('curl', [
        '-si',
        `http://shop.elb.localhost:${port}/any?q=%20a&q=b`,
      ]);
      expect(balanced.stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(balanced.stdout.match(/^set-cookie: .*\r$/gim)).toHaveLength(2);
      const [, body = ''] = balanced.stdout.split('\r\n\r\n');
      expect(JSON.parse(body)).toMatchObject({
        requestContext: { elb: { targetGroupArn: expect.stringContaining(':targetgroup/Group/') } },
        multiValueQueryStringParameters: { q: ['%20a', 'b'] },
        path: '/any',
      });
      const foreign = await run('curl', [
        '-s',
        '-o',
        '/dev/null',
        '-w',
        '%{http_code}',
        '-H',
        'Host: evil.example',
        `${url}/v2/a`,
      ]);
      expect(foreign.stdout).toBe('403');
    },
    LIMIT_MS,
  );

  it(
    'turn failures, nonsense and slowness into statuses, and bytes into bytes',
    async () => {
      const status = async (path: string) => (await fetch(`${url}${path}`)).status;
      expect(await status('/v2/x?do=fail')).toBe(500);
      expect(await status('/nowhere')).toBe(403);
      const text = await fetch(`${url}/v2/x?do=nonsense`);
      expect([text.status, await text.text()]).toEqual([200, 'nonsense']);
      const binary = await fetch(`${url}/v2/x?do=binary`);
      expect([...new Uint8Array(await binary.arrayBuffer())]).toEqual([0, 255, 1]);
      const late = await fetch(`${url}/slow?do=wait`);
      expect([late.status, await late.json()]).toEqual([503, { message: 'Service Unavailable' }]);
    },
    LIMIT_MS,
  );

  it(
    'let browsers of the origins that are named read',
    async () => {
      const headers = { origin: 'https://a.example', 'access-control-request-method': 'GET' };
      const preflight = await fetch(`${url}/v2/x`, { method: 'OPTIONS', headers });
      expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([
        204,
        'https://a.example',
      ]);
      const read = await fetch(`${url}/v2/x`, { headers: { origin: 'https://a.example' } });
      expect(read.headers.get('access-control-allow-origin')).toBe('https://a.example');
    },
    LIMIT_MS,
  );

  it(
    'ask authorizers: a function, and the issuer of tokens',
    async () => {
      const ask = (path: string, headers: Record<string, string>) =>
        fetch(`${url}${path}`, { headers });
      expect((await ask('/lambda', {})).status).toBe(401);
      expect((await ask('/lambda', { 'x-key': 'wrong' })).status).toBe(403);
      const right = await ask('/lambda', { 'x-key': 'right' });
      expect(await right.json()).toMatchObject({
        requestContext: { authorizer: { lambda: { who: 'me' } } },
      });
      expect((await ask('/jwt', { authorization: 'Bearer nonsense' })).status).toBe(401);
      const signed = await ask('/jwt', { authorization: `Bearer ${token}` });
      expect(await signed.json()).toMatchObject({
        requestContext: { authorizer: { jwt: { claims: { sub: 'me', aud: 'app' } } } },
      });
    },
    LIMIT_MS,
  );

  it(
    'follow the configuration: a route that is added is served at the next request',
    async () => {
      expect((await fetch(`${url}/added`)).status).toBe(403);
      const changed = JSON.stringify(template(issuerUrl)).replace('"/slow"', '"/added"');
      await project.write('template.json', changed);
      await until(async () => (await fetch(`${url}/added`)).status === 200);
      expect((await fetch(`${url}/slow`)).status).toBe(403);
    },
    LIMIT_MS,
  );
});
