import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Docker from 'dockerode';
import { LABEL } from '../../src/engine/labels.js';
import { NETWORK_PROBE } from '../support/network-probe.js';
import { mountsBelow } from '../support/proc.js';
import { containersOf, mostBlanks, ownRun } from '../support/own-run.js';
import { startProject, until, type Project } from '../support/project.js';

const LIMIT_MS = 60_000;
const SCRATCH_ROOT = '/var/tmp/orchestrator';
const docker = new Docker();

/** Besides its network it tells of its files, its variables and its limits. */
const PROBE = `
import os, time
from network import handler as network
INIT = sorted(os.environ)
def quota():
    for path in ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu.max"):
        if os.path.exists(path): return open(path).read().split()[0]
FULL = quota()
def refused(path):
    try:
        open(path, "w").close()
        return None
    except OSError as error:
        return error.strerror
def handler(event, context):
    result = {"says": os.environ.get("SAYS"), "init": INIT, "cwd": os.getcwd(), "uid": os.getuid(),
      "task": sorted(os.listdir("/var/task")), "opt": os.listdir("/opt"), "tmp": sorted(os.listdir("/tmp"))}
    if event.get("quota"): result["quota"] = [FULL, quota()]
    if event.get("write"):
        result["refused"] = [refused(path) for path in ("/var/task/x", "/var/task/app.py", "/opt/x", "/run/gate", "/x")]
        open("/tmp/kept", "w").close()
    time.sleep(event.get("wait", 0))
    if "take" in event: result["took"] = len(bytearray(event["take"] * 2**20))
    return {**result, **network(event, context)}
`;
/** Everything a shell could trip over. */
const SAYS = `it's "quoted" $HOME \`x\` \\ ; exit 1
second line é`;
const SLOTS = ['/var/task', '/opt', '/var/rapid/byte-code'];

interface Seen {
  readonly address: string;
  readonly init: readonly string[];
}

interface Mounted {
  readonly Destination: string;
  readonly Propagation: string;
}

