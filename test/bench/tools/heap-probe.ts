/**
 * Loaded into the orchestrator that is measured (`node --expose-gc --import`): at SIGUSR2 it
 * collects garbage and writes down what is left, so that memory held is told from memory not given
 * back yet.
 */

import { renameSync, writeFileSync } from 'node:fs';

const collect = (globalThis as { gc?: () => void }).gc;

process.on('SIGUSR2', () => {
  // What finalizers let go of is collected the second time.
  collect?.();
  setImmediate(() => {
    collect?.();
    const { heapUsed, external } = process.memoryUsage();
    const path = process.env['BENCH_HEAP_FILE'] ?? '';
    writeFileSync(`${path}.draft`, JSON.stringify({ heldBytes: heapUsed + external }));
    renameSync(`${path}.draft`, path);
  });
});
