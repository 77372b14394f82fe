import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  CreateAliasCommand,
  InvokeCommand,
  type LambdaClient,
  PublishVersionCommand,
  PutFunctionEventInvokeConfigCommand,
} from '@aws-sdk/client-lambda';
import type { LogLine } from '../../src/view.js';
import { startProject, until, type Project } from '../support/project.js';
import { finished, projectFolder, removeFolder, up } from '../support/running-up.js';
import { lambdaClient } from '../support/aws-clients/lambda-client.js';

const LIMIT_MS = 120_000;
const ARN = 'arn:aws:lambda:us-east-1:123456789012:function:';

/** Prints its event as one line, and does what that says. */
const PRINTS = `export const handler = async (event, context) => {
  console.log('EVENT ' + JSON.stringify({ event, id: context.awsRequestId, atMs: Date.now() }));
  if (event.sleepMs) await new Promise((resolve) => setTimeout(resolve, event.sleepMs));
  if (event.fails) throw new Error('no stock');
  return { taken: event.order };
};`;
const files = { 'index.mjs': PRINTS };

interface Seen {
  readonly event: Record<string, unknown>;
  readonly id: string;
  /** By the handler's clock. */
  readonly atMs: number;
}

function seenIn(lines: readonly LogLine[]): Seen[] {
  return lines.flatMap(({ text }) => {
    const at = text.indexOf('EVENT {');
    if (at < 0) return [];
    return [JSON.parse(text.slice(at + 6)) as Seen];
  });
}

function clientOf(endpoint: string): LambdaClient {
  return lambdaClient(endpoint);
}

async function sendTo(client: LambdaClient, name: string, event: object): Promise<string> {
  const answer = await client.send(
    new InvokeCommand({
      FunctionName: name,
      InvocationType: 'Event',
      Payload: Buffer.from(JSON.stringify(event)),
    }),
  );
  expect(answer.StatusCode).toBe(202);
  expect(answer.Payload?.length ?? 0).toBe(0);
  return answer.$metadata.requestId ?? '';
}

