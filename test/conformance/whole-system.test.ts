/** Unmodified AWS clients against everything. */

import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { loadConfig } from '../../src/config/load.js';
import { startOrchestrator, type RunningOrchestrator } from '../../src/orchestrator.js';
import { packageRoot } from '../../src/package-root.js';
import { describeInvokeConformance } from './invoke-clients.contract.js';

const LIMIT_MS = 120_000;
let directory: string;
let orchestrator: RunningOrchestrator;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'orchestrator-conformance-'));
  await cp(join(packageRoot(), 'test/fixtures/invoke-clients'), directory, { recursive: true });
  const silent = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
    child: () => silent,
  };
  orchestrator = await startOrchestrator(
    await loadConfig({ directory, flags: { port: 0 }, environment: {} }),
    { progress: () => undefined, log: silent, signal: new AbortController().signal },
  );
}, LIMIT_MS);

afterAll(async () => {
  await orchestrator.destroy();
  await rm(directory, { recursive: true, force: true });
}, LIMIT_MS);

describeInvokeConformance(() => ({
  url: orchestrator.endpoint,
  region: 'us-east-1',
  accountId: '123456789012',
}));
