import { existsSync, mkdtempSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type Docker from 'dockerode';
import { ByteCode } from '../../../src/engine/docker/byte-code.js';
import type { FunctionVersion } from '../../../src/function/function-version.js';
import { ManualClock } from '../../support/manual-clock.js';

const MODULE = 'value = 1\n'.repeat(10_000);

describe('compiling Python functions apart', () => {
  let root: string;
  let calls: string[];
  /** Ends what compiles, with its status. */
  let end: (status: number) => void;
  let waits: Promise<void>;
  let byteCode: ByteCode;

  const version = (environment: Record<string, string> = {}): FunctionVersion =>
    ({
      runtime: 'python3.13',
      imageReference: 'orchestrator/python3.13:0123',
      taskDirectory: join(root, 'code/abc'),
      environment,
    }) as unknown as FunctionVersion;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'orchestrator-test-'));
    mkdirSync(join(root, 'code/abc'), { recursive: true });
    writeFileSync(join(root, 'code/abc/app.py'), MODULE);
    calls = [];
    let waited = (): void => undefined;
    waits = new Promise((resolve) => (waited = resolve));
    const container = {
      start: () => Promise.resolve(void calls.push('start')),
      wait: () => {
        waited();
        return new Promise((resolve) => {
          end = (status) => resolve({ StatusCode: status });
        });
      },
      remove: () => Promise.resolve(void calls.push('remove')),
    };
    byteCode = new ByteCode({
      docker: { createContainer: () => Promise.resolve(container) } as unknown as Docker,
      clock: new ManualClock(),
      folder: join(root, 'byte-code'),
      codeFolder: join(root, 'code'),
      labels: {},
    });
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('is given up when everything ends, however long it would take', async () => {
    byteCode.expect(version());
    void byteCode.compile();
    await waits;
    await byteCode.close();
    expect(calls).toEqual(['start', 'remove']);
    expect(readdirSync(join(root, 'byte-code'))).toEqual([]);
  });

  it('keeps its draft while what belongs to no code is removed', async () => {
    mkdirSync(join(root, 'byte-code/gone-none-0123'), { recursive: true });
    byteCode.expect(version());
    void byteCode.compile();
    await waits;
    const collected = byteCode.collect();
    end(0);
    await collected;
    expect(readdirSync(join(root, 'byte-code'))).toEqual(['abc-none-0123']);
    expect(byteCode.folderOf(version())).toBe(join(root, 'byte-code/abc-none-0123'));
  });

  it('is not for functions that have Python leave out what it would keep', async () => {
    const optimized = version({ PYTHONOPTIMIZE: '1' });
    byteCode.expect(optimized);
    await byteCode.compile();
    expect([calls, existsSync(join(root, 'byte-code'))]).toEqual([[], false]);
    mkdirSync(join(root, 'byte-code/abc-none-0123'), { recursive: true });
    expect(byteCode.folderOf(optimized)).toBeUndefined();
    expect(byteCode.folderOf(version({ PYTHONOPTIMIZE: '' }))).toContain('abc-none-0123');
  });
});
