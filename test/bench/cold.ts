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
} from './targets.js';

const COLD_STARTS = 5;

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

export async function cold(rounds: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const language of ['node', 'python'] as const) {
    const ours: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const mine: number[] = [];
      const theirs: number[] = [];
      for (let start = 0; start < COLD_STARTS; start += 1) {
        theirs.push(await bareStartMs(language));
        const target = await startOurs(['--spares', '0', '--no-watch']);
        const { latenciesMs } = await load({
          port: target.port,
          path: target.path(language),
          warmup: 0,
          count: 1,
          inFlight: 1,
          spacingMs: 0,
        });
        mine.push(latenciesMs[0] ?? Number.NaN);
        await target.stop();
      }
      ours.push(median(mine));
      bare.push(median(theirs));
    }
    figures.push({
      name: `cold start, ${language}`,
      unit: 'ms',
      ours,
      theirs: bare,
      against: 'bare create + start + print',
      atMost: 1.2,
    });
  }
  return figures;
}

/** 16 events of one second each, from no environment; against the bare start of one container. */
export async function burst(rounds: number): Promise<Figure[]> {
  const last: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    bare.push(await bareStartMs('node'));
    const target = await startOurs(['--spares', '0', '--no-watch']);
    const { latenciesMs } = await load({
      port: target.port,
      path: target.path('node'),
      body: '{"sleepMs":1000}',
      warmup: 0,
      count: 16,
      inFlight: 16,
      spacingMs: 0,
    });
    last.push(percentile(latenciesMs, 1) - 1000);
    await target.stop();
  }
  return [
    {
      name: 'burst of 16 from nothing, last answer less 1 s',
      unit: 'ms',
      ours: last,
      theirs: bare,
      against: 'one bare start',
    },
  ];
}

const FROZEN = 100;
const IDLE_SECONDS = 10;

/** The orchestrator with 100 frozen environments against itself with none. */
export async function idle(): Promise<Figure[]> {
  const target = await startOurs(['--spares', '0', '--no-watch']);
  try {
    const before = await residentBytes(target.pid);
    await load({
      port: target.port,
      path: target.path('python'),
      body: '{"sleepMs":1000}',
      warmup: 0,
      count: 1,
      inFlight: 1,
      spacingMs: 0,
    });
    await load({
      port: target.port,
      path: target.path('node'),
      body: '{"sleepMs":60000}',
      warmup: 0,
      count: FROZEN,
      inFlight: FROZEN,
      spacingMs: 0,
    }).catch(() => undefined);
    const cpuBefore = await cpuSeconds(target.pid);
    await new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1000));
    const cpu = ((await cpuSeconds(target.pid)) - cpuBefore) / IDLE_SECONDS;
    const after = await residentBytes(target.pid);
    return [
      {
        name: `memory with ${FROZEN} frozen environments`,
        unit: 'MB',
        ours: [after / 2 ** 20],
        theirs: [before / 2 ** 20],
        against: 'with none',
      },
      {
        name: `idle processor with ${FROZEN} frozen environments`,
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
