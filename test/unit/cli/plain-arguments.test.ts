import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { systemClock } from '../../../src/async/clock.js';
import type { CommandContext } from '../../../src/cli/command.js';
import { SETTING_OPTIONS } from '../../../src/cli/flags.js';
import { plainArguments } from '../../../src/cli/plain-arguments.js';
import { parseAndRun } from '../../../src/cli/program.js';
import { createReport } from '../../../src/cli/report.js';
import { up } from '../../../src/cli/up.js';

class Read extends Error {
  readonly request: unknown;

  constructor(request: unknown) {
    super('read');
    this.request = request;
  }
}

function contextOf(argv: readonly string[]): Omit<CommandContext, 'args'> {
  const host = {
    argv,
    cwd: '/projects',
    environment: {},
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    self: [],
    onSignal: () => () => undefined,
    exit: () => undefined,
  };
  const clock = systemClock;
  const report = createReport(host, clock, { json: false, verbose: false });
  const parts = {
    loadConfig: (request: unknown) => Promise.reject(new Read(request)),
    startOrchestrator: () => Promise.reject(new Error('not started')),
    openEngine: () => Promise.reject(new Error('not opened')),
  };
  return { host, report, clock, parts };
}

/** What the project is read with, or what is said instead. */
async function asked(run: Promise<number>): Promise<unknown> {
  try {
    return { code: await run };
  } catch (error) {
    return error instanceof Read ? error.request : { refused: String(error) };
  }
}

async function plain(argv: readonly string[]): Promise<unknown> {
  const args = plainArguments(argv, up);
  return args === undefined ? undefined : asked(up.run({ ...contextOf(argv), args }));
}

function parsed(argv: readonly string[]): Promise<unknown> {
  return asked(parseAndRun(contextOf(argv), '1.2.3'));
}

describe('plain arguments', () => {
  it('are read as the parser reads them, or left to it', async () => {
    const names = [...Object.keys(SETTING_OPTIONS), 'watch', 'json', 'verbose', 'nonsense'];
    const values = ['4', '0', '007', '1e3', 'aws', 'auto', 'a=b', 'A=1', 'never', '10m', 'folder'];
    const odd = ['', '-', '--', '-d', '-5', 'true', 'false', '"x"', "'", 'a b', '[x]', 'é', '-vh'];
    const word = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...names).map((name) => `--${name}`) },
      { weight: 1, arbitrary: fc.constantFrom(...names).map((name) => `--no-${name}`) },
      { weight: 1, arbitrary: fc.constantFrom(...names).map((name) => `--${name}=4`) },
      { weight: 6, arbitrary: fc.constantFrom(...values) },
      { weight: 1, arbitrary: fc.constantFrom(...odd) },
      { weight: 1, arbitrary: fc.string({ maxLength: 4 }) },
    );
    // Mostly flags with values, so that many are plain.
    const pair = fc
      .tuple(fc.constantFrom(...Object.entries(SETTING_OPTIONS)), fc.constantFrom(...values))
      .map(([[name, { type }], value]) =>
        type === 'boolean' ? [`--${name}`] : [`--${name}`, value],
      );
    const words = fc
      .array(fc.oneof(pair, pair, fc.array(word, { maxLength: 2 })), { maxLength: 4 })
      .map((parts) => ['up', ...parts.flat()]);
    let read = 0;
    await fc.assert(
      fc.asyncProperty(words, async (argv) => {
        const ours = await plain(argv);
        if (ours === undefined) return;
        read += 1;
        expect(ours).toEqual(await parsed(argv));
      }),
      { numRuns: 1500 },
    );
    expect(read).toBeGreaterThan(300);
  }, 60_000);

  it.each([
    [['up']],
    [['up', 'examples/hello']],
    [['up', 'folder', '--port', '3001', '--no-watch', '--json']],
    [['up', '--parameter', 'A=1', '--parameter', 'B=2', '--base', 'aws']],
  ])('are %j', async (argv) => {
    expect(await plain(argv)).toEqual(await parsed(argv));
    expect(plainArguments(argv, up)).toBeDefined();
  });

  it.each([
    [['down']],
    [['up', '--help']],
    [['up', '--prot', '3001']],
    [['up', '--port']],
    [['up', '--port=3001']],
    [['up', '--port', '1', '--port', '2']],
    [['up', '--strict', 'false']],
    [['up', '--base', 'other']],
    [['up', 'one', 'two']],
    [['up', '-d']],
    [['up', '--', 'folder']],
  ])('are not %j', (argv) => {
    expect(plainArguments(argv, up)).toBeUndefined();
  });
});
