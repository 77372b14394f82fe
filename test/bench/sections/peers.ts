/**
 * (10) serverless-offline beside us, with the same handler, load and door (the Invoke API): events in
 * a row, eight at once, and from the command to the first answer, ours with all defaults. It runs
 * handlers in threads, without containers, so it is no floor and there is no bar.
 */

import { installPeer, PEER, startPeer } from '../tools/peer.js';
import { sample, type Sample } from '../tools/sample.js';
import { LOOSE, type Figure } from '../tools/statistics.js';
import { load, startFloor, startOurs, type Running } from '../tools/targets.js';

const LANGUAGE = 'node';
const MANY = 8;
const EVENTS = { 1: 1000, [MANY]: 3000 } as const;

export async function peers(rounds: number): Promise<Figure[]> {
  const installed = await installPeer();
  return [...(await events(rounds, installed)), ...(await starts(rounds, installed))];
}

type Kind = 'floor' | 'ours' | 'peer';

async function events(rounds: number, installed: string): Promise<Figure[]> {
  const targets: Readonly<Record<Kind, Running>> = {
    floor: await startFloor(LANGUAGE, MANY),
    ours: await startOurs(['--no-watch']),
    peer: await startPeer(installed),
  };
  const figures: Figure[] = [];
  try {
    for (const inFlight of [1, MANY] as const) {
      const samples: Record<Kind, Sample[]> = { floor: [], ours: [], peer: [] };
      const job = { functionName: LANGUAGE, inFlight, count: EVENTS[inFlight] };
      for (let round = 0; round < rounds; round += 1) {
        for (const kind of ['floor', 'ours', 'peer'] as const) {
          samples[kind].push(await sample(targets[kind], job));
        }
      }
      figures.push(...figuresOf(inFlight, samples));
    }
  } finally {
    for (const target of Object.values(targets)) await target.stop();
  }
  return figures;
}

function figuresOf(inFlight: number, samples: Readonly<Record<Kind, Sample[]>>): Figure[] {
  const pair = (what: string, unit: string, pick: (one: Sample) => number): Figure[] => {
    const name = `${what}, ${LANGUAGE}, ${inFlight} in flight`;
    const [floor, ours, peer] = [samples.floor, samples.ours, samples.peer].map((all) =>
      all.map(pick),
    ) as [number[], number[], number[]];
    return [
      { name, unit, ours, theirs: peer, against: PEER },
      { name: `${PEER}: ${name}`, unit, ours: peer, theirs: floor, against: 'floor', told: true },
    ];
  };
  return [
    ...pair('p50', 'ms', (one) => one.p50),
    ...pair('throughput', '/s', (one) => one.perSecond),
  ];
}

interface Start {
  /** Of the first event once the command says that it is ready. */
  readonly firstMs: number;
  /** From the command to its answer. */
  readonly wholeMs: number;
}

async function starts(rounds: number, installed: string): Promise<Figure[]> {
  const ours: Start[] = [];
  const theirs: Start[] = [];
  for (let round = 0; round < rounds; round += 1) {
    theirs.push(await start(() => startPeer(installed)));
    ours.push(await start(() => startOurs(['--no-watch'])));
  }
  const pair = (name: string, pick: (one: Start) => number): Figure => ({
    name: `${name}, ${LANGUAGE}`,
    unit: 'ms',
    ours: ours.map(pick),
    theirs: theirs.map(pick),
    against: PEER,
    tolerance: LOOSE,
  });
  return [
    pair('first event right after the start', (one) => one.firstMs),
    pair('from the command to the first answer', (one) => one.wholeMs),
  ];
}

async function start(begin: () => Promise<Running>): Promise<Start> {
  const startedAt = performance.now();
  const target = await begin();
  try {
    const { latenciesMs } = await load({
      port: target.port,
      path: target.path(LANGUAGE),
      warmup: 0,
      count: 1,
      inFlight: 1,
      spacingMs: 0,
    });
    return { firstMs: latenciesMs[0] ?? Number.NaN, wholeMs: performance.now() - startedAt };
  } finally {
    await target.stop();
  }
}
