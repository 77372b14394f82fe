/**
 * The load: a process of its own with plain keep-alive node:http connections. Reads one job as
 * JSON from its arguments, prints latencies in milliseconds as JSON. The same for every target.
 */

import { Agent, request } from 'node:http';

export interface LoadJob {
  readonly port: number;
  readonly path: string;
  readonly body: string;
  readonly warmup: number;
  readonly count: number;
  readonly inFlight: number;
  /** Pause between the end of one event and the next, on each connection. */
  readonly spacingMs: number;
}

export interface LoadResult {
  readonly latenciesMs: readonly number[];
  readonly elapsedMs: number;
}

const job = JSON.parse(process.argv[2] ?? '{}') as LoadJob;
const agent = new Agent({ keepAlive: true, maxSockets: job.inFlight });

function call(): Promise<number> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: job.port,
        path: job.path,
        method: 'POST',
        agent,
        headers: { 'Content-Length': Buffer.byteLength(job.body) },
      },
      (response) => {
        response.resume();
        response.on('end', () => {
          if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
          else resolve(performance.now() - startedAt);
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(job.body);
  });
}

async function run(count: number): Promise<number[]> {
  const latencies: number[] = [];
  let left = count;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      latencies.push(await call());
      if (job.spacingMs > 0) await new Promise((next) => setTimeout(next, job.spacingMs));
    }
  };
  await Promise.all(Array.from({ length: job.inFlight }, lane));
  return latencies;
}

await run(job.warmup);
const startedAt = performance.now();
const latenciesMs = await run(job.count);
const result: LoadResult = { latenciesMs, elapsedMs: performance.now() - startedAt };
process.stdout.write(JSON.stringify(result));
agent.destroy();
