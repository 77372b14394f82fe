import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startProject, until, type Project } from '../support/project.js';

const LIMIT_MS = 60_000;

const PROBE = `
import fs from 'node:fs';
let count = 0;
export const handler = async (event, context) => {
  count += 1;
  if (event.write) fs.writeFileSync('/tmp/kept', event.write);
  if (event.sleepMs) await new Promise((resolve) => setTimeout(resolve, event.sleepMs));
  if (event.exit !== undefined) process.exit(event.exit);
  if (event.kill) process.kill(process.pid, event.kill);
  if (event.throw) throw new TypeError(event.throw);
  if (event.eat) { const all = []; for (;;) all.push(Buffer.alloc(8 << 20, 1)); }
  const kept = fs.existsSync('/tmp/kept') ? fs.readFileSync('/tmp/kept', 'utf8') : null;
  return { count, kept, requestId: context.awsRequestId, pid: process.pid };
};
`;

const PYTHON_PROBE = `
import os, sys, time
count = 0
active = 0
def handler(event, context):
    global count, active
    count += 1
    active += 1
    seen = active
    if "sleep" in event: time.sleep(event["sleep"])
    active -= 1
    if "exit" in event: os._exit(event["exit"])
    if "raise" in event: raise KeyError(event["raise"])
    return {"count": count, "active": seen}
`;

