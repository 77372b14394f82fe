import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fakeParts } from '../../support/fake-parts.js';
import { startInProcess, type InProcess } from '../../support/memory-host.js';

let root: string;
const running: InProcess[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cli-known-runs-'));
});
afterEach(async () => {
  for (const each of running) each.signal('SIGINT');
  await Promise.all(running.splice(0).map(({ ended }) => ended));
  rmSync(root, { recursive: true, force: true });
});

function start(from: string, ...argv: string[]): InProcess {
  const cwd = join(root, from);
  mkdirSync(cwd, { recursive: true });
  const environment = { HOME: join(root, 'home') };
  return startInProcess(argv, { cwd, environment, parts: fakeParts({}) });
}

async function up(from: string, project: string, ...flags: string[]): Promise<void> {
  const started = start(from, 'up', join(root, project), ...flags);
  running.push(started);
  await started.shows('Invoke one');
}

async function ps(from: string): Promise<{ code: number; err: string }> {
  const { code, stderr } = await start(from, 'ps').ended;
  return { code, err: stderr };
}

describe('a running orchestrator is found without --state', () => {
  it('from a folder above its project', async () => {
    await up('.', 'examples/hello');
    expect(await ps('examples')).toMatchObject({ code: 0 });
  });

  it('from where it was started, wherever its project is', async () => {
    await up('tools', 'projects/one');
    expect(await ps('tools')).toMatchObject({ code: 0 });
    expect(await ps('other')).toMatchObject({ code: 3 });
  });

  it('from its project, although its state folder is elsewhere', async () => {
    await up('.', 'project', '--state', join(root, 'elsewhere'));
    expect(await ps('project/src')).toMatchObject({ code: 0 });
  });

  it('no longer when it has stopped', async () => {
    await up('.', 'project');
    for (const each of running) each.signal('SIGINT');
    await Promise.all(running.splice(0).map(({ ended }) => ended));
    expect(await ps('.')).toMatchObject({ code: 3 });
  });

  it('unless there are several, which are named', async () => {
    await up('.', 'one');
    await up('.', 'two');
    const { code, err } = await ps('.');
    expect(code).toBe(2);
    expect(err).toContain(`--state ${join(root, 'one/.orchestrator')}`);
    expect(err).toContain(`--state ${join(root, 'two/.orchestrator')}`);
    expect(await ps('one')).toMatchObject({ code: 0 });
  });
});

it('a home that cannot be written to is no reason not to run', async () => {
  writeFileSync(join(root, 'home'), 'a file in its place');
  await up('project', 'project');
  expect(await ps('project')).toMatchObject({ code: 0 });
});
