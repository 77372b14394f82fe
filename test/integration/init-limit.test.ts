import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import Docker from 'dockerode';
import { startProject, until } from '../support/project.js';

const LIMIT_MS = 120_000;

/** Its first start needs more than the 10 s of an init phase; every start counts itself. */
const SLOW = `
import os, time
starts = len(os.listdir("/tmp"))
open("/tmp/start-%d" % starts, "w").close()
time.sleep(11 if starts < 2 else 0)
def handler(event, context):
    return {"starts": len(os.listdir("/tmp")), "remaining": context.get_remaining_time_in_millis()}
`;

it(
  'an init phase of more than 10 s is given up and done again inside the first event, under its timeout',
  async () => {
    const project = await startProject({
      slow: { files: { 'app.py': SLOW }, timeout: 60, memory: 1769 },
      short: { files: { 'app.py': SLOW }, timeout: 5, memory: 1769 },
    });
    try {
      // The spares run into the limit by themselves.
      await until(
        () => project.states('slow').join() === 'reset',
        () => [project.orchestrator.environments(), project.messages],
      );
      const lines = async (): Promise<string[]> =>
        (await project.orchestrator.logs({ functionName: 'slow' })).map(({ text }) => text);
      await until(async () => (await lines()).some((text) => text.startsWith('INIT_REPORT')));
      expect((await lines()).find((text) => text.startsWith('INIT_REPORT'))).toMatch(
        /^INIT_REPORT Init Duration: 1\d{4}\.\d\d ms\tPhase: init\tStatus: timeout$/,
      );
      const answer = await project.invoke('slow', {}, { tail: true });
      expect(answer.json).toMatchObject({ starts: 2 });
      // What init took inside the event is missing from its time.
      expect((answer.json as { remaining: number }).remaining).toBeLessThan(50_000);
      expect(answer.tail).not.toContain('Init Duration');
      // A timeout shorter than init ends the event as any other.
      await until(() => project.states('short').join() === 'reset');
      expect((await project.invoke('short')).json).toMatchObject({
        errorType: 'Sandbox.Timedout',
      });
      expect((await project.invoke('short')).json).toMatchObject({ starts: 3 });
    } finally {
      await project.stop();
    }
  },
  LIMIT_MS,
);

it(
  'environments that nobody uses go, with their containers and disks',
  async () => {
    const project = await startProject(
      { idle: { files: { 'app.py': 'def handler(event, context): return 1' } } },
      { idleTimeout: 1500, spares: 0 },
    );
    try {
      expect((await project.invoke('idle')).json).toBe(1);
      const [environment] = project.orchestrator.environments();
      const container = new Docker().getContainer(environment?.containerId ?? '');
      const { Mounts: mounted } = await container.inspect();
      const disk = mounted.find(({ Destination: target }) => target === '/tmp')?.Source;
      expect(await readFile('/proc/mounts', 'utf8')).toContain(disk);
      await until(() => project.states('idle').length === 0);
      await expect(container.inspect()).rejects.toMatchObject({ statusCode: 404 });
      await until(async () => !(await readFile('/proc/mounts', 'utf8')).includes(String(disk)));
      const again = await project.invoke('idle', {}, { tail: true });
      const requestId = String(again.headers['x-amzn-requestid']);
      await until(async () => (await project.orchestrator.invocation(requestId)) !== undefined);
      expect(await project.orchestrator.invocation(requestId)).toMatchObject({
        start: 'cold',
        cause: 'the previous environment had been idle too long and was retired.',
      });
    } finally {
      await project.stop();
    }
  },
  LIMIT_MS,
);
