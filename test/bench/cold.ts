/** (c) Cold starts against the bare engine calls of the same image, (d) bursts, (e) idle cost. */

import { median, percentile, type Figure } from './statistics.js';
import {
  cpuSeconds,
  docker,
  imageOf,
  load,
  residentBytes,
  startOurs,
  type Language,
  type RunningOurs,
} from './targets.js';

const COLD_STARTS = 5;
/** After this what is made ahead is there, and nothing else is done. */
const AT_REST_MS = 3_000;

/** Create, start, the interpreter prints a line: what no orchestrator can do without. */
async function bareStartMs(language: Language): Promise<number> {
  const image = await imageOf(language);
  const command =
    language === 'node'
      ? ['/var/lang/bin/node', '-e', 'console.log(1)']
      : ['/var/lang/bin/python3', '-c', 'print(1)'];
  const startedAt = performance.now();
  const container = await docker.createContainer({
    Image: image,
    Cmd: command,
    AttachStdout: true,
    Labels: { 'dev.orchestrator.run': 'bench-cold' },
    HostConfig: { NetworkMode: 'bridge', LogConfig: { Type: 'none', Config: {} } },
  });
  const stream = await container.attach({ stream: true, stdout: true });
  const printed = new Promise((resolve) => stream.once('data', resolve));
  await container.start();
  await printed;
  const took = performance.now() - startedAt;
  await container.remove({ force: true });
  return took;
}

/** The first event of a function, with no environment and no spare. */
async function coldStartMs(language: Language, restMs: number): Promise<number> {
  const target = await startOurs(['--spares', '0', '--no-watch']);
  await new Promise((resolve) => setTimeout(resolve, restMs));
  const { latenciesMs } = await load({
    port: target.port,
    path: target.path(language),
    warmup: 0,
    count: 1,
    inFlight: 1,
    spacingMs: 0,
  });
  await target.stop();
  return latenciesMs[0] ?? Number.NaN;
}

/** (c) Cold starts, at rest and in the first moment after `up`, against the bare engine calls. */
export async function cold(rounds: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const language of ['node', 'python'] as const) {
    const medians = { rest: [] as number[], first: [] as number[], bare: [] as number[] };
    for (let round = 0; round < rounds; round += 1) {
      const times = { rest: [] as number[], first: [] as number[], bare: [] as number[] };
      for (let start = 0; start < COLD_STARTS; start += 1) {
        times.bare.push(await bareStartMs(language));
        times.rest.push(await coldStartMs(language, AT_REST_MS));
        times.first.push(await coldStartMs(language, 0));
      }
      for (const kind of ['rest', 'first', 'bare'] as const) {
        medians[kind].push(median(times[kind]));
      }
    }
    const against = 'bare create + start + print';
    const common = { unit: 'ms', theirs: medians.bare, against };
    figures.push(
      { name: `cold start, ${language}`, ...common, ours: medians.rest, atMost: 1.2 },
      { name: `cold start right after up, ${language}`, ...common, ours: medians.first },
    );
  }
  return figures;
}

const BURST = 16;
const SLEEP_MS = 1000;

/** Every container started at once, as one would write it first: the last line printed. */
async function naiveBurstMs(language: Language): Promise<number> {
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: BURST }, () => bareStartMs(language)));
  return performance.now() - startedAt;
}

/** (d) 16 events of one second each, from no environment; the wait of the last one. */
export async function burst(rounds: number): Promise<Figure[]> {
  const ours: number[] = [];
  const naive: number[] = [];
  const started: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    naive.push(await naiveBurstMs('node'));
    const target = await startOurs(['--spares', '0', '--no-watch']);
    const { latenciesMs } = await load({
      port: target.port,
      path: target.path('node'),
      body: JSON.stringify({ sleepMs: SLEEP_MS }),
      warmup: 0,
      count: BURST,
      inFlight: BURST,
      spacingMs: 0,
    });
    ours.push(percentile(latenciesMs, 1) - SLEEP_MS);
    started.push((await target.states()).length);
    await target.stop();
  }
  return [
    {
      name: `burst of ${BURST} from nothing: wait of the last`,
      unit: 'ms',
      ours,
      theirs: naive,
      against: `${BURST} bare starts at once`,
    },
    {
      name: `burst of ${BURST} from nothing: environments`,
      unit: 'started',
      ours: started,
      theirs: started.map(() => BURST),
      against: 'one for each event',
      atMost: 1,
    },
  ];
}

const FROZEN = 100;
const IDLE_SECONDS = 10;
/** Above what starting all of them takes, so that each event finds the others busy. */
const BUSY_MS = 120_000;

/** (e) The orchestrator with 100 frozen environments against itself with none. */
export async function idle(): Promise<Figure[]> {
  const target = await startOurs(['--spares', '0', '--no-watch', '--memory-budget', '100000']);
  try {
    const one = { port: target.port, path: target.path('node'), warmup: 0, spacingMs: 0 };
    await load({ ...one, count: 1, inFlight: 1 });
    const before = await residentBytes(target.pid);
    await load({
      ...one,
      body: JSON.stringify({ sleepMs: BUSY_MS }),
      count: FROZEN,
      inFlight: FROZEN,
    });
    const frozen = await allFrozen(target);
    const cpuBefore = await cpuSeconds(target.pid);
    await new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1000));
    const cpu = ((await cpuSeconds(target.pid)) - cpuBefore) / IDLE_SECONDS;
    const after = await residentBytes(target.pid);
    return [
      {
        name: `memory of the orchestrator, ${frozen} frozen environments`,
        unit: 'MB',
        ours: [after / 2 ** 20],
        theirs: [before / 2 ** 20],
        against: 'with one',
      },
      {
        name: `idle processor, ${frozen} frozen environments`,
        unit: 'cores',
        ours: [cpu],
        theirs: [1],
        against: 'one core',
      },
    ];
  } finally {
    await target.stop();
  }
}

/** How many there are once every environment is frozen. */
async function allFrozen(target: RunningOurs): Promise<number> {
  for (;;) {
    const states = await target.states();
    if (states.every((state) => state === 'frozen')) return states.length;
  }
}
