/**
 * Hostile input at both doors while honest functions are at work: nothing may crash, hang, lose or
 * cross an invocation, or show one environment what belongs to another. The seed is fixed, and
 * printed with what fails.
 */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { noteForSummary } from '../support/summary-note.js';
import { attacks, send, shown, type Attack, type Target } from './attack.js';
import { ATTACKER, ATTACKER_ADDRESS, HostileBench } from './hostile-bench.js';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20_251_126);
/** Attacks that are under way at once. */
const AT_ONCE = 20;
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 400);
const LIMIT_MS = 600_000;

const VICTIMS = ['victim-1', 'victim-2'];
/** Stand for the attacker's own host name, its present invocation and its extension. */
const HOST = '<host>';
const REQUEST_ID = '<request-id>';
const EXTENSION = '<extension>';

const RUNTIME: Target = {
  methods: ['GET', 'POST'],
  paths: [
    '/2018-06-01/runtime/invocation/next',
    `/2018-06-01/runtime/invocation/${REQUEST_ID}/response`,
    `/2018-06-01/runtime/invocation/${REQUEST_ID}/error`,
    '/2018-06-01/runtime/init/error',
    '/2018-06-01/runtime/restore/next',
    '/2018-06-01/runtime/restore/error',
    '/2021-04-23/credentials',
  ],
  headers: [
    ['Content-Type', ['application/json', 'application/octet-stream']],
    ['Lambda-Runtime-Function-Response-Mode', ['streaming', 'buffered']],
    ['Lambda-Runtime-Function-Error-Type', ['Runtime.Unknown', 'Function.X', 'x']],
    ['Lambda-Runtime-Invocation-Id', ['0', 'abc']],
    ['Authorization', ['token']],
  ],
  bodies: ['{}', '"result"', '{"errorMessage":"m","errorType":"T","stackTrace":[]}'],
};

/** Where telemetry is asked to be sent: inside, and where nobody may be made to connect to. */
const DESTINATIONS: readonly object[] = [
  { protocol: 'HTTP', URI: 'http://sandbox.localdomain:4243/' },
  { protocol: 'HTTP', URI: 'http://SANDBOX.localdomain:4243/a?b#c', method: 'PUT' },
  { protocol: 'HTTP', URI: 'http://user:word@sandbox.localdomain:4243/%0d%0aX: y' },
  { protocol: 'TCP', port: 4243 },
  { protocol: 'TCP', port: 4243, host: '127.0.0.1', address: '169.254.169.254' },
  ...[
    'http://127.0.0.1:4243/',
    'http://localhost:4243/',
    'http://169.254.169.254/latest/meta-data/',
    'http://sandbox.localdomain@127.0.0.1:4243/',
    'http://sandbox.localdomain.evil.example:4243/',
    'http://sandbox.localdomain.:4243/',
    'http://sandbox.localdomain:4243@127.0.0.1/',
    'http:\\\\127.0.0.1:4243\\sandbox.localdomain',
    'http://[::1]:4243/',
    'http://0x7f.1:4243/',
    'https://sandbox.localdomain:4243/',
    'file:///etc/passwd',
    'http:///var/run/docker.sock',
  ].map((URI) => ({ protocol: 'HTTP', URI })),
  ...[0, -1, 65_536, 1.5, '4243'].map((port) => ({ protocol: 'TCP', port })),
  { protocol: 'UNIX', path: '/var/run/docker.sock' },
  { protocol: 'HTTP', URI: { toString: 'x' } },
];

function subscription(destination: object): string {
  return JSON.stringify({
    schemaVersion: '2022-07-01',
    types: ['platform', 'function', 'extension'],
    buffering: { maxItems: 1000, maxBytes: 262_144, timeoutMs: 25 },
    destination,
  });
}

const EXTENSIONS: Target = {
  methods: ['GET', 'POST', 'PUT'],
  paths: [
    '/2020-01-01/extension/register',
    '/2020-01-01/extension/event/next',
    '/2020-01-01/extension/init/error',
    '/2020-01-01/extension/exit/error',
    '/2022-07-01/telemetry',
    '/2020-08-15/logs',
  ],
  headers: [
    ['Lambda-Extension-Name', ['one', 'two', 'bootstrap', 'insider']],
    [
      'Lambda-Extension-Identifier',
      [EXTENSION, EXTENSION, EXTENSION, REQUEST_ID, '00000000-0000-4000-8000-000000000000'],
    ],
    ['Lambda-Extension-Function-Error-Type', ['Extension.Broken']],
    ['Lambda-Extension-Accept-Feature', ['accountId', 'accountId,more']],
    ['Content-Type', ['application/json']],
  ],
  bodies: [
    '{"events":["INVOKE","SHUTDOWN"]}',
    '{"events":[]}',
    ...DESTINATIONS.map(subscription),
    '{"errorMessage":"m","errorType":"T"}',
  ],
};

/** Responses in pieces: cut anywhere, ended in any way. */
const STREAMING: Target = {
  methods: ['POST'],
  paths: [`/2018-06-01/runtime/invocation/${REQUEST_ID}/response`],
  headers: [
    ['Lambda-Runtime-Function-Response-Mode', ['streaming']],
    ['Content-Type', ['application/vnd.awslambda.http-integration-response', 'text/plain']],
    ['Trailer', ['Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body']],
    ['Lambda-Runtime-Invocation-Id', ['0']],
  ],
  bodies: ['{"statusCode":200}\0\0\0\0\0\0\0\0body', 'x'.repeat(100_000), 'piece'],
};

