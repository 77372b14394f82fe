import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { realParts } from '../../../src/cli/real-parts.js';
import { startFake } from '../../support/fake-orchestrator.js';
import { startInProcess } from '../../support/memory-host.js';
import type { CliRun } from '../../support/run-cli.js';

let project: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'cli-event-'));
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

function cli(...args: string[]): Promise<CliRun> {
  return startInProcess(args, { cwd: project, parts: realParts }).ended;
}

describe('event', () => {
  it('lists sources, kinds and what can be set by a short name', async () => {
    const { code, stdout } = await cli('event');
    expect(code).toBe(0);
    expect(stdout).toContain('s3\tput\tkey bucket size\tS3: something happened to an object');
    expect(stdout).toContain('sqs\tfifo\tbody attributes group\ta FIFO queue');
    const { stdout: json } = await cli('event', '--json');
    expect(JSON.parse(json)).toEqual(
      expect.arrayContaining([expect.objectContaining({ source: 'dynamodb' })]),
    );
  });

  it('prints one, with what was set', async () => {
    const { code, stdout } = await cli(
      'event',
      's3',
      'delete',
      '--set',
      'key=a.txt',
      '--seed',
      '1',
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      Records: [
        {
          eventName: 'ObjectRemoved:Delete',
          eventTime: '2026-01-05T10:00:00.000Z',
          s3: { object: { key: 'a.txt' } },
        },
      ],
    });
    expect((await cli('event', 's3', 'delete', '--set', 'key=a.txt', '--seed', '1')).stdout).toBe(
      stdout,
    );
  });

  it('comes from where the project says it is', async () => {
    writeFileSync(join(project, 'index.mjs'), 'export const handler = () => 1;');
    writeFileSync(
      join(project, 'orchestrator.yaml'),
      'region: eu-north-1\naccountId: "111122223333"\nfunctions:\n  hello: { runtime: nodejs22.x, handler: index.handler }\n',
    );
    expect(JSON.parse((await cli('event', 'sqs')).stdout).Records[0].eventSourceARN).toBe(
      'arn:aws:sqs:eu-north-1:111122223333:orders',
    );
    const elsewhere = JSON.parse((await cli('event', 'sqs', '--region', 'eu-west-1')).stdout);
    expect(elsewhere.Records[0].awsRegion).toBe('eu-west-1');
  });

  it('is sent to a function', async () => {
    const fake = await startFake({ stateDirectory: join(project, '.orchestrator') });
    try {
      const { code, stdout } = await cli(
        'event',
        'sns',
        '--set',
        'message=hi',
        '--invoke',
        'hello',
      );
      expect({ code, stdout }).toMatchObject({ code: 0 });
      expect(JSON.parse(stdout)).toMatchObject({
        event: { Records: [{ Sns: { Message: 'hi' } }] },
      });
    } finally {
      await fake.destroy();
    }
  });

  it.each([
    [['event', 's4'], 'here is no sample event of s4', 'Did you mean s3?'],
    [['event', 's3', 'putt'], 'here is no event putt of s3', 'Did you mean put?'],
    [['event', 's3', '--async'], '--async needs --invoke', 'Name the function'],
    [['event', 's3', '--count', '0'], '--count cannot be 0', 'It is from 1 to 10000.'],
    [['event', 'url', '--count', '2'], 'does not come as records', 'Leave --count out.'],
    [['event', 's3', '--set', 'x'], '--set must be path=value, not x', 'Write it as'],
  ])('%j is refused', async (args, message, remedy) => {
    const { code, stderr } = await cli(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain(remedy);
  });
});
