/** `node dist/test/simulation/replay.js <seed> [invocations]`: one simulated life again. */

import { live } from './scenario.js';

const seed = Number(process.argv[2] ?? 1);
const startedAt = performance.now();
const life = await live(seed, Number(process.argv[3] ?? 20_000));
process.stdout.write(
  `seed ${seed}: ${life.invocations} invocations in ${((performance.now() - startedAt) / 1000).toFixed(1)} s ${JSON.stringify([...life.outcomes])}\n`,
);
