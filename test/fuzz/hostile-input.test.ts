/**
 * Hostile input at both doors while honest functions are at work: nothing may crash, hang, lose or
 * cross an invocation, or show one environment what belongs to another. The seed is fixed, and
 * printed with what fails.
 */

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { noteForSummary } from '../support/summary-note.js';
import { attacks, send, shown, type Attack, type Target } from './attack.js';
import { ATTACKER, HostileBench } from './hostile-bench.js';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20_251_126);
/** Attacks that are under way at once. */
const AT_ONCE = 20;
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 400);
const LIMIT_MS = 600_000;

const VICTIMS = ['victim-1', 'victim-2'];
/** Stand for the attacker's own host name and its present invocation. */
const HOST = '<host>';
const REQUEST_ID = '<request-id>';

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
    ['Lambda-Extension-Name', ['one', 'two', 'bootstrap']],
    ['Lambda-Extension-Identifier', [REQUEST_ID, '00000000-0000-4000-8000-000000000000']],
    ['Lambda-Extension-Function-Error-Type', ['Extension.Broken']],
    ['Lambda-Extension-Accept-Feature', ['accountId', 'accountId,more']],
    ['Content-Type', ['application/json']],
  ],
  bodies: [
    '{"events":["INVOKE","SHUTDOWN"]}',
    '{"events":[]}',
    '{"schemaVersion":"2022-12-13","types":["platform","function"],"destination":{"protocol":"HTTP","URI":"http://sandbox.localdomain:4243/"}}',
    '{"schemaVersion":"2022-12-13","types":["platform"],"destination":{"protocol":"TCP","port":4243},"buffering":{"maxItems":1000,"timeoutMs":25}}',
    '{"errorMessage":"m","errorType":"T"}',
  ],
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
const onCrash = (error: unknown): void => void crashes.push(error);

beforeAll(async () => {
  process.on('uncaughtException', onCrash);
  process.on('unhandledRejection', onCrash);
  await bench.start([...VICTIMS, ATTACKER]);
});
afterAll(async () => {
  await bench.close();
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
fuzz('the Lambda API', INVOKE, () => bench.invokeApi.port, [
  '127.0.0.1',
  '127.0.0.1',
  'localhost',
  'evil.example',
  '',
]);
