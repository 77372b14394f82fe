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

function packsMade(): string[] {
  return readdirSync(join(folder, 'bundle'))
    .filter((name) => name !== 'watchdog-process.cjs')
    .map((name) => readFileSync(join(folder, 'bundle', name), 'latin1'));
}

/** What runs of `command` have kept. */
function kept(command: string): string {
  const compiled = join(home, '.cache/orchestrator/compiled');
  const [program = ''] = readdirSync(compiled);
  return join(compiled, program, `${command}.program`);
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
    const packs = packsMade();
    expect(packs.join('')).toContain('require("@aws-sdk/client-sqs")');
    // `import()` without anything is in a message.
    expect(packs.join('').match(/\bimport\((?!\))[^)]*/g)).toBeNull();
  });

  it('has each module once', () => {
    const packs = packsMade();
    for (const name of ['OrchestratorError', 'Problems', 'Unresolved', 'Pool', 'FunctionRouter']) {
      const holding = packs.filter((pack) => new RegExp(`\\b${name}=class\\b`).test(pack));
      expect([name, holding.length]).toEqual([name, 1]);
    }
  });

  it('has of what checks files no more than our schemas take', () => {
    const packs = packsMade();
    expect(packs.filter((pack) => pack.includes('"raw_check"'))).toHaveLength(1);
    expect(packs.join('')).not.toContain('"hex_color"');
  });

  it(
    'does not run parts of another program',
    async () => {
      const path = join(folder, 'bundle/commands.cjs');
      const pack = readFileSync(path);
      writeFileSync(path, `// 0123456789abcdef\n${pack.subarray(20).toString('latin1')}`);
      try {
        const { code, stderr } = await launch(['--help']);
        expect(code).not.toBe(0);
        expect(stderr).toContain('start it again');
      } finally {
        writeFileSync(path, pack);
      }
    },
    LIMIT_MS,
  );

  it(
    'keeps nothing of a command that failed: it has not come to all that the next one needs',
    async () => {
      await launch(['up', '--prot', '1']);
      expect(readdirSync(home)).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'keeps what was compiled for the next run of the command, for its owner only',
    async () => {
      await launch(['--help']);
      const { ino, mode } = statSync(kept('--help'));
      expect(mode & 0o777).toBe(0o600);
      await launch(['--help']);
      expect(statSync(kept('--help')).ino).toBe(ino);
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
      await launch(['--help']);
      const left = readdirSync(compiled);
      expect(left.filter((name) => name.startsWith('old-'))).toEqual(['old-4', 'old-5', 'old-6']);
      expect(left).toHaveLength(4);
    },
    LIMIT_MS,
  );

  it(
    'does not run what others may have written',
    async () => {
      const first = await launch(['--help']);
      chmodSync(kept('--help'), 0o666);
      const { ino } = statSync(kept('--help'));
      expect(await launch(['--help'])).toEqual(first);
      expect(statSync(kept('--help')).ino).not.toBe(ino);
      expect(statSync(kept('--help')).mode & 0o777).toBe(0o600);
    },
    LIMIT_MS,
  );

  it(
    'compiles anew what is of another program, or damaged',
    async () => {
      const first = await launch(['--help']);
      writeFileSync(kept('--help'), 'no code at all');
      expect(await launch(['--help'])).toEqual(first);
      expect(readFileSync(kept('--help'), 'latin1')).not.toContain('no code at all');
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
      await launch(['--help'], { XDG_CACHE_HOME: 'caches' });
      expect(readdirSync(home)).toEqual(['.cache']);
      const { ino } = statSync(kept('--help'));
      await launch(['--help'], { XDG_CACHE_HOME: '' });
      expect(statSync(kept('--help')).ino).toBe(ino);
      await launch(['--help'], { HOME: 'elsewhere' });
      expect(readdirSync(home)).toEqual(['.cache']);
    },
    LIMIT_MS,
  );

  describe('with the document of a project', () => {
    const TEXT = 'functions: {first: {runtime: python3.13, handler: app.handler}}\n';
    let project: string;

    const documents = (): string => join(home, '.cache/orchestrator/documents');
    const check = (): Promise<Ended> => launch(['check', project, '--json']);
    /** The one file that is kept. */
    function known(): string {
      const [name = '', ...others] = readdirSync(documents());
      expect(others).toEqual([]);
      return join(documents(), name);
    }

    beforeEach(() => {
      project = join(home, 'project');
      mkdirSync(project);
      writeFileSync(join(project, 'orchestrator.yaml'), TEXT);
    });

    it(
      'keeps a few, the newest',
      async () => {
        mkdirSync(documents(), { recursive: true, mode: 0o700 });
        for (let age = 1; age <= 40; age += 1) {
          const path = join(documents(), `old-${age}.json`);
          writeFileSync(path, '{}');
          utimesSync(path, 1_000_000 - age, 1_000_000 - age);
        }
        expect(await check()).toMatchObject({ code: 0 });
        const kept = readdirSync(documents());
        const old = kept.filter((name) => name.startsWith('old-'));
        expect([kept.length, old.length]).toEqual([32, 31]);
        expect(old).toContain('old-31.json');
        expect(old).not.toContain('old-32.json');
      },
      LIMIT_MS,
    );

    it(
      'reads it as the modules do, and no second time, for its owner only',
      async () => {
        const first = await check();
        expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining('first') });
        expect(first).toEqual(
          await run(join(root, 'dist/src/main.js'), ['check', project, '--json']),
        );
        expect(statSync(known()).mode & 0o777).toBe(0o600);
        expect(JSON.parse(readFileSync(known(), 'utf8'))).toMatchObject({
          text: TEXT,
          value: { functions: { first: { handler: 'app.handler' } } },
        });
        expect(await check()).toEqual(first);
        // It is taken: what is there says what the file does not.
        writeFileSync(known(), readFileSync(known(), 'utf8').replace('"first":', '"other":'));
        expect((await check()).stdout).toContain('other');
      },
      LIMIT_MS,
    );

    it(
      'reads it anew when it says something else, and when what is kept is not to be trusted',
      async () => {
        const first = await check();
        writeFileSync(known(), readFileSync(known(), 'utf8').replace('"first":', '"other":'));
        chmodSync(known(), 0o666);
        expect(await check()).toEqual(first);
        expect(statSync(known()).mode & 0o777).toBe(0o600);
        writeFileSync(known(), '{"functions"');
        expect(await check()).toEqual(first);
        // Another text of that name.
        const other = {
          ...(JSON.parse(readFileSync(known(), 'utf8')) as object),
          text: `${TEXT}#`,
        };
        writeFileSync(known(), JSON.stringify(other).replace('"first":', '"other":'));
        expect(await check()).toEqual(first);
        writeFileSync(join(project, 'orchestrator.yaml'), TEXT.replace('first', 'second'));
        expect((await check()).stdout).toContain('second');
      },
      LIMIT_MS,
    );

    it(
      'keeps nothing of one that cannot be read, or whose parts stand in several places',
      async () => {
        writeFileSync(join(project, 'orchestrator.yaml'), 'functions: {first: [}\n');
        expect((await check()).code).not.toBe(0);
        const shared = '&all {runtime: python3.13, handler: app.handler}';
        writeFileSync(
          join(project, 'orchestrator.yaml'),
          `functions: {first: ${shared}, second: *all}\n`,
        );
        expect(await check()).toMatchObject({ code: 0 });
        expect(() => readdirSync(documents())).toThrow('ENOENT');
      },
      LIMIT_MS,
    );
  });

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
