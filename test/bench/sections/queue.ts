/**
 * (f) A function called by a queue against the same function called directly, eight at once, and
 * what a queue costs that is empty.
 */

import {
  GetEventSourceMappingCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { GetQueueUrlCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createAdminClient } from '../../../src/cli/admin-client.js';
import { findRun } from '../../../src/state/run-file.js';
import type { Figure } from '../tools/statistics.js';
import { cpuSeconds, load, startOurs, type RunningOurs } from '../tools/targets.js';

/** As the mapping of the bench project says. */
const ENVIRONMENTS = 8;
/** As its function takes for each message. */
const TASK_SECONDS = 0.05;
const BATCH = 10;
const MESSAGES = 800;
const CALLS = 80;
const IDLE_SECONDS = 10;
const AT_REST_MS = 3_000;

interface Bench {
  readonly target: RunningOurs;
  readonly lambda: LambdaClient;
  readonly sqs: SQSClient;
  readonly uuid: string;
}

export async function queue(rounds: number): Promise<Figure[]> {
  const target = await startOurs(['--no-watch', '--http-port', '0'], 'bench-queue');
  const client = {
    endpoint: `http://127.0.0.1:${target.port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  };
  const lambda = new LambdaClient(client);
  const sqs = new SQSClient(client);
  try {
    const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({}));
    const bench: Bench = { target, lambda, sqs, uuid: EventSourceMappings[0]?.UUID ?? '' };
    const idle = await idleCores(bench);
    const queued: number[] = [];
    const called: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      called.push(await callsPerSecond(target));
      queued.push(await messagesPerSecond(bench));
    }
    const busy = queued.map((perSecond) => perSecond * TASK_SECONDS);
    return [
      {
        name: 'messages of a queue, 8 environments',
        unit: '/s',
        ours: queued,
        theirs: called,
        against: 'direct calls',
        atLeast: 0.75,
      },
      {
        name: 'environments that a queue keeps busy',
        unit: '',
        ours: busy,
        theirs: busy.map(() => ENVIRONMENTS),
        against: 'eight',
      },
      {
        name: 'processor for a queue that is empty',
        unit: 'cores',
        ours: [idle],
        theirs: [1],
        against: 'one core',
        atMost: 0.02,
      },
    ];
  } finally {
    lambda.destroy();
    sqs.destroy();
    await target.stop();
  }
}

/** In messages, as many in each call as a batch holds. */
async function callsPerSecond({ port, path }: RunningOurs): Promise<number> {
  const { elapsedMs } = await load({
    port,
    path: path('Worker'),
    body: JSON.stringify({ Records: Array.from({ length: BATCH }, () => ({ body: 'called' })) }),
    warmup: ENVIRONMENTS,
    count: CALLS,
    inFlight: ENVIRONMENTS,
    spacingMs: 0,
  });
  return (CALLS * BATCH * 1000) / elapsedMs;
}

/** From the first message that is taken to the last one. */
async function messagesPerSecond(bench: Bench): Promise<number> {
  await enable(bench, false);
  await fill(bench);
  await enable(bench, true);
  let begunAt: number | undefined;
  for (;;) {
    const taken = await messagesTaken(bench);
    const now = performance.now();
    if (taken > 0) begunAt ??= now;
    if (taken >= MESSAGES) return (MESSAGES * 1000) / (now - (begunAt ?? now));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function messagesTaken({ target }: Bench): Promise<number> {
  const run = findRun({ directory: target.state, stateDirectory: target.state });
  const sources = await createAdminClient(run).sources();
  return sources.find(({ kind }) => kind === 'SQS')?.figures?.['messages'] ?? 0;
}

async function fill({ sqs }: Bench): Promise<void> {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'jobs' }));
  for (let sent = 0; sent < MESSAGES; sent += BATCH) {
    const Entries = Array.from({ length: BATCH }, (_, index) => ({
      Id: `${index}`,
      MessageBody: `${sent + index}`,
    }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  }
}

async function enable({ lambda, uuid: UUID }: Bench, Enabled: boolean): Promise<void> {
  const wanted = Enabled ? 'Enabled' : 'Disabled';
  const stateOf = async () => (await lambda.send(new GetEventSourceMappingCommand({ UUID }))).State;
  if ((await stateOf()) === wanted) return;
  await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled }));
  while ((await stateOf()) !== wanted) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function idleCores(bench: Bench): Promise<number> {
  const { pid } = bench.target;
  await enable(bench, true);
  await new Promise((resolve) => setTimeout(resolve, AT_REST_MS));
  const before = await cpuSeconds(pid);
  await new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1000));
  return ((await cpuSeconds(pid)) - before) / IDLE_SECONDS;
}
