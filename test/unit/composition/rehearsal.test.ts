import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/async/clock.js';
import { EVENTS, isPlain, rehearse } from '../../../src/composition/rehearsal.js';
import { containerSpecBuilder } from '../../../src/environment/container-spec.js';
import { MemoryBudget, type MemoryUser } from '../../../src/pool/memory-budget.js';
import { StartGate } from '../../../src/pool/start-gate.js';
import type { PoolParts } from '../../../src/pool/pool.js';
import { RuntimeApi } from '../../../src/runtime-api/server.js';
import { fakeVersion } from '../../support/fake-router.js';

const VERSION = fakeVersion({ name: 'one', runtime: 'nodejs22.x', memoryMb: 128 });

describe('a rehearsal', () => {
  let folder: string;
  let api: RuntimeApi;
  /** What of the parts that people can see has been used. */
  let used: string[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orchestrator-test-'));
    api = new RuntimeApi();
    await api.listen('127.0.0.1', '127.0.0.1');
    await api.listenIn(folder);
    used = [];
  });
  afterEach(async () => {
    await api.destroy();
    await rm(folder, { recursive: true });
  });

  function parts(): PoolParts {
    const refuse = (what: string) => () => {
      used.push(what);
      throw new Error(`${what} is not for a rehearsal`);
    };
    const memory = new MemoryBudget(2 ** 30);
    memory.join = (_user: MemoryUser) => void used.push('memory');
    const gate = new StartGate(1);
    gate.request = () => void used.push('gate');
    let identities = 0;
    return {
      clock: systemClock,
      engine: { create: refuse('engine') },
      door: api,
      gate,
      memory,
      newIdentity: () => String((identities += 1)).padStart(32, '0'),
      warn: (message) => void used.push(message),
      buildSpec: containerSpecBuilder({
        runId: 'run',
        region: 'us-east-1',
        credentials: { accessKeyId: 'AK', secretAccessKey: 'SK' },
        endpoints: {},
        labels: {},
        functionLabel: 'function',
        supervisorPath: '/supervisor',
      }),
      openJournal: refuse('journal'),
    };
  }

  it('answers its events through both APIs, and touches nothing that people see', async () => {
    const ends: (() => Promise<void>)[] = [];
    const answered = await rehearse(VERSION, {
      pool: parts(),
      path: api.socketPath ?? '',
      region: 'us-east-1',
      accountId: '123456789012',
      endWith: (end) => ends.push(end),
    });
    expect(answered).toBe(EVENTS);
    expect(used).toEqual([]);
    for (const end of ends) await end();
  });

  it('is for versions without anything that others do not have', () => {
    expect(isPlain(VERSION)).toBe(true);
    for (const own of [
      { tenancy: 'per-tenant' as const },
      { snapStart: 'PublishedVersions' as const },
      { extensions: ['agent'] },
      { runtime: 'provided.al2023' },
      { image: { uri: 'one:1' } },
    ]) {
      expect(isPlain({ ...VERSION, ...own })).toBe(false);
    }
  });
});
