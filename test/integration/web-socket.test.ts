import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { startTemplate, type Project } from '../support/project.js';
import { Client } from '../support/web-socket-bench.js';

const LIMIT_MS = 40_000;

/** Sends what it is told to whom it is told, as handlers of WebSocket APIs do. */
const CHAT = `
import {
  ApiGatewayManagementApiClient,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';

// AWS_ENDPOINT_URL says where.
const general = new ApiGatewayManagementApiClient({});
const post = (client, ConnectionId, data) =>
  client.send(new PostToConnectionCommand({ ConnectionId, Data: JSON.stringify(data) }));

export const handler = async (event) => {
  const { eventType, routeKey, connectionId, disconnectStatusCode } = event.requestContext;
  // As examples of AWS have it.
  const { domainName, stage } = event.requestContext;
  const own = new ApiGatewayManagementApiClient({ endpoint: \`https://\${domainName}/\${stage}\` });
  if (eventType === 'CONNECT') {
    if (event.queryStringParameters?.refuse !== undefined) return { statusCode: 418, body: 'tea' };
    const offered = event.headers['Sec-WebSocket-Protocol'];
    return {
      statusCode: 200,
      headers: offered === undefined ? {} : { 'Sec-WebSocket-Protocol': offered.split(',').at(-1).trim() },
    };
  }
  if (eventType === 'DISCONNECT') {
    const { watcher } = event.requestContext.authorizer ?? {};
    if (watcher) await post(general, watcher, { left: connectionId, disconnectStatusCode });
    return { statusCode: 200 };
  }
  const body = JSON.parse(event.body);
  if (routeKey === 'whoami') return { statusCode: 200, body: connectionId };
  if (routeKey === 'tell') await post(own, body.to, { from: connectionId, text: body.text });
  if (routeKey === 'fail') throw new Error('on purpose');
  return { statusCode: 200 };
};
`;

const GUARD = `
export const handler = async ({ methodArn, queryStringParameters }) => ({
  principalId: 'someone',
  context: { watcher: queryStringParameters.watcher ?? '' },
  policyDocument: {
    Version: '2012-10-17',
    Statement: [
      {
        Action: 'execute-api:Invoke',
        Effect: queryStringParameters.token === 'right' ? 'Allow' : 'Deny',
        Resource: methodArn,
      },
    ],
  },
});
`;

const CHAT_ARN = { 'Fn::GetAtt': ['Chat', 'Arn'] };
const ROUTE = { FunctionArn: CHAT_ARN };
const TWO_WAY = { ...ROUTE, RouteResponseSelectionExpression: '$default' };
const fn = (CodeUri: string): object => ({
  Type: 'AWS::Serverless::Function',
  Properties: {
    CodeUri,
    Runtime: 'nodejs22.x',
    Handler: 'index.handler',
    Timeout: 20,
    MemorySize: 256,
  },
});

const TEMPLATE = {
  Transform: 'AWS::Serverless-2016-10-31',
  Resources: {
    Chat: fn('chat'),
    Guard: fn('guard'),
    Room: {
      Type: 'AWS::Serverless::WebSocketApi',
      Properties: {
        StageName: 'live',
        Routes: { $connect: ROUTE, $disconnect: ROUTE, whoami: TWO_WAY, tell: ROUTE, fail: ROUTE },
      },
    },
    Guarded: {
      Type: 'AWS::Serverless::WebSocketApi',
      Properties: {
        StageName: 'guarded',
        Auth: {
          AuthType: 'CUSTOM',
          AuthArn: { 'Fn::GetAtt': ['Guard', 'Arn'] },
          IdentitySource: ['route.request.querystring.token'],
        },
        Routes: { $connect: ROUTE, $disconnect: ROUTE, whoami: TWO_WAY },
      },
    },
  },
};

describe('WebSocket APIs on the real engine', () => {
  let project: Project;
  let url: string;
  let sdk: ApiGatewayManagementApiClient;
  const clients: Client[] = [];

  beforeAll(async () => {
    project = await startTemplate(TEMPLATE, {
      'chat/index.mjs': CHAT,
      'guard/index.mjs': GUARD,
    });
    const room = project.orchestrator.addresses().find(({ address }) => address.endsWith('/live'));
    url = (room?.address ?? '').replace(/\/live$/, '');
    sdk = new ApiGatewayManagementApiClient({
      endpoint: `${url.replace(/^ws/, 'http')}/guarded`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    });
  }, LIMIT_MS);
  afterAll(async () => {
    sdk.destroy();
    for (const { socket } of clients) socket.terminate();
    await project.stop();
  }, LIMIT_MS);

  function connect(path: string, protocols: string[] = []): Client {
    const client = new Client(new WebSocket(`${url}${path}`, protocols));
    clients.push(client);
    return client;
  }

  /** A client, and what its connection is called. */
  async function member(path = '/live'): Promise<{ client: Client; id: string }> {
    const client = connect(path);
    await client.opened;
    client.send({ action: 'whoami' });
    return { client, id: await client.message(0) };
  }

  it(
    'connect whom the function lets in',
    async () => {
      expect(await connect('/live?refuse=1').refused).toMatchObject({ status: 418, body: 'tea' });
      const client = connect('/live', ['v1', 'v2']);
      await client.opened;
      expect(client.socket.protocol).toBe('v2');
    },
    LIMIT_MS,
  );

  it(
    'connect whom the authorizer lets in',
    async () => {
      expect((await connect('/guarded').refused).status).toBe(401);
      expect((await connect('/guarded?token=wrong').refused).status).toBe(403);
      await connect('/guarded?token=right').opened;
    },
    LIMIT_MS,
  );

  it(
    'carry what a function sends from one connection to another, with its own SDK',
    async () => {
      const [one, other] = [await member(), await member()];
      one.client.send({ action: 'tell', to: other.id, text: 'hello' });
      expect(JSON.parse(await other.client.message(1))).toEqual({ from: one.id, text: 'hello' });
    },
    LIMIT_MS,
  );

  it(
    'tell the client of a failure, and go on',
    async () => {
      const { client, id } = await member();
      client.send({ action: 'fail' });
      expect(JSON.parse(await client.message(1))).toMatchObject({
        message: 'Internal server error',
        connectionId: id,
      });
      client.send({ action: 'whoami' });
      expect(await client.message(2)).toBe(id);
    },
    LIMIT_MS,
  );

  it(
    'are managed with the SDK from outside; functions hear of the end',
    async () => {
      const watcher = await member();
      const leaver = await member(`/guarded?token=right&watcher=${watcher.id}`);
      await sdk.send(
        new PostToConnectionCommand({ ConnectionId: leaver.id, Data: 'from outside' }),
      );
      expect(await leaver.client.message(1)).toBe('from outside');
      const { Identity } = await sdk.send(new GetConnectionCommand({ ConnectionId: leaver.id }));
      expect(Identity?.SourceIp).toBe('127.0.0.1');
      await sdk.send(new DeleteConnectionCommand({ ConnectionId: leaver.id }));
      expect((await leaver.client.closed).code).toBe(1000);
      expect(JSON.parse(await watcher.client.message(1))).toEqual({
        left: leaver.id,
        disconnectStatusCode: 1000,
      });
      await expect(
        sdk.send(new PostToConnectionCommand({ ConnectionId: leaver.id, Data: 'late' })),
      ).rejects.toMatchObject({ name: 'GoneException' });
    },
    LIMIT_MS,
  );
});
