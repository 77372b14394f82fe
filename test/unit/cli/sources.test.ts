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
  project = mkdtempSync(join(tmpdir(), 'cli-sources-'));
  fake = await startFake({ stateDirectory: join(project, '.orchestrator') });
});
afterEach(async () => {
  await fake.destroy();
  rmSync(project, { recursive: true, force: true });
});

function cli(...args: string[]): Promise<CliRun> {
  return startInProcess(args, { cwd: project }).ended;
}

const QUEUE: SourceStatus = {
  kind: 'SQS',
  id: '9f0c',
  from: 'arn:aws:sqs:us-east-1:123456789012:orders',
  to: 'arn:aws:lambda:us-east-1:123456789012:function:worker:live',
  state: 'Enabled',
  last: 'OK',
  figures: { batches: 4, 'in flight': 1 },
};
const ROUTE: SourceStatus = {
  kind: 'HTTP API',
  id: 'GET /orders',
  from: 'http://127.0.0.1:3000/orders',
  to: 'orders',
  state: 'Enabled',
};

describe('sources', () => {
  it('lists whatever leads events to functions', async () => {
    fake.view.sourceList = [QUEUE, ROUTE];
    const { code, stdout, stderr } = await cli('sources');
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'KIND\tID\tFROM\tTO\tSTATE\tFIGURES\tLAST',
      'SQS\t9f0c\torders\tworker:live\tEnabled\t4 batches, 1 in flight\tOK',
      'HTTP API\tGET /orders\thttp://127.0.0.1:3000/orders\torders\tEnabled\t\t',
      '',
    ]);
    expect(stderr).toBe('2 sources\n');
    const json = await cli('sources', '--json');
    expect(JSON.parse(json.stdout)).toEqual({ sources: [QUEUE, ROUTE] });
  });

  it('says that there are none', async () => {
    const { code, stdout, stderr } = await cli('sources');
    expect([code, stdout, stderr]).toEqual([0, '', '0 sources\n']);
  });
});
