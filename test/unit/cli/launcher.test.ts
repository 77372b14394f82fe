import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { packageRoot } from '../../../src/package-root.js';
import { packageVersion } from '../../../src/version.js';

const root = packageRoot();
const LIMIT_MS = 60_000;

let folder: string;
let home: string;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(
  program: string,
  args: readonly string[],
  environment: Record<string, string | undefined> = {},
): Promise<Ended> {
  const { XDG_CACHE_HOME: _caches, ...variables } = process.env;
  const env = { ...variables, HOME: home, ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { cwd: home, env }, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

const launch = (args: readonly string[], environment = {}): Promise<Ended> =>
  run(join(folder, 'src/launcher.cjs'), args, environment);

/** What runs of `command` have kept. */
function kept(command: string): string {
  const compiled = join(home, '.cache/orchestrator/compiled');
  const [program = ''] = readdirSync(compiled);
  return join(compiled, program, command);
}

beforeAll(() => {
  mkdirSync(join(root, 'dist'), { recursive: true });
  // Within the package, as the real one is.
  folder = mkdtempSync(join(root, 'dist/launcher-test-'));
  mkdirSync(join(folder, 'src'));
  copyFileSync(join(root, 'dist/src/launcher.cjs'), join(folder, 'src/launcher.cjs'));
  writeFileSync(join(folder, 'src/main.js'), "console.log('the modules');");
  execFileSync(process.execPath, [join(root, 'scripts/bundle.mjs'), join(folder, 'bundle')]);
}, LIMIT_MS);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(() => {
  home = mkdtempSync(join(folder, 'home-'));
});

describe('the launcher', () => {
  it(
    'runs the packed program as the modules run',
    async () => {
      expect(await launch(['--version'])).toMatchObject({ stdout: `${packageVersion()}\n` });
      for (const args of [
        ['ps'],
        ['--help'],
        ['up', '--help'],
        ['up', '--prot', '1'],
        ['nothing'],
      ]) {
        expect(await launch(args)).toEqual(await run(join(root, 'dist/src/main.js'), args));
      }
    },
    LIMIT_MS,
  );

  it('imports nothing by itself: what V8 kept of it could not', () => {
    const program = readFileSync(join(folder, 'bundle/program.cjs'), 'latin1');
    expect(program).toContain('require("@aws-sdk/client-sqs")');
    // `import()` without anything is in a message.
    expect(program.match(/\bimport\((?!\))[^)]*/g)).toBeNull();
  });

  it(
    'keeps what was compiled for the next run of the command, for its owner only',
    async () => {
      await launch(['ps']);
      const { ino, mode } = statSync(kept('ps'));
      expect(mode & 0o777).toBe(0o600);
      await launch(['ps']);
      expect(statSync(kept('ps')).ino).toBe(ino);
    },
    LIMIT_MS,
  );

  it(
    'forgets what programs before have left, but for a few',
    async () => {
      const compiled = join(home, '.cache/orchestrator/compiled');
      for (let day = 1; day <= 6; day += 1) {
        mkdirSync(join(compiled, `old-${day}`), { recursive: true });
        utimesSync(join(compiled, `old-${day}`), day, day);
      }
      await launch(['ps']);
      const left = readdirSync(compiled);
      expect(left.filter((name) => name.startsWith('old-'))).toEqual(['old-4', 'old-5', 'old-6']);
      expect(left).toHaveLength(4);
    },
    LIMIT_MS,
  );

  it(
    'does not run what others may have written',
    async () => {
      const first = await launch(['ps']);
      chmodSync(kept('ps'), 0o666);
      const { ino } = statSync(kept('ps'));
      expect(await launch(['ps'])).toEqual(first);
      expect(statSync(kept('ps')).ino).not.toBe(ino);
      expect(statSync(kept('ps')).mode & 0o777).toBe(0o600);
    },
    LIMIT_MS,
  );

  it(
    'compiles anew what is of another program, or damaged',
    async () => {
      const first = await launch(['ps']);
      writeFileSync(kept('ps'), 'no code at all');
      expect(await launch(['ps'])).toEqual(first);
      expect(readFileSync(kept('ps'), 'latin1')).not.toContain('no code at all');
    },
    LIMIT_MS,
  );

  it(
    'does without a home',
    async () => {
      const { stdout } = await launch(['--version'], { HOME: undefined });
      expect(stdout).toBe(`${packageVersion()}\n`);
    },
    LIMIT_MS,
  );

  it.each([
    ['is no folder', '/dev/null'],
    ['takes no folders', '/proc'],
    ['is not there', '/proc/none/of/it'],
  ])(
    'does without a home that %s',
    async (_what, path) => {
      expect(await launch(['--version'], { HOME: path })).toEqual({
        code: 0,
        stdout: `${packageVersion()}\n`,
        stderr: '',
      });
    },
    LIMIT_MS,
  );

  it(
    'keeps nothing in folders that are not named by an absolute path',
    async () => {
      await launch(['ps'], { XDG_CACHE_HOME: 'caches' });
      expect(readdirSync(home)).toEqual(['.cache']);
      const { ino } = statSync(kept('ps'));
      await launch(['ps'], { XDG_CACHE_HOME: '' });
      expect(statSync(kept('ps')).ino).toBe(ino);
      await launch(['ps'], { HOME: 'elsewhere' });
      expect(readdirSync(home)).toEqual(['.cache']);
    },
    LIMIT_MS,
  );

  it(
    'runs the modules once they have been compiled anew',
    async () => {
      const compiled = join(folder, '.tsbuildinfo');
      writeFileSync(compiled, '');
      try {
        expect((await launch(['--version'])).stdout).toBe('the modules\n');
      } finally {
        rmSync(compiled);
      }
    },
    LIMIT_MS,
  );
});
