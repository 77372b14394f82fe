import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LogLine } from '../../src/view.js';
import { startProject, until, type Project } from '../support/project.js';

const LIMIT_MS = 60_000;

const TALKS = `
import sys
def handler(event, context):
    for line in event.get("lines", []): print(line)
    if "flood" in event:
        block = "x" * 999 + "\\n"
        for _ in range(event["flood"] * 1000): sys.stdout.write(block)
    if "last" in event: sys.stderr.write(event["last"])
    return event.get("last")
`;

describe('the log of an invocation', () => {
  let project: Project;
  beforeAll(async () => {
    const files = { 'app.py': TALKS };
    project = await startProject(
      { talks: { files, timeout: 120, memory: 512 }, calm: { files, timeout: 60 } },
      { watch: false },
    );
  }, LIMIT_MS);
  afterAll(() => project.stop(), LIMIT_MS);

  it(
    'has START, its own lines in order, END and REPORT in AWS’s form',
    async () => {
      const { tail, headers } = await project.invoke(
        'calm',
        { lines: ['one', 'two'], last: 'three without a newline' },
        { tail: true },
      );
      const id = String(headers['x-amzn-requestid']);
      const [start, one, two, three, end, report] = tail.split('\n');
      expect([start, one, two, three, end]).toEqual([
        `START RequestId: ${id} Version: $LATEST`,
        'one',
        'two',
        'three without a newline',
        `END RequestId: ${id}`,
      ]);
      expect(report).toMatch(
        new RegExp(
          `^REPORT RequestId: ${id}\\tDuration: \\d+\\.\\d\\d ms\\tBilled Duration: \\d+ ms\\tMemory Size: 128 MB\\tMax Memory Used: \\d+ MB\\t(Init Duration: \\d+\\.\\d\\d ms\\t)?$`,
        ),
      );
    },
    LIMIT_MS,
  );

  it(
    'is complete and nobody else’s in each of 1,000 tails',
    async () => {
      const lanes = Array.from({ length: 4 }, async (_, lane) => {
        for (let count = 0; count < 250; count += 1) {
          const last = `last line ${lane}-${count}`;
          const { tail, headers } = await project.invoke('calm', { last }, { tail: true });
          const id = String(headers['x-amzn-requestid']);
          const lines = tail.trimEnd().split('\n');
          expect(lines).toHaveLength(4);
          expect(lines.slice(0, 3)).toEqual([
            `START RequestId: ${id} Version: $LATEST`,
            last,
            `END RequestId: ${id}`,
          ]);
          expect(lines[3]).toContain(`REPORT RequestId: ${id}\t`);
        }
      });
      await Promise.all(lanes);
    },
    LIMIT_MS,
  );

  it(
    'is kept and can be asked for by request id',
    async () => {
      const { headers } = await project.invoke('calm', { lines: ['kept'] });
      const requestId = String(headers['x-amzn-requestid']);
      const kept = async (): Promise<string[]> =>
        (await project.orchestrator.logs({ requestId })).map(({ text }) => text);
      await until(async () => (await kept()).length === 4);
      expect((await kept())[1]).toBe('kept');
    },
    LIMIT_MS,
  );

  it(
    'keeps the true end of a flood, says what was left out, and holds nobody else up',
    async () => {
      const lines: LogLine[] = [];
      const unfollow = project.orchestrator.follow({ functionName: 'talks' }, (line) =>
        lines.push(line),
      );
      const flood = project.invoke('talks', { flood: 100, last: 'the end' }, { tail: true });
      let answered = 0;
      let flooding = true;
      void flood.then(() => (flooding = false));
      while (flooding) {
        expect((await project.invoke('calm', {})).status).toBe(200);
        answered += 1;
      }
      const { tail, json } = await flood;
      unfollow();
      expect(json).toBe('the end');
      expect(tail.length).toBeLessThanOrEqual(4096);
      expect(tail.trimEnd().split('\n').slice(-3)[0]).toBe('the end');
      expect(answered).toBeGreaterThan(3);
      expect(lines.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThan(2 * 2 ** 20);
      expect(lines.some(({ text }) => /^LOGS_DROPPED \d+ lines/.test(text))).toBe(true);
    },
    LIMIT_MS,
  );
});
