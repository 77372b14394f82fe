/** What functions reach, through real sockets. */

import { afterEach, expect, test } from '@jest/globals';
import { connect } from 'node:http2';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { request as secureRequest } from 'node:https';
import { Readable } from 'node:stream';
import { AwsEndpoint } from '../../../src/aws-endpoint/aws-endpoint.js';
import { Callers } from '../../../src/aws-endpoint/callers.js';
import { ContainerDoor } from '../../../src/aws-endpoint/container-door.js';

const open: ContainerDoor[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((door) => door.destroy()));
});

const signed = (service: string, key = 'AKIAORCHESTRATOR0000'): string =>
  `AWS4-HMAC-SHA256 Credential=${key}/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=abc`;

async function doorFor(callers = new Callers()) {
  const endpoint = new AwsEndpoint();
  const tell =
    (who: string) =>
    (request: IncomingMessage, response: ServerResponse): void => {
      request.resume();
      response.end(`${who} ${request.method} ${request.url} ${request.headers.host}`);
    };
  endpoint.serve('events', tell('events'));
  endpoint.forward = (service, request, response) =>
    tell(`forwarded ${service}`)(request, response);
  const door = new ContainerDoor({ endpoint, callers });
  door.lambda = tell('lambda');
  open.push(door);
  const url = await door.listen('127.0.0.1', '127.0.0.1');
  const ask = async (path: string, headers: Record<string, string> = {}, method = 'POST') => {
    const answer = await fetch(`${url}${path}`, { method, headers });
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  };
  return { ask, callers, door, endpoint, url };
}

const INVOKE = '/2015-03-31/functions/hello/invocations';

test.each([
  ['lambda', `lambda POST ${INVOKE}`],
  ['events', `events POST ${INVOKE}`],
  ['sqs', `forwarded sqs POST ${INVOKE}`],
])('with a token of ours a request for %s is answered by whom it is for', async (service, text) => {
  const { ask, callers } = await doorFor();
  const token = callers.issue() ?? '';
  const answer = await ask(INVOKE, {
    authorization: signed(service),
    'x-amz-security-token': token,
  });
  expect(answer.status).toBe(200);
  expect(answer.text).toContain(text);
});

test('a token nobody was given is refused, in the words of the service', async () => {
  const { ask } = await doorFor();
  const stranger = { 'x-amz-security-token': 'made-up' };
  const lambda = await ask(INVOKE, { ...stranger, authorization: signed('lambda') });
  expect(lambda.status).toBe(403);
  expect(lambda.headers.get('x-amzn-errortype')).toBe('UnrecognizedClientException');
  expect(JSON.parse(lambda.text)).toMatchObject({ __type: 'UnrecognizedClientException' });
  const s3 = await ask('/bucket/key', { ...stranger, authorization: signed('s3') }, 'PUT');
  expect(s3.status).toBe(400);
  expect(s3.text).toContain('<Code>InvalidToken</Code>');
});

test('a call without credentials reaches no function, bus or page of ours', async () => {
  const { ask } = await doorFor();
  for (const [path, headers] of [
    [INVOKE, {}],
    ['/_orchestrator/status', {}],
    ['/', { 'x-amz-target': 'AWSEvents.PutEvents' }],
  ] as const) {
    const answer = await ask(path, headers);
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('Missing Authentication Token');
  }
});

test('services take what needs no credentials: signing in, public objects', async () => {
  const { ask, endpoint } = await doorFor();
  endpoint.hasServices = () => true;
  const target = 'AWSCognitoIdentityProviderService.InitiateAuth';
  const signIn = await ask('/', { 'x-amz-target': target });
  expect(signIn.text).toContain('forwarded cognito-idp');
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  expect((await ask('/', form)).text).toContain('forwarded query');
  expect((await ask('/bucket/key', {}, 'GET')).text).toContain('forwarded s3');
});

test('a web page that a name of its own leads here, or that posts across sites, is refused', async () => {
  const { ask, callers, url } = await doorFor();
  const token = callers.issue() ?? '';
  const own = { authorization: signed('sqs'), 'x-amz-security-token': token };
  expect((await ask('/', { ...own, origin: 'http://evil.example' })).status).toBe(403);
  const { port } = new URL(url);
  const session = connect(url);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/',
    ':authority': `evil.example:${port}`,
    ...own,
  });
  const status = new Promise((resolve) =>
    stream.on('response', (head) => resolve(head[':status'])),
  );
  stream.resume();
  stream.end();
  expect(await status).toBe(403);
  session.destroy();
});

test('presigned requests carry the token in their query', async () => {
  const { ask, callers } = await doorFor();
  const query = `X-Amz-Credential=AK%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Security-Token=`;
  expect((await ask(`/b/k?${query}${callers.issue()}`, {}, 'GET')).text).toContain('forwarded s3');
  expect((await ask(`/b/k?${query}other`, {}, 'GET')).status).toBe(400);
});

