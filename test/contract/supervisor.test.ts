import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import { SupervisorReports } from '../../src/environment/supervisor-reports.js';
import { packageRoot } from '../../src/package-root.js';

const LIMIT_MS = 20_000;

/** The supervisor on its own: what it does with the program, without a container. */
class Supervised {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly reports: string[] = [];
  output = '';
  errors = '';
  #waiting: (() => void)[] = [];

  constructor(args: readonly string[]) {
    const script = join(packageRoot(), 'runtimes/supervisor');
    this.child = spawn('/bin/sh', [script, 'token', ...args], { stdio: 'pipe' });
    const scanner = new SupervisorReports(
      'token',
      (report) => {
        this.reports.push(Object.values(report).join(' '));
        for (const resolve of this.#waiting.splice(0)) resolve();
      },
      (chunk) => void (this.output += chunk.toString()),
    );
    this.child.stdout.on('data', (chunk: Buffer) => scanner.scan(chunk, 'stdout'));
    this.child.stderr.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
  }

  tell(command: string): void {
    this.child.stdin.write(`${command}\n`);
  }

  /** The report that begins so; what it says after that. */
  async report(beginning: string): Promise<string> {
    for (;;) {
      const found = this.reports.find((report) => report.startsWith(beginning));
      if (found !== undefined) return found.slice(beginning.length).trim();
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  end(): Promise<void> {
    return new Promise((resolve) => {
      this.child.once('close', () => resolve());
      this.child.stdin.end();
    });
  }
}

describe('the supervisor', () => {
  let supervised: Supervised;
  afterEach(() => supervised.end(), LIMIT_MS);

  const program = (script: string): string[] => ['0', '/bin/sh', '-c', script];

  it(
    'starts the program when it is told to and says how it ended',
    async () => {
      supervised = new Supervised(program('echo out; echo err >&2; exit 3'));
      await supervised.report('ready plain');
      expect(supervised.reports).toHaveLength(1);
      supervised.tell('runtime');
      expect(Number(await supervised.report('started runtime'))).toBeGreaterThan(1);
      expect(await supervised.report('exited runtime')).toBe('3');
      expect(supervised.output).toBe('out\n');
      await supervised.end();
      expect(supervised.errors).toBe('err\n');
      supervised = new Supervised(program(':'));
    },
    LIMIT_MS,
  );

  it(
    'gives the program nothing to read and nothing of its own to write to',
    async () => {
      supervised = new Supervised(program('cat; ls /proc/$$/fd | tr "\\n" " "'));
      supervised.tell('runtime');
      await supervised.report('exited runtime 0');
      const open = supervised.output.trim().split(' ').map(Number);
      expect(open.filter((descriptor) => descriptor >= 3 && descriptor <= 6)).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'passes signals on, and says nothing about them to anybody else',
    async () => {
      supervised = new Supervised(
        program('trap "echo got TERM" TERM; echo up; while :; do sleep 0.05; done'),
      );
      supervised.tell('runtime');
      const pid = await supervised.report('started runtime');
      while (!supervised.output.includes('up')) await new Promise(setImmediate);
      supervised.tell(`kill TERM ${pid}`);
      while (!supervised.output.includes('got TERM')) await new Promise(setImmediate);
      supervised.tell(`kill KILL ${pid}`);
      expect(await supervised.report('exited runtime')).toBe('137');
      await supervised.end();
      expect(supervised.errors).toBe('');
      supervised = new Supervised(program(':'));
    },
    LIMIT_MS,
  );

  it.each([
    ['/no/such/program', 'missing'],
    ['no-such-program', 'missing'],
    ['/etc/passwd', 'locked'],
    ['/etc', 'locked'],
  ])(
    'says that the program %s cannot be executed: it is %s',
    async (name, why) => {
      supervised = new Supervised(['0', name, 'argument']);
      supervised.tell('runtime');
      expect(await supervised.report('unrunnable')).toBe(why);
      expect(supervised.reports).toEqual(['ready plain', `unrunnable ${why}`]);
    },
    LIMIT_MS,
  );

  it(
    'says which extensions cannot be executed',
    async () => {
      supervised = new Supervised(['2', 'is not there', 'nor this', '/bin/true']);
      await supervised.report('refused 0');
      await supervised.report('refused 1');
    },
    LIMIT_MS,
  );
});
