import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cgroupMode } from '../../src/engine/host/cgroup.js';
import { LABEL } from '../../src/engine/labels.js';
import { NO_PRIVATE_ENGINE, PrivateEngine } from '../support/private-engine.js';
import { until } from '../support/project.js';
import { projectFolder, removeFolder, up, type RunningUp } from '../support/running-up.js';

const LIMIT_MS = 120_000;
const CRUN = (process.env['PATH'] ?? '')
  .split(':')
  .map((folder) => join(folder, 'crun'))
  .find((path) => existsSync(path));

const PROBE = `
import os, subprocess, time
count = 0
def handler(event, context):
    global count
    count += 1
    if "wait" in event: time.sleep(event["wait"])
    if "take" in event: bytearray(event["take"] * 2**20)
    if event.get("exit"): os._exit(3)
    if event.get("keep"): open("/tmp/kept", "w").close()
    if event.get("orphan"): subprocess.Popen(["sh", "-c", "sleep 0 & exit"]).wait()
    zombies = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try: zombies += open("/proc/%s/stat" % pid).read().split(") ")[1].startswith("Z")
        except OSError: pass
    return {"count": count, "kept": os.path.exists("/tmp/kept"), "uid": os.getuid(), "zombies": zombies}
`;

const reason = NO_PRIVATE_ENGINE ?? (CRUN === undefined ? 'crun is not installed' : undefined);
const title = 'an engine that lists crun';
if (reason !== undefined) {
  describe.skip(`${title} (skipped: ${reason})`, () => it('is not tested', () => {}));
} else {
  describe(title, () => {
    let engine: PrivateEngine;
    let directory: string;
    let orchestrator: RunningUp;

    beforeAll(async () => {
      engine = await PrivateEngine.start({ args: [`--add-runtime=crun=${CRUN}`] });
      await engine.load('python3.13');
      directory = await projectFolder({
        // Long enough to start the processes again, or to run out of memory with little processor.
        probe: { files: { 'app.py': PROBE }, memory: 128, timeout: 10 },
      });
      orchestrator = await up(directory, { engine, flags: ['--spares', '0'] });
    }, LIMIT_MS);
    afterAll(async () => {
      await orchestrator?.end('SIGKILL');
      await engine?.close();
      if (directory !== undefined) await removeFolder(directory);
    }, LIMIT_MS);

    const call = async (event: object): Promise<unknown> =>
      (await orchestrator.invoke('probe', event)).json;
    const resting = (): Promise<void> =>
      until(async () => {
        const seen = await orchestrator.environments('probe');
        return seen.length > 0 && seen.every(({ state }) => state === 'frozen');
      });

    it(
      'has all containers run by it, where it can',
      async () => {
        expect(await call({})).toMatchObject({ count: 1, uid: 993 });
        const containers = await engine.docker.listContainers({ filters: { label: [LABEL.run] } });
        expect(containers.length).toBeGreaterThan(0);
        for (const { Id } of containers) {
          const { HostConfig: config } = await engine.docker.getContainer(Id).inspect();
          // It refuses hosts with both kinds of cgroups: there the usual one runs them.
          const expected = cgroupMode() === 'hybrid' ? 'runc' : 'crun';
          expect((config as { Runtime?: string }).Runtime).toBe(expected);
        }
      },
      LIMIT_MS,
    );

    it(
      'freezes and thaws environments, whose first process reaps what others leave',
      async () => {
        const before = (await call({ keep: true })) as { count: number };
        await resting();
        expect(await call({ orphan: true })).toMatchObject({ count: before.count + 1, kept: true });
        await resting();
        expect(await call({})).toMatchObject({ count: before.count + 2, zombies: 0 });
      },
      LIMIT_MS,
    );

    it(
      'enforces memory and time, and starts ended processes again on the same disk',
      async () => {
        for (const [event, error] of [
          [{ take: 300 }, { errorType: 'Runtime.ExitError' }],
          [{ wait: 30 }, { errorType: 'Sandbox.Timedout' }],
          [{ exit: true }, { errorType: 'Runtime.ExitError' }],
        ] as const) {
          expect(await call({ keep: true })).toMatchObject({ kept: true });
          expect(await call(event)).toMatchObject(error);
          expect(await call({})).toMatchObject({ uid: 993 });
        }
      },
      LIMIT_MS,
    );
  });
}