test('what STS hands out to a caller of ours is as good', async () => {
  const { ask, callers } = await doorFor();
  const assumed = 'FQoGZXIvYXdzEBYaDassumed';
  const xml = `<Credentials><SessionToken>${assumed}</SessionToken></Credentials>`;
  const answer = Readable.from([Buffer.from(xml.slice(0, 30)), Buffer.from(xml.slice(30))]);
  const ended = new Promise((resolve) => answer.once('end', resolve));
  callers.learn(answer as IncomingMessage);
  await ended;
  const headers = { authorization: signed('sqs'), 'x-amz-security-token': assumed };
  expect((await ask('/', headers)).text).toContain('forwarded sqs');
});

test('a token in use stays known, however many others are handed out', () => {
  const callers = new Callers();
  const [used, unused] = [callers.issue() ?? '', callers.issue() ?? ''];
  const knows = (token: string) =>
    callers.knows({ headers: { 'x-amz-security-token': token } }, { service: 'sqs' });
  for (let count = 0; count < 20_000; count += 1) {
    callers.issue();
    if (count % 1000 === 0) expect(knows(used)).toBe(true);
  }
  expect([knows(used), knows(unused)]).toEqual([true, false]);
});

test('functions with the user’s own credentials are known by their key', async () => {
  const { ask, callers } = await doorFor(new Callers('AKIAUSER'));
  expect(callers.issue()).toBeUndefined();
  expect((await ask(INVOKE, { authorization: signed('lambda', 'AKIAUSER') })).status).toBe(200);
  expect((await ask(INVOKE, { authorization: signed('lambda', 'AKIAELSE') })).status).toBe(403);
});

test('a client that begins with HTTP/2 is served like any other', async () => {
  const { callers, url } = await doorFor();
  const session = connect(url);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/',
    authorization: signed('kinesis'),
    'x-amz-security-token': callers.issue() ?? '',
  });
  stream.end(Buffer.alloc(2 ** 20));
  let text = '';
  for await (const piece of stream) text += String(piece);
  expect(text).toBe(`forwarded kinesis POST / ${new URL(url).host}`);
  session.destroy();
});

test('a body over HTTP/2 arrives whole, whatever the method and though nobody said how long', async () => {
  const { callers, door, url } = await doorFor();
  door.lambda = (request, response) => {
    let text = '';
    request.on('data', (piece: Buffer) => (text += piece.toString()));
    request.on('end', () => response.end(`${request.method} ${text}`));
  };
  const session = connect(url);
  for (const method of ['GET', 'DELETE', 'POST']) {
    const stream = session.request(
      {
        ':method': method,
        ':path': INVOKE,
        authorization: signed('lambda'),
        'x-amz-security-token': callers.issue() ?? '',
      },
      { endStream: false },
    );
    stream.end('GET /other HTTP/1.1\r\n\r\n');
    let text = '';
    for await (const piece of stream) text += String(piece);
    expect(text).toBe(`${method} GET /other HTTP/1.1\r\n\r\n`);
  }
  session.destroy();
});

test('before the Lambda API is there, callers are told to come again', async () => {
  const callers = new Callers();
  const door = new ContainerDoor({ endpoint: new AwsEndpoint(), callers });
  open.push(door);
  const url = await door.listen('127.0.0.1', '127.0.0.1');
  const answer = await fetch(`${url}${INVOKE}`, {
    method: 'POST',
    headers: { authorization: signed('lambda'), 'x-amz-security-token': callers.issue() ?? '' },
  });
  expect(answer.status).toBe(503);
});

test('where only the engine knows our address, functions are given its name', async () => {
  const door = new ContainerDoor({ endpoint: new AwsEndpoint(), callers: new Callers() });
  open.push(door);
  expect(await door.listen('127.0.0.1', 'host-gateway')).toMatch(
    /^http:\/\/host\.docker\.internal:\d+$/,
  );
});

test('whoever was told to trust it may ask by TLS, once it is secured', async () => {
  const { callers, door, url } = await doorFor();
  const headers = {
    authorization: signed('events'),
    'x-amz-security-token': callers.issue() ?? '',
  };
  const { hostname, port } = new URL(url);
  const ask = (ca?: string) =>
    secureRequest({ hostname, port, path: INVOKE, method: 'POST', headers, agent: false, ca });
  const refused = ask();
  refused.end();
  await once(refused, 'error');
  const asked = ask(door.secure(Date.now()));
  asked.end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  const [text] = (await once(answer, 'data')) as [Buffer];
  expect(text.toString()).toContain(`events POST ${INVOKE}`);
});
