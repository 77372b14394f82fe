import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { chmod, chown, mkdir, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { packageRoot } from '../../src/package-root.js';
import { PROGRAM } from '../support/program.js';
import { until } from '../support/project.js';
import { leftOf, realCli, runIdOf, type RealCli } from '../support/real-runs.js';

const LIMIT_MS = 120_000;
const MAIN = [process.execPath, PROGRAM];
const READY = 'Invoke one';

const HANDLERS = `
exports.slow = async ({ ms }) => {
  console.log('the event is here');
  await new Promise((resolve) => setTimeout(resolve, ms));
  return { ms };
};
exports.fails = async () => { throw new TypeError('no such thing'); };
`;

let project: string;
let cli: RealCli;

beforeEach(async () => {
  project = mkdtempSync(join(tmpdir(), 'orchestrator-cli-'));
  cli = realCli(MAIN, project);
  await writeProject(project);
});
afterEach(async () => {
  await cli.run('down', '--now');
  await rm(project, { recursive: true, force: true });
}, LIMIT_MS);

async function writeProject(folder: string): Promise<void> {
  await mkdir(join(folder, 'code'), { recursive: true });
  await writeFile(join(folder, 'code/index.js'), HANDLERS);
  const settings = { runtime: 'nodejs22.x', code: 'code', timeout: 60 };
  const functions = {
    slow: { ...settings, handler: 'index.slow' },
    fails: { ...settings, handler: 'index.fails' },
  };
  await writeFile(join(folder, 'orchestrator.yaml'), JSON.stringify({ port: 0, functions }));
}

/** An `up` in front, in the middle of an event. */
async function inTheMiddle(ms: number) {
  const up = cli.start('up');
  await up.shows(READY);
  const runId = await runIdOf(cli);
  const invocation = cli.run('invoke', 'slow', '-d', JSON.stringify({ ms }), '--no-logs');
  await up.shows('the event is here');
  return { up, runId, invocation };
}

describe('Ctrl-C', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'once (%s) lets what runs finish, exits with 0 and leaves nothing',
    async (signal) => {
      const { up, runId, invocation } = await inTheMiddle(1500);
      up.child.kill(signal);
      expect(await invocation).toMatchObject({ code: 0, stdout: '{"ms":1500}' });
      const { code, stderr } = await up.ended;
      expect(code).toBe(0);
      expect(stderr).toContain('Stopped. Nothing is left running.');
      expect(await leftOf(runId)).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'twice ends at once with 130, tells the client and leaves nothing',
    async () => {
      const { up, runId, invocation } = await inTheMiddle(50_000);
      up.child.kill('SIGINT');
      await up.shows('Stopping. 1 invocation still running may finish');
      up.child.kill('SIGINT');
      expect((await up.ended).code).toBe(130);
      const { code, stderr } = await invocation;
      expect(code).toBe(3);
      expect(stderr).toContain('503 ServiceUnavailableException');
      expect(await leftOf(runId)).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'three times leaves the rest to the watchdog, which leaves nothing',
    async () => {
      const { up, runId, invocation } = await inTheMiddle(50_000);
      // Signals that arrive together count as one.
      for (const answer of ['Stopping.', 'Ending now.']) {
        up.child.kill('SIGINT');
        await up.shows(answer);
      }
      up.child.kill('SIGINT');
      expect((await up.ended).code).toBe(130);
      expect((await invocation).code).toBe(3);
      await until(async () => (await leftOf(runId)).length === 0);
    },
    LIMIT_MS,
  );

  it(
    'during the start gives it up and leaves nothing to be found',
    async () => {
      const up = cli.start('up');
      await up.shows('✓ Engine');
      up.child.kill('SIGINT');
      expect((await up.ended).code).toBe(0);
      expect((await cli.run('ps')).code).toBe(3);
    },
    LIMIT_MS,
  );
});

describe('up --detach', () => {
  it(
    'is found by ps, invoke, logs -f and why, until down',
    async () => {
      const started = await cli.run('up', '--detach');
      expect(started).toMatchObject({ code: 0 });
      expect(started.stdout).toContain('slow\tnodejs22.x\tindex.slow\t128 MB\t60 s\tready\n');
      const runId = await runIdOf(cli);

      const follower = cli.start('logs', 'slow', '-f');
      const answer = JSON.parse(
        (await cli.run('invoke', 'slow', '-d', '{"ms":1}', '--json')).stdout,
      ) as { requestId: string; payload: unknown };
      expect(answer.payload).toEqual({ ms: 1 });
      await follower.shows(`${answer.requestId} REPORT`);
      const why = await cli.run('why', answer.requestId);
      expect(why).toMatchObject({ code: 0 });
      expect(why.stdout).toContain('slow in environment');

      const failed = await cli.run('invoke', 'fails', '-d', '{}');
      expect(failed.code).toBe(1);
      expect(JSON.parse(failed.stdout)).toMatchObject({ errorType: 'TypeError' });
      expect(failed.stderr).toContain('The function ended with an error (Unhandled).');

      expect((await cli.run('down')).code).toBe(0);
      expect((await follower.ended).stderr).toContain('The orchestrator stopped.');
      expect(await leftOf(runId)).toEqual([]);
    },
    LIMIT_MS,
  );
});

describe('output kept in the project', () => {
  it(
    'does not count as a change of its code',
    async () => {
      const shell = ['/bin/sh', '-c', 'exec "$0" "$@" > code/up.log 2>&1', ...MAIN];
      const up = realCli(shell, project).start('up');
      await until(async () => (await cli.run('ps')).code === 0);
      // Each event writes several lines to the file; a reload would begin a new environment.
      const count = 5;
      for (let event = 0; event < count; event += 1)
        await cli.run('invoke', 'slow', '-d', '{"ms":1}');
      const { stdout } = await cli.run('ps', '--json');
      const { environments } = JSON.parse(stdout) as { environments: { invocations: number }[] };
      expect(environments.reduce((sum, { invocations }) => sum + invocations, 0)).toBe(count);
      up.child.kill('SIGINT');
      await up.ended;
    },
    LIMIT_MS,
  );
});

const SOCKET = '/var/run/docker.sock';
const UNPRIVILEGED = 54_321;

/** Somebody who is in the engine's group and nothing else; undefined where we cannot become that. */
async function groupMember(): Promise<readonly string[] | undefined> {
  const group = await stat(SOCKET).then(
    ({ gid, mode }) => ((mode & 0o060) === 0o060 ? gid : undefined),
    () => undefined,
  );
  if (process.getuid?.() !== 0 || group === undefined) return undefined;
  const ids = [`--reuid=${UNPRIVILEGED}`, `--regid=${UNPRIVILEGED}`, `--groups=${group}`];
  const become = ['setpriv', ...ids, '--bounding-set=-all', '--inh-caps=-all'];
  try {
    execFileSync(become[0] as string, [...become.slice(1), 'test', '-r', MAIN[1] as string]);
    return become;
  } catch {
    return undefined;
  }
}
const MEMBER = await groupMember();

describe('an unprivileged member of the engine’s group', () => {
  const test = MEMBER === undefined ? it.skip : it;
  test(
    'runs functions with the fallbacks for freezing and /tmp, and leaves nothing',
    async () => {
      for (const path of [project, join(project, 'code')]) {
        await chown(path, UNPRIVILEGED, UNPRIVILEGED);
      }
      cli = realCli([...(MEMBER ?? []), ...MAIN], project);
      const started = await cli.run('up', '--detach');
      expect(started).toMatchObject({ code: 0 });
      expect(started.stdout).toContain('freezing by engine');
      expect(started.stderr).toContain('/tmp is kept in memory');
      const runId = await runIdOf(cli);
      expect(await cli.run('invoke', 'slow', '-d', '{"ms":1}', '--no-logs')).toMatchObject({
        code: 0,
        stdout: '{"ms":1}',
      });
      await until(async () => (await cli.run('ps')).stdout.includes('frozen'));
      expect((await cli.run('down')).code).toBe(0);
      expect(await leftOf(runId)).toEqual([]);
    },
    LIMIT_MS,
  );
});

describe('the packed tarball', () => {
  it(
    'holds all that a run needs, and nothing of earlier runs',
    async () => {
      const root = packageRoot();
      // What is compiled is what is tested; packing must not compile it again meanwhile.
      const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', project];
      const tarball = execFileSync('npm', pack, { cwd: root, encoding: 'utf8' }).trim();
      execFileSync('tar', ['-xzf', tarball, '-C', project], { cwd: project });
      const installed = join(project, 'package');
      await symlink(join(root, 'node_modules'), join(installed, 'node_modules'));
      // As packing would have made it.
      const bundle = ['scripts/bundle.mjs', join(installed, 'dist/bundle')];
      execFileSync(process.execPath, bundle, { cwd: root });
      const launcher = join(installed, 'dist/src/launcher.cjs');
      await chmod(launcher, 0o755);
      expect(await readdir(installed)).toEqual(
        expect.arrayContaining(['README.md', 'LICENSE', 'CHANGELOG.md', 'docs', 'examples']),
      );
      expect(await readdir(join(installed, 'examples/hello'))).not.toContain('.orchestrator');

      cli = realCli([launcher], join(installed, 'examples/hello'));
      expect(await cli.run('up', '--detach', '--port', '0')).toMatchObject({ code: 0 });
      const runId = await runIdOf(cli);
      const answer = await cli.run('invoke', 'hello-python', '-d', '{"name":"you"}');
      expect(answer.stdout).toContain('Hello, you, from Python');
      expect((await cli.run('down')).code).toBe(0);
      expect(await leftOf(runId)).toEqual([]);
    },
    LIMIT_MS,
  );
});