const INVOKE: Target = {
  methods: ['POST', 'GET', 'PUT', 'DELETE'],
  paths: [
    `/2015-03-31/functions/${ATTACKER}/invocations`,
    `/2015-03-31/functions/${ATTACKER}/invocations?Qualifier=$LATEST`,
    `/2014-11-13/functions/${ATTACKER}/invoke-async/`,
    `/2021-11-15/functions/${ATTACKER}/response-streaming-invocations`,
    '/2015-03-31/functions',
    `/2015-03-31/functions/${ATTACKER}`,
    '/2015-03-31/functions?Marker=x&MaxItems=3',
    '/2018-10-31/layers',
    '/2016-08-19/account-settings/',
  ],
  headers: [
    ['X-Amz-Invocation-Type', ['RequestResponse', 'Event', 'DryRun']],
    ['X-Amz-Log-Type', ['None', 'Tail']],
    ['X-Amz-Client-Context', ['e30=', 'bm9uc2Vuc2U=']],
    ['X-Amzn-Trace-Id', ['Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1']],
    ['Origin', ['http://evil.example']],
    ['Authorization', ['AWS4-HMAC-SHA256 Credential=x', 'Bearer x']],
  ],
  bodies: ['{}', '[1,2,3]', '"text"', '{"FunctionName":"x"}'],
};

const bench = new HostileBench();
const secrets = new Set<string>();
let sent = 0;
let working = false;
let honest = 0;
const crashes: unknown[] = [];
/** Where this process was made to connect to, besides the doors that tests knock at. */
const connectedTo = new Set<string>();
const onSocket = (message: unknown): void => {
  const { socket } = message as { socket: Socket };
  socket.on('connectionAttempt', (address: string, port: number) => {
    const ours = port === bench.runtimePort || port === bench.invokeApi.port;
    if (!ours || address !== '127.0.0.1') connectedTo.add(address);
  });
};
const onCrash = (error: unknown): void => void crashes.push(error);

beforeAll(async () => {
  process.on('uncaughtException', onCrash);
  process.on('unhandledRejection', onCrash);
  subscribe('net.client.socket', onSocket);
  bench.wantedSubscriptions = DESTINATIONS.map(subscription);
  await bench.start([...VICTIMS, ATTACKER]);
});
afterAll(async () => {
  await bench.close();
  unsubscribe('net.client.socket', onSocket);
  process.off('uncaughtException', onCrash);
  process.off('unhandledRejection', onCrash);
  const text = `${sent} hostile inputs tried, with ${honest} honest invocations meanwhile`;
  noteForSummary('fuzz', 'hostile-input', text);
});

/** What the attacker's environments are asked meanwhile may well fail; that it ends is enough. */
function keepAttackerWorking(): void {
  if (working) return;
  working = true;
  void bench.invokeAnyhow(ATTACKER).then(() => (working = false));
}

function fuzz(title: string, target: Target, port: () => number, hosts: readonly string[]): void {
  it(
    `${title} takes ${RUNS * AT_ONCE} hostile inputs`,
    async () => {
      const property = fc.asyncProperty(
        fc.array(attacks(target, hosts), { minLength: AT_ONCE, maxLength: AT_ONCE }),
        async (all) => {
          keepAttackerWorking();
          const values = {
            [HOST]: bench.hostOf(ATTACKER),
            [REQUEST_ID]: bench.requestOf(ATTACKER),
            [EXTENSION]: bench.extension,
          };
          const aim = { port: port(), values };
          const [answers, shownSecrets] = await Promise.all([
            Promise.all(all.map((attack) => send(attack, aim))),
            Promise.all(VICTIMS.map((name) => bench.invokeHonestly(name))),
          ]);
          sent += all.length;
          honest += shownSecrets.length;
          for (const secret of shownSecrets) secrets.add(secret);
          all.forEach((attack, index) => checkAnswer(attack, answers[index] ?? Buffer.alloc(0)));
          expect(crashes).toEqual([]);
        },
      );
      // No shrinking: a failure prints its inputs, and the seed replays them.
      await fc.assert(property, { numRuns: RUNS, seed: SEED, endOnFailure: true });
      await bench.invokeAnyhow(ATTACKER);
    },
    LIMIT_MS,
  );
}

/** HTTP or nothing, never an internal failure, never what belongs to another environment. */
function checkAnswer(attack: Attack, answer: Buffer): void {
  const text = answer.toString('latin1');
  const told = `${shown(attack)}\n→ ${text.slice(0, 500)}`;
  if (answer.length > 0 && !/^HTTP\/1\.1 \d{3} /.test(text)) throw new Error(`no HTTP: ${told}`);
  if (/^HTTP\/1\.1 500 /m.test(text)) throw new Error(`an internal failure: ${told}`);
  if (/\n\s+at .+:\d+:\d+/.test(text)) throw new Error(`a stack trace: ${told}`);
  for (const secret of secrets) if (text.includes(secret)) throw new Error(`a secret: ${told}`);
}

const RUNTIME_HOSTS = [HOST, HOST, HOST, HOST, 'nobody.runtime:9001', '127.0.0.1', ''];

fuzz('the Runtime API', RUNTIME, () => bench.runtimePort, RUNTIME_HOSTS);
fuzz('the Extensions and Telemetry APIs', EXTENSIONS, () => bench.runtimePort, RUNTIME_HOSTS);
fuzz('the way of streamed responses', STREAMING, () => bench.runtimePort, RUNTIME_HOSTS);
fuzz('the Lambda API', INVOKE, () => bench.invokeApi.port, [
  '127.0.0.1',
  '127.0.0.1',
  'localhost',
  'evil.example',
  '',
]);

it(
  'an attacker has this process connect to nobody but its own environment',
  async () => {
    await bench.subscribeAll();
    expect(bench.subscriptions).toBeGreaterThan(0);
    expect([...connectedTo]).toEqual([ATTACKER_ADDRESS]);
    expect(crashes).toEqual([]);
  },
  LIMIT_MS,
);
