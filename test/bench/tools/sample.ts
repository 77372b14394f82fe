/** Events in a row at one target, as the figures that sections compare. */

import { median, percentile } from './statistics.js';
import { cpuSeconds, load, type Running } from './targets.js';

export interface Sample {
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
  /** Processor time of whoever is between client and environments, for each event. */
  readonly cpuUs: number;
}

export interface SampleJob {
  readonly functionName: string;
  readonly inFlight: number;
  readonly count: number;
  readonly body?: string;
}

const WARMUP = 300;

export async function sample(target: Running, job: SampleJob): Promise<Sample> {
  const { functionName, inFlight, count, body } = job;
  const common = { port: target.port, path: target.path(functionName), inFlight, spacingMs: 0 };
  const sent = body === undefined ? common : { ...common, body };
  // As a load of its own: what is measured begins with the first event that counts.
  await load({ ...sent, warmup: 0, count: Math.min(WARMUP, count) });
  const before = await cpuSeconds(target.pid);
  const { latenciesMs, elapsedMs } = await load({ ...sent, warmup: 0, count });
  const cpu = (await cpuSeconds(target.pid)) - before;
  return {
    p50: median(latenciesMs),
    p99: percentile(latenciesMs, 0.99),
    perSecond: (count * 1000) / elapsedMs,
    cpuUs: (cpu * 1e6) / count,
  };
}

/** Who is measured, and what against. */
export interface Both {
  readonly ours: Running;
  readonly floor: Running;
}

/** Of all rounds. */
export interface SampledBoth {
  readonly ours: readonly Sample[];
  /** Of `pick` in each round, as a figure has them. */
  pair(pick: (one: Sample) => number): { readonly ours: number[]; readonly theirs: number[] };
}

/** So many events at each before anything is measured: until then compilers share the processors. */
export async function warmUp(
  { ours, floor }: Both,
  { functionName, inFlight }: SampleJob,
  count: number,
): Promise<void> {
  for (const target of [floor, ours]) {
    const { port } = target;
    const path = target.path(functionName);
    await load({ port, path, inFlight, spacingMs: 0, warmup: 0, count });
  }
}

/** The floor and ours in turn, round by round; `body` is what ours is sent, where it is another. */
export async function sampleBoth(
  rounds: number,
  both: Both,
  job: SampleJob,
  body = job.body,
): Promise<SampledBoth> {
  const ours: Sample[] = [];
  const theirs: Sample[] = [];
  for (let round = 0; round < rounds; round += 1) {
    theirs.push(await sample(both.floor, job));
    ours.push(await sample(both.ours, body === undefined ? job : { ...job, body }));
  }
  return { ours, pair: (pick) => ({ ours: ours.map(pick), theirs: theirs.map(pick) }) };
}