describe('containers started ahead', () => {
  let project: Project;
  let run: string;
  /** As many as wait when nothing is to be made. */
  let most: number;

  const blanks = async (): Promise<readonly string[]> => {
    const containers = await containersOf(run, LABEL.blank);
    const serving = project.orchestrator.environments().map(({ containerId }) => containerId);
    return containers.map(({ Id }) => Id).filter((id) => !serving.includes(id));
  };
  const call = async (name: string, event: object = {}): Promise<Seen> =>
    (await project.invoke(name, event)).json as Seen;

  beforeAll(async () => {
    const code = { 'app.py': PROBE, 'network.py': NETWORK_PROBE };
    project = await startProject(
      {
        // Long enough to start again, or to run out of memory, with that little processor.
        one: { files: code, memory: 128, timeout: 10, environment: { SAYS } },
        two: { files: { ...code, 'lib/other.py': '' }, memory: 512 },
      },
      { spares: 0, watch: false },
    );
    run = await ownRun();
    most = await mostBlanks();
    await until(async () => (await blanks()).length === most);
  }, LIMIT_MS);
  afterAll(() => project.stop(), LIMIT_MS);

  it(
    'become environments of whatever function of their kind is called, and are kept apart',
    async () => {
      const ready = await blanks();
      const one = await call('one', { listen: true });
      expect(one).toMatchObject({
        name: 'sandbox.localdomain',
        self: one.address,
        says: SAYS,
        cwd: '/var/task',
        task: ['app.py', 'network.py'],
        opt: [],
        uid: 993,
        tmp: [],
      });
      const two = await call('two', { reach: one.address });
      expect(two).toMatchObject({
        task: ['app.py', 'lib', 'network.py'],
        says: null,
        reached: false,
      });
      expect(two).toMatchObject({ name: 'sandbox.localdomain', self: two.address });
      expect(await call('one', { reach: one.address })).toMatchObject({ reached: true });
      const serving = project.orchestrator.environments().map(({ containerId }) => containerId);
      expect(serving).toHaveLength(2);
      expect(ready).toEqual(expect.arrayContaining(serving));
    },
    LIMIT_MS,
  );

  it(
    'show code that cannot be written, though it was mounted after their start',
    async () => {
      const readOnly = 'Read-only file system';
      expect(await call('one', { write: true })).toMatchObject({
        refused: [readOnly, readOnly, readOnly, 'Permission denied', readOnly],
      });
      for (const { containerId } of project.orchestrator.environments()) {
        const { Mounts: mounts } = await docker.getContainer(containerId).inspect();
        const late = (mounts as unknown as Mounted[]).filter(
          ({ Propagation }) => Propagation === 'rslave',
        );
        expect(late.map(({ Destination }) => Destination).toSorted()).toEqual(SLOTS.toSorted());
      }
    },
    LIMIT_MS,
  );

  it(
    'have the memory of the function they serve',
    async () => {
      expect(await call('two', { take: 300 })).toMatchObject({ took: 300 * 2 ** 20 });
      expect(await call('one', { take: 300 })).toMatchObject({ errorType: 'Runtime.ExitError' });
    },
    LIMIT_MS,
  );

  it(
    'have the whole processor while they initialise, and their share before their first event',
    async () => {
      const share = String(Math.round((128 / 1769) * 100_000));
      const seen = (await call('one', { quota: true })) as Seen & { quota: readonly string[] };
      expect(seen.quota[0]).toMatch(/^(-1|max)$/);
      expect(seen.quota[1]).toBe(share);
      expect(await call('one', { exit: true })).toMatchObject({ errorType: 'Runtime.ExitError' });
      expect(await call('one', { quota: true })).toMatchObject({ quota: seen.quota });
    },
    LIMIT_MS,
  );

  it(
    'are the same after their processes were started again, with the same disk and limits',
    async () => {
      const { address } = await call('one', { write: true });
      for (const wait of [true, false]) {
        expect(await call('one', { exit: true })).toMatchObject({ errorType: 'Runtime.ExitError' });
        // Started ahead again once it has ended, or while the next event waits for it.
        if (wait) await until(async () => (await gates()) === most + 1);
        const seen = { address, tmp: ['kept'], says: SAYS, task: ['app.py', 'network.py'] };
        expect(await call('one', { write: true })).toMatchObject({ ...seen, cwd: '/var/task' });
      }
      expect(await call('one', { take: 300 })).toMatchObject({ errorType: 'Runtime.ExitError' });
    },
    LIMIT_MS,
  );

  /** Containers of the run whose shell waits. */
  async function gates(): Promise<number> {
    const containers = await containersOf(run);
    const all = await Promise.all(
      containers.map(async ({ Id }) => {
        const { Processes: processes } = (await docker
          .getContainer(Id)
          .top()
          // It has ended meanwhile.
          .catch(() => ({ Processes: [] }))) as { Processes: string[][] };
        return processes.some((fields) => fields.at(-1) === '/bin/sh /run/gate');
      }),
    );
    return all.filter((waits) => waits).length;
  }

  it(
    'have the variables of containers that were not, and no others',
    async () => {
      const { init } = await call('two');
      // None is ready, and one at most is by the time the last of these is started.
      await Promise.all((await blanks()).map((id) => docker.getContainer(id).kill()));
      const seen = await Promise.all([1, 2, 3, 4].map(() => call('two', { wait: 1 })));
      const ordinary = await containersOf(run, `${LABEL.function}=two`);
      expect(ordinary.length).toBeGreaterThan(0);
      for (const other of seen) expect(other.init).toEqual(init);
    },
    LIMIT_MS,
  );

  it(
    'that end before they serve are replaced',
    async () => {
      await until(async () => (await blanks()).length === most);
      const before = await blanks();
      await Promise.all(before.map((id) => docker.getContainer(id).kill()));
      await until(async () => (await blanks()).every((id) => !before.includes(id)));
      expect(await call('two')).toMatchObject({ name: 'sandbox.localdomain' });
    },
    LIMIT_MS,
  );

  it(
    'go with the run, and so does what was mounted for them',
    async () => {
      const root = join(SCRATCH_ROOT, run);
      expect(mountsBelow(root).length).toBeGreaterThan(0);
      await project.orchestrator.destroy();
      const filters = { label: [`${LABEL.run}=${run}`] };
      expect(await docker.listContainers({ all: true, filters })).toEqual([]);
      expect(mountsBelow(root)).toEqual([]);
      expect(existsSync(root)).toBe(false);
    },
    LIMIT_MS,
  );
});
