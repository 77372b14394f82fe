/**
 * From a line's `write` to where it is shown, in the terminal of `up` and in `logs --follow`, against
 * the attach stream of a container that prints the same; and whether anything is lost at
 * 10,000 lines a second from eight environments.
 */

import { request } from 'node:http';
import { join } from 'node:path';
import { packageRoot } from '../../../src/package-root.js';
import { BENCH_LABELS, docker, imageOf } from '../tools/engine.js';
import { copyOfFixture, foreground, type Foreground } from '../tools/foreground.js';
import { Printed } from '../tools/printed.js';
import { started } from '../tools/started.js';
import { LOOSE, median, percentile, type Figure } from '../tools/statistics.js';

const root = packageRoot();
const MAIN = join(root, 'dist/src/launcher.cjs');
const ATTACHED = join(root, 'dist/test/bench/tools/floor/attached.js');
/** A line each 10 ms or so: none waits for another. */
const CALM = { count: 300, perSecond: 100 };
const ENVIRONMENTS = 8;
const FLOOD = { count: 6_250, perSecond: 1_250 };
const QUIET_MS = 3_000;

export async function logs(rounds: number): Promise<Figure[]> {
  const project = await copyOfFixture('bench-logs');
  const state = join(project.folder, '.orchestrator');
  const up = foreground([MAIN, 'up', project.folder, '--port', '0', '--no-watch']);
  try {
    const [, port = ''] = await up.shows(/http:\/\/127\.0\.0\.1:(\d+)\/2015/);
    const shown = new Printed(up.stdout);
    const follower = foreground([MAIN, 'logs', '--follow', '-n', '0', '--state', state]);
    const followed = new Printed(follower.stdout);
    await reached(port, followed);
    const figures = await lateness(rounds, port, { shown, followed });
    return [...figures, ...(await losses(rounds, port, { state, shown, followed }))];
  } finally {
    await up.stop();
    await project.remove();
  }
}

interface Readers {
  readonly shown: Printed;
  readonly followed: Printed;
}

/** Once a line has come there, those that follow will. */
async function reached(port: string, reader: Printed): Promise<void> {
  while (reader.count === 0) {
    await print(port, { tag: 'warm', count: 1, perSecond: 1_000 });
    await reader.settled(1, 200);
  }
}

async function lateness(rounds: number, port: string, readers: Readers): Promise<Figure[]> {
  const p50s = { shown: [] as number[], followed: [] as number[], attached: [] as number[] };
  const p99s = { shown: [] as number[], followed: [] as number[], attached: [] as number[] };
  const keep = (name: keyof typeof p50s, { latenciesMs }: Printed): void => {
    p50s[name].push(median(latenciesMs));
    p99s[name].push(percentile(latenciesMs, 0.99));
  };
  for (let round = 0; round < rounds; round += 1) {
    keep('attached', await attachedPrinting());
    for (const reader of Object.values(readers)) (reader as Printed).clear();
    await print(port, { tag: 'calm', ...CALM });
    await Promise.all(
      Object.values(readers).map((reader) => (reader as Printed).settled(CALM.count, QUIET_MS)),
    );
    keep('shown', readers.shown);
    keep('followed', readers.followed);
  }
  const against = 'attach stream';
  return [
    {
      name: 'line to terminal of up, p50',
      unit: 'ms',
      ours: p50s.shown,
      theirs: p50s.attached,
      against,
      atMost: 2,
    },
    {
      name: 'line to logs --follow, p50',
      unit: 'ms',
      ours: p50s.followed,
      theirs: p50s.attached,
      against,
      atMost: 2,
    },
    {
      name: 'line to terminal of up, p99',
      unit: 'ms',
      ours: p99s.shown,
      theirs: p99s.attached,
      against,
      tolerance: LOOSE,
    },
    {
      name: 'line to logs --follow, p99',
      unit: 'ms',
      ours: p99s.followed,
      theirs: p99s.attached,
      against,
      tolerance: LOOSE,
    },
  ];
}

async function losses(
  rounds: number,
  port: string,
  { state, shown, followed }: Readers & { state: string },
): Promise<Figure[]> {
  const seen = { shown: [] as number[], followed: [] as number[], kept: [] as number[] };
  const all = ENVIRONMENTS * FLOOD.count;
  for (let round = 0; round < rounds; round += 1) {
    const tags = Array.from({ length: ENVIRONMENTS }, (_, index) => `flood-${round}-${index}`);
    shown.clear();
    followed.clear();
    await Promise.all(tags.map((tag) => print(port, { tag, ...FLOOD })));
    await Promise.all([followed.settled(all, QUIET_MS), shown.settled(all, QUIET_MS)]);
    seen.shown.push(shown.whole(tags, FLOOD.count));
    seen.followed.push(followed.whole(tags, FLOOD.count));
    const asked = foreground([MAIN, 'logs', '-n', '100000', '--state', state]);
    const kept = new Printed(asked.stdout);
    await new Promise((resolve) => asked.child.once('close', resolve));
    seen.kept.push(kept.whole(tags, FLOOD.count));
  }
  const theirs = seen.shown.map(() => all);
  const figure = (name: string, ours: number[]): Figure => ({
    name: `lines of 10,000/s from 8 environments, ${name}`,
    unit: 'lines',
    ours,
    theirs,
    against: 'printed',
    atLeast: 1,
    tolerance: 0,
  });
  return [
    figure('terminal of up', seen.shown),
    figure('logs --follow', seen.followed),
    figure('kept', seen.kept),
  ];
}

function print(port: string, event: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const path = '/2015-03-31/functions/printer/invocations';
    const asked = request({ port, path, method: 'POST', agent: false }, (response) => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`printing was answered with ${response.statusCode}`));
      });
    });
    asked.on('error', reject);
    asked.end(JSON.stringify(event));
  });
}

/** The same program in a plain container of the same image, shown by a plain client. */
async function attachedPrinting(): Promise<Printed> {
  const event = JSON.stringify({ tag: 'calm', ...CALM });
  // Once somebody reads.
  const program = `process.stdin.once('data', () => import('/task/index.mjs').then(({ handler }) => handler(${event})).then(() => process.exit(0)));`;
  const container = await docker.createContainer({
    Image: await imageOf('node'),
    Entrypoint: ['/var/lang/bin/node', '-e', program],
    Labels: BENCH_LABELS,
    OpenStdin: true,
    AttachStdin: true,
    HostConfig: {
      Binds: [`${join(root, 'test/fixtures/bench-logs/printer')}:/task:ro`],
      LogConfig: { Type: 'none', Config: {} },
    },
  });
  const remove = started(async () => {
    await container.remove({ force: true });
  });
  let client: Foreground | undefined;
  try {
    client = foreground([ATTACHED, container.id]);
    const printed = new Printed(client.stdout);
    await client.shows(/attached/);
    await container.start();
    const input = await container.attach({ stream: true, stdin: true, hijack: true });
    input.write('go\n');
    await printed.settled(CALM.count, QUIET_MS);
    return printed;
  } finally {
    await client?.stop();
    await remove();
  }
}
