import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SourceStatus } from '../../../src/view.js';
import { startFake, type FakeOrchestrator } from '../../support/fake-orchestrator.js';
import { startInProcess } from '../../support/memory-host.js';
import type { CliRun } from '../../support/run-cli.js';

let project: string;
let fake: FakeOrchestrator;
beforeEach(async () => {
  project = mkdtempSync(join(tmpdir(), 'cli-schedules-'));
  fake = await startFake({ stateDirectory: join(project, '.orchestrator') });
});
afterEach(async () => {
  await fake.destroy();
  rmSync(project, { recursive: true, force: true });
});

function cli(...args: string[]): Promise<CliRun> {
  return startInProcess(args, { cwd: project }).ended;
}

const BERLIN: SourceStatus = {
  kind: 'schedule',
  id: 'shop/report',
  from: 'cron(0 9 * * ? *) Europe/Berlin',
  to: 'arn:aws:lambda:us-east-1:123456789012:function:report',
  state: 'Enabled',
  next: { atMs: Date.UTC(2026, 6, 1, 7), zone: 'Europe/Berlin' },
};
const OFF: SourceStatus = {
  kind: 'schedule',
  id: 'nightly',
  from: 'rate(1 day)',
  to: 'arn:aws:sqs:us-east-1:123456789012:a arn:aws:sqs:us-east-1:123456789012:b',
  state: 'Disabled',
};
const RULE: SourceStatus = { ...OFF, kind: 'rule', id: 'orders' };

describe('schedules', () => {
  it('lists schedules, the next one first', async () => {
    fake.view.sourceList = [OFF, RULE, BERLIN];
    const { code, stdout, stderr } = await cli('schedules');
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'SCHEDULE\tEXPRESSION\tSTATE\tNEXT\tNEXT (UTC)\tTO',
      'shop/report\tcron(0 9 * * ? *) Europe/Berlin\tEnabled\t2026-07-01 09:00 Europe/Berlin\t2026-07-01T07:00Z\treport',
      'nightly\trate(1 day)\tDisabled\t-\t-\ta, b',
      '',
    ]);
    expect(stderr).toBe('2 schedules\n');
    const json = await cli('schedules', '--json');
    expect(JSON.parse(json.stdout)).toEqual({ schedules: [BERLIN, OFF] });
  });

  it('runs one now', async () => {
    fake.view.sourceList = [BERLIN];
    const { code, stderr } = await cli('schedules', 'run', 'shop/report');
    expect([code, stderr]).toEqual([0, 'It runs now.\n']);
    expect(fake.view.runs).toEqual(['shop/report']);
  });

  it('says what it cannot run', async () => {
    const missing = await cli('schedules', 'run', 'other');
    expect(missing.code).toBe(3);
    expect(missing.stderr).toContain('There is no schedule other');
    const wrong = await cli('schedules', 'start', 'other');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('is run, not start');
    expect((await cli('schedules', 'run')).code).toBe(2);
  });
});