describe('the life of an environment on the real engine', () => {
  let project: Project;

  beforeAll(async () => {
    project = await startProject(
      {
        // Long enough to start the processes again, on a busy machine too.
        probe: { files: { 'index.mjs': PROBE }, timeout: 4 },
        python: { files: { 'app.py': PYTHON_PROBE }, timeout: 10 },
        eats: { files: { 'index.mjs': PROBE }, timeout: 60 },
        broken: { files: { 'index.mjs': 'throw new RangeError("bad at import");' }, timeout: 10 },
        dies: { files: { 'index.mjs': 'process.exit(3);' }, timeout: 10 },
      },
      { spares: 0 },
    );
  }, LIMIT_MS);
  afterAll(() => project.stop(), LIMIT_MS);

  it(
    'keeps globals and /tmp from one event to the next',
    async () => {
      const first = await project.invoke('probe', { write: 'here' });
      const second = await project.invoke('probe');
      expect(first.json).toMatchObject({ count: 1, kept: 'here' });
      expect(second.json).toMatchObject({ count: 2, kept: 'here' });
      expect(second.headers['x-amz-executed-version']).toBe('$LATEST');
    },
    LIMIT_MS,
  );

  it(
    'passes on what a handler throws and goes on living',
    async () => {
      const before = (await project.invoke('probe')).json as { count: number };
      const failed = await project.invoke('probe', { throw: 'no' });
      const after = (await project.invoke('probe')).json as { count: number };
      expect(failed.status).toBe(200);
      expect(failed.headers['x-amz-function-error']).toBe('Unhandled');
      expect(failed.json).toMatchObject({ errorType: 'TypeError', errorMessage: 'no' });
      expect(after.count).toBe(before.count + 2);
    },
    LIMIT_MS,
  );

  it(
    'ends a handler at its timeout in Lambda’s words, and keeps /tmp but not globals',
    async () => {
      await project.invoke('probe', { write: 'before' });
      const late = await project.invoke('probe', { sleepMs: 60_000 }, { tail: true });
      const requestId = String(late.headers['x-amzn-requestid']);
      expect(late.json).toEqual({
        errorType: 'Sandbox.Timedout',
        errorMessage: `RequestId: ${requestId} Error: Task timed out after 4.00 seconds`,
      });
      expect(late.headers['x-amz-function-error']).toBe('Unhandled');
      expect(late.tail).toContain(`${requestId} Task timed out after 4.00 seconds`);
      expect(late.tail).toMatch(/REPORT RequestId: .*\tStatus: timeout/);
      const next = await project.invoke('probe', {}, { tail: true });
      expect(next.json).toMatchObject({ count: 1, kept: 'before' });
      expect(next.tail).not.toContain('Init Duration');
    },
    LIMIT_MS,
  );

  it.each([
    ['eats', { exit: 0 }, 'Runtime exited without providing a reason'],
    ['eats', { exit: 7 }, 'Runtime exited with error: exit status 7'],
    ['eats', { kill: 'SIGKILL' }, 'Runtime exited with error: signal: killed'],
    ['eats', { eat: true }, 'Runtime exited with error: signal: killed'],
  ])(
    'answers Runtime.ExitError when the runtime of %s ends by %j',
    async (name, event, reason) => {
      const died = await project.invoke(name, event, { tail: true });
      const requestId = String(died.headers['x-amzn-requestid']);
      expect(died.status).toBe(200);
      expect(died.json).toEqual({
        errorType: 'Runtime.ExitError',
        errorMessage: `RequestId: ${requestId} Error: ${reason}`,
      });
      expect(died.tail).toContain('Status: error\tError Type: Runtime.ExitError');
      if ('eat' in event) expect(died.tail).toContain('Max Memory Used: 128 MB');
      expect((await project.invoke(name)).json).toMatchObject({ count: 1 });
    },
    LIMIT_MS,
  );

  it(
    'gives the first caller the init error, once init was retried inside the event',
    async () => {
      const answer = await project.invoke('broken', {}, { tail: true });
      expect(answer.status).toBe(200);
      expect(answer.headers['x-amz-function-error']).toBe('Unhandled');
      expect(answer.json).toMatchObject({ errorType: 'RangeError', errorMessage: 'bad at import' });
    },
    LIMIT_MS,
  );

  it(
    'answers Runtime.ExitError when the process ends during init',
    async () => {
      const answer = await project.invoke('dies');
      expect(answer.json).toMatchObject({ errorType: 'Runtime.ExitError' });
      expect(String((answer.json as { errorMessage: string }).errorMessage)).toMatch(
        /exit status 3$/,
      );
    },
    LIMIT_MS,
  );

  it(
    'gives each environment one event at a time, and more environments to more events',
    async () => {
      const answers = await Promise.all(
        [1, 2, 3, 4, 5, 6].map(() => project.invoke('python', { sleep: 1 })),
      );
      for (const answer of answers) expect(answer.json).toMatchObject({ active: 1 });
      expect(project.states('python').length).toBeGreaterThan(1);
    },
    LIMIT_MS,
  );

  it(
    'freezes idle environments and serves the next event from a thawed one',
    async () => {
      await project.invoke('python');
      await until(() => project.states('python').every((state) => state === 'frozen'));
      const answer = await project.invoke('python');
      const requestId = String(answer.headers['x-amzn-requestid']);
      await until(async () => (await project.orchestrator.invocation(requestId)) !== undefined);
      const record = await project.orchestrator.invocation(requestId);
      expect(record).toMatchObject({
        functionName: 'python',
        status: 'succeeded',
        start: 'thawed',
      });
    },
    LIMIT_MS,
  );

  it(
    'runs what a file holds at the next event after it was saved',
    async () => {
      const handler = (word: string) => `export const handler = async () => '${word}';`;
      for (const word of ['one', 'two', 'three']) {
        await project.write('probe/index.mjs', handler(word));
        expect((await project.invoke('probe')).json).toBe(word);
      }
      await project.write('probe/index.mjs', PROBE);
      expect((await project.invoke('probe')).json).toMatchObject({ count: 1 });
    },
    LIMIT_MS,
  );
});

describe('spares', () => {
  it(
    'serve the first event after the start from an initialised, frozen environment',
    async () => {
      const project = await startProject({ probe: { files: { 'index.mjs': PROBE } } });
      try {
        await until(() => project.states('probe').join() === 'frozen');
        const answer = await project.invoke('probe', {}, { tail: true });
        const record = await project.orchestrator.invocation(
          String(answer.headers['x-amzn-requestid']),
        );
        expect(record?.start).toBe('thawed');
        expect(answer.tail).toMatch(/\tInit Duration: \d+\.\d\d ms\t/);
        expect(project.states('probe')).toHaveLength(1);
      } finally {
        await project.stop();
      }
    },
    LIMIT_MS,
  );
});