describe('asynchronous events', () => {
  let project: Project;
  let client: LambdaClient;

  beforeAll(async () => {
    project = await startProject(
      {
        failing: { files, async: { onFailure: 'told', onSuccess: 'told' } },
        stopped: { files, reservedConcurrency: 0, async: { onFailure: 'told' } },
        narrow: { files, reservedConcurrency: 1, timeout: 30 },
        lonely: { files, async: { retries: 0, onFailure: 'arn:aws:sqs:us-east-1:1:queue' } },
        told: { files },
      },
      { timeScale: 60, spares: 0, services: 'none' },
    );
    client = clientOf(project.endpoint);
  }, LIMIT_MS);
  afterAll(async () => {
    client.destroy();
    await project.stop();
  }, LIMIT_MS);

  const seen = async (functionName: string): Promise<Seen[]> =>
    seenIn(await project.orchestrator.logs({ functionName }));
  const over = (): boolean => project.orchestrator.events(10).queued === 0;

  it(
    'of a failing function are run three times under one id, and the failure told in the exact record',
    async () => {
      const id = await sendTo(client, 'failing', { order: 7, fails: true });
      const told = async (): Promise<Seen | undefined> =>
        (await seen('told')).find(({ event }) => {
          const { requestContext } = event as { requestContext?: { requestId?: string } };
          return requestContext?.requestId === id;
        });
      await until(async () => (await told()) !== undefined && over());
      const attempts = (await seen('failing')).filter((attempt) => attempt.id === id);
      expect(attempts.map(({ event }) => event)).toEqual(
        Array.from({ length: 3 }, () => ({ order: 7, fails: true })),
      );
      const [first, second, third] = attempts.map(({ atMs }) => atMs);
      // A minute and two minutes, sixty times as fast: never sooner.
      expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(950);
      expect((third ?? 0) - (second ?? 0)).toBeGreaterThanOrEqual(1950);
      const record = await told();
      expect(record?.id).not.toBe(id);
      expect(record?.event).toEqual({
        version: '1.0',
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        requestContext: {
          requestId: id,
          functionArn: `${ARN}failing:$LATEST`,
          condition: 'RetriesExhausted',
          approximateInvokeCount: 3,
        },
        requestPayload: { order: 7, fails: true },
        responseContext: {
          statusCode: 200,
          executedVersion: '$LATEST',
          functionError: 'Unhandled',
        },
        responsePayload: {
          errorType: 'Error',
          errorMessage: 'no stock',
          trace: expect.any(Array),
        },
      });
      const lines = await project.orchestrator.logs({ functionName: 'failing', requestId: id });
      expect(lines.map(({ text }) => text)).toContain(
        `EVENT RequestId: ${id} RetriesExhausted after 3 attempts: no stock; on to ${ARN}told`,
      );
    },
    LIMIT_MS,
  );

  it(
    'that succeed are told to the on-success function',
    async () => {
      const id = await sendTo(client, 'failing', { order: 8 });
      const record = async (): Promise<Seen | undefined> =>
        (await seen('told')).find(({ event }) => JSON.stringify(event).includes(id));
      await until(async () => (await record()) !== undefined && over());
      expect((await record())?.event).toEqual({
        version: '1.0',
        timestamp: expect.any(String),
        requestContext: {
          requestId: id,
          functionArn: `${ARN}failing:$LATEST`,
          condition: 'Success',
          approximateInvokeCount: 1,
        },
        requestPayload: { order: 8 },
        responseContext: { statusCode: 200, executedVersion: '$LATEST' },
        responsePayload: { taken: 8 },
      });
    },
    LIMIT_MS,
  );

  it(
    'of a function that may not run go to its on-failure function at once',
    async () => {
      const id = await sendTo(client, 'stopped', { order: 9 });
      const record = async (): Promise<Seen | undefined> =>
        (await seen('told')).find(({ event }) => JSON.stringify(event).includes(id));
      await until(async () => (await record()) !== undefined && over());
      expect((await record())?.event).toEqual({
        version: '1.0',
        timestamp: expect.any(String),
        requestContext: {
          requestId: id,
          functionArn: `${ARN}stopped:$LATEST`,
          condition: 'ZeroReservedConcurrency',
          approximateInvokeCount: 0,
        },
        requestPayload: { order: 9 },
      });
      expect(await seen('stopped')).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'that are throttled wait in the queue until there is room, and run once each',
    async () => {
      const busy = project.invoke('narrow', { sleepMs: 15_000 });
      await until(async () => (await seen('narrow')).length === 1);
      const ids = [
        await sendTo(client, 'narrow', { order: 1 }),
        await sendTo(client, 'narrow', { order: 2 }),
      ];
      // Tried meanwhile, and refused.
      await until(() =>
        project.orchestrator.events(10).events.some(({ setbacks }) => setbacks > 1),
      );
      expect(await seen('narrow')).toHaveLength(1);
      expect((await busy).status).toBe(200);
      await until(over, () => project.orchestrator.events(10));
      const ran = (await seen('narrow')).slice(1).map(({ id }) => id);
      expect(ran.sort()).toEqual(ids.sort());
    },
    LIMIT_MS,
  );

  it(
    'sent to an alias follow its own settings, and the record names it',
    async () => {
      const published = await client.send(new PublishVersionCommand({ FunctionName: 'failing' }));
      await client.send(
        new CreateAliasCommand({
          FunctionName: 'failing',
          Name: 'live',
          FunctionVersion: published.Version,
        }),
      );
      await client.send(
        new PutFunctionEventInvokeConfigCommand({
          FunctionName: 'failing',
          Qualifier: 'live',
          MaximumRetryAttempts: 0,
          DestinationConfig: { OnFailure: { Destination: `${ARN}told` } },
        }),
      );
      const id = await sendTo(client, 'failing:live', { order: 10, fails: true });
      const record = async (): Promise<Seen | undefined> =>
        (await seen('told')).find(({ event }) => JSON.stringify(event).includes(id));
      await until(async () => (await record()) !== undefined && over());
      expect((await record())?.event).toMatchObject({
        requestContext: {
          requestId: id,
          functionArn: `${ARN}failing:live`,
          condition: 'RetriesExhausted',
          approximateInvokeCount: 1,
        },
        responseContext: { statusCode: 200, executedVersion: published.Version },
      });
    },
    LIMIT_MS,
  );

  it(
    'that cannot be told to a queue are over, and that is said and counted',
    async () => {
      const before = project.orchestrator.events(1).undelivered;
      const id = await sendTo(client, 'lonely', { fails: true });
      await until(() => project.orchestrator.events(1).undelivered === before + 1);
      expect(project.messages.at(-1)).toContain(`${id} of lonely cannot be told to arn:aws:sqs`);
      expect(over()).toBe(true);
    },
    LIMIT_MS,
  );
});

describe('six hours', () => {
  it(
    'pass in a moment when time is moved on, and what still failed is over',
    async () => {
      const project = await startProject({ failing: { files } }, { spares: 0 });
      const client = clientOf(project.endpoint);
      try {
        const { orchestrator } = project;
        const id = await sendTo(client, 'failing', { fails: true });
        const attempts = (): number | undefined => orchestrator.events(1).events[0]?.attempts;
        await until(() => attempts() === 1);
        expect(orchestrator.events(1).events[0]?.nextInMs).toBeGreaterThan(50_000);
        orchestrator.advanceTime(60_000);
        await until(() => attempts() === 2);
        orchestrator.advanceTime(6 * 3_600_000);
        await until(() => orchestrator.events(1).queued === 0);
        const lines = await orchestrator.logs({ functionName: 'failing', requestId: id });
        expect(lines.at(-1)?.text).toContain('EventAgeExceeded after 2 attempts: no stock');
        // What functions see is not moved.
        expect(Math.abs((lines.at(-1)?.timestampMs ?? 0) - Date.now())).toBeLessThan(3_600_000);
      } finally {
        client.destroy();
        await project.stop();
      }
    },
    LIMIT_MS,
  );
});

describe('a run that is killed', () => {
  it(
    'loses no event: the next one runs what was left, and the commands show it',
    async () => {
      const directory = await projectFolder({ fn: { files, timeout: 30 } });
      const state = join(directory, '.orchestrator');
      const started = [await up(directory)];
      try {
        const [first] = started;
        if (first === undefined) throw new Error('it did not start');
        const client = clientOf(first.endpoint);
        // One has run and failed, one is running, some wait.
        const ids = [await sendTo(client, 'fn', { order: 0, fails: true })];
        const events = async () => {
          const { stdout } = await finished(['events', '--json', '--state', state]);
          return JSON.parse(stdout) as {
            events: { requestId: string; attempts: number; running: boolean }[];
          };
        };
        await until(async () => (await events()).events[0]?.attempts === 1);
        for (let order = 1; order <= 20; order += 1) {
          ids.push(await sendTo(client, 'fn', { order, sleepMs: 1500 }));
        }
        client.destroy();
        await first.end('SIGKILL');

        const second = await up(directory, { flags: ['--time-scale', '60'] });
        started.push(second);
        await until(async () => (await events()).events.length === 0);
        const { stdout } = await finished(['logs', 'fn', '--json', '--state', state]);
        const lines = stdout.trim().split('\n');
        const ran = new Set(
          seenIn(lines.map((line) => JSON.parse(line) as LogLine)).map(({ id }) => id),
        );
        for (const id of ids) expect(ran).toContain(id);
      } finally {
        for (const run of started) await run.end('SIGTERM');
        await removeFolder(directory);
      }
    },
    LIMIT_MS,
  );

  it(
    'in order, on the other hand, says what stays queued',
    async () => {
      const directory = await projectFolder({ fn: { files } });
      const run = await up(directory);
      try {
        const state = join(directory, '.orchestrator');
        const event = JSON.stringify({ fails: true });
        const sent = await finished(['invoke', 'fn', '--async', '-d', event, '--state', state]);
        expect([sent.code, sent.stdout]).toEqual([0, expect.stringMatching(/^[0-9a-f-]{36}\n$/)]);
        await until(async () => {
          const { stdout } = await finished(['events', '--json', '--state', state]);
          return (
            (JSON.parse(stdout) as { events: { attempts: number }[] }).events[0]?.attempts === 1
          );
        });
        expect(await run.end('SIGTERM')).toBe(0);
        expect(run.messages.join('\n')).toContain(
          '1 asynchronous event stays queued for the next start',
        );
      } finally {
        await run.end('SIGKILL');
        await removeFolder(directory);
      }
    },
    LIMIT_MS,
  );
});
