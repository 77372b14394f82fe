/** `orchestrator simulate`: policies of keep-alive side by side on a trace, in virtual time. */

import { createReadStream } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';

import { DEFAULTS } from '../config/defaults.js';
import { OrchestratorError } from '../errors.js';
import { keepAliveSetting, type KeepAliveSetting } from '../keep-alive/named.js';
import { KEEP_ALIVE_NAMES } from '../keep-alive/keep-alive.js';
import type { Comparison } from '../simulate/compare.js';
import type { Trace } from '../simulate/trace.js';
import type { Command, CommandContext } from './command.js';
import { milliseconds } from './flags.js';
import { count } from './format.js';
import { EXIT } from './host.js';
import { comparisonTable, notesOf } from './simulate-table.js';
import { TRACE_OPTIONS } from './trace-options.js';

/** What a start takes on the machines we have measured: container, runtime and a small function. */
const INIT_MS = 250;

export const simulate: Command = {
  name: 'simulate',
  summary: 'Compare policies of keep-alive on a trace of invocations',
  about:
    'Replays a trace through the policies of --keep-alive in virtual time and shows for each how ' +
    'many invocations find no environment ready, what that costs them, and what memory is wasted. ' +
    'The first policy is what the others are held against, also with as much memory as it takes. ' +
    'Without a file the trace is made as `orchestrator trace` does. Nothing is started.',
  positionals: {
    trace: {
      describe: 'CSV: t (s), fn, duration_ms, memory_mb; payload_bytes, init_ms may be there',
    },
  },
  options: {
    policy: {
      type: 'list',
      describe:
        'Such as fixed:30m, greedy-dual, hybrid or learned:5m; may be repeated (default: fixed, ' +
        'greedy-dual, hybrid and learned)',
    },
    'idle-timeout': {
      type: 'string',
      describe: 'Of policies that name no time of their own (default: 10m)',
    },
    'memory-budget': {
      type: 'number',
      describe: 'MB that all environments together may take (default: no bound)',
    },
    init: {
      type: 'string',
      describe: `How long a start takes where the trace does not say (default: ${INIT_MS}ms)`,
    },
    svg: { type: 'string', describe: 'File to write a plot to' },
    ...TRACE_OPTIONS,
  },
  examples: [
    ['simulate', 'a made day of 1000 functions'],
    ['simulate trace.csv --memory-budget 4096', 'on a machine with 4 GB for environments'],
    ['simulate --policy fixed:10m --policy learned --svg plot.svg', 'two of them, and a picture'],
    ['simulate --functions 10000 --events 10000000', 'some minutes'],
  ],
  async run(context) {
    const { args, report } = context;
    const settings = {
      policies: policiesOf(args.list('policy')),
      idleTimeoutMs: time(context, 'idle-timeout', 1000) ?? DEFAULTS.idleTimeoutMs,
      initMs: time(context, 'init', 0) ?? INIT_MS,
    };
    const memoryMb = budget(context);
    const plot = await plotOf(context);
    const { name, trace } = await traceOf(context);
    const { compare } = await import('../simulate/compare.js');
    const comparison = compare(trace, {
      ...settings,
      ...(memoryMb === undefined ? {} : { memoryMb }),
      curves: plot !== undefined,
    });
    show(context, trace, comparison);
    if (plot === undefined) return EXIT.ok;
    const { chartOf } = await import('../simulate/chart.js');
    const title = `${name}: ${count(trace.functions.length, 'function')}, ${count(trace.length, 'invocation')}`;
    await writeFile(plot.path, chartOf(comparison, title)).catch((error: unknown) => {
      throw cannotWrite(plot.name, error);
    });
    report.note(report.paintError.dim(`The plot is in ${plot.name}.`));
    return EXIT.ok;
  },
};

interface Plot {
  /** As it was given. */
  readonly name: string;
  readonly path: string;
}

/** Where there is no place for it, that is told before minutes of replaying. */
async function plotOf({ args, host }: CommandContext): Promise<Plot | undefined> {
  const name = args.string('svg');
  if (name === undefined) return undefined;
  const path = resolve(host.cwd, name);
  if (!(await isFolder(dirname(path))) || (await isFolder(path))) throw cannotWrite(name);
  return { name, path };
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function cannotWrite(name: string, cause?: unknown): OrchestratorError {
  const remedy = 'Name a file in a folder that exists, as in `--svg plot.svg`.';
  return invalid(`cannot write ${name === '' ? 'a file without a name' : name}`, remedy, cause);
}

function show({ report }: CommandContext, trace: Trace, comparison: Comparison): void {
  const { functions, length, at } = trace;
  if (report.json) {
    report.printJson({
      trace: {
        functions: functions.length,
        invocations: length,
        spanSeconds: ((at[length - 1] ?? 0) - (at[0] ?? 0)) / 1000,
      },
      rows: comparison.rows,
      bound: comparison.bound,
    });
    return;
  }
  report.table(comparisonTable(comparison));
  for (const note of notesOf(comparison)) report.note(report.paintError.dim(note));
}

async function traceOf(context: CommandContext): Promise<{ name: string; trace: Trace }> {
  const { args, host } = context;
  const file = args.string('trace');
  if (file === undefined) {
    const { madeTrace } = await import('./made-trace.js');
    return { name: 'A made day', trace: madeTrace(context).trace };
  }
  refuseLost(context);
  const { readTrace } = await import('../simulate/read-trace.js');
  const text = createReadStream(resolve(host.cwd, file), {
    encoding: 'utf8',
    highWaterMark: 1 << 20,
  });
  const { trace, problems, problemCount } = await readTrace(text).catch((error: unknown) => {
    throw invalid(`cannot read ${file}`, 'Name a CSV file; `orchestrator trace` makes one.', error);
  });
  if (problemCount === 0) return { name: basename(file), trace };
  const lines = problems.map(({ line, message }) => `  line ${line} ${message}`);
  const more = problemCount - problems.length;
  if (more > 0) lines.push(`  and ${more} more`);
  throw invalid(
    `there ${problemCount === 1 ? 'is' : 'are'} ${count(problemCount, 'problem')} in ${file}:\n${lines.join('\n')}`,
    'Columns: t, fn, duration_ms, memory_mb, and if you like payload_bytes and init_ms.',
  );
}

/** Flags that mean something only where a trace is made. */
function refuseLost({ args }: CommandContext): void {
  const lost = Object.keys(TRACE_OPTIONS).find((name) => args.string(name) !== undefined);
  if (lost === undefined) return;
  throw invalid(`--${lost} is of a trace that is made`, 'Leave it out, or the file.');
}

function policiesOf(given: readonly string[]): readonly KeepAliveSetting[] {
  if (given.length === 0) return KEEP_ALIVE_NAMES.map((name) => ({ name }));
  return given.map((text) => {
    const setting = keepAliveSetting(text);
    if (setting !== undefined) return setting;
    throw invalid(
      `--policy cannot be ${text === '' ? 'empty' : text}`,
      `It is one of ${KEEP_ALIVE_NAMES.join(', ')}; all but greedy-dual take a time, as in fixed:90s.`,
    );
  });
}

function time({ args }: CommandContext, name: string, least: number): number | undefined {
  const value = milliseconds(name, args.string(name));
  if (value === undefined || (value >= least && value <= 86_400_000)) return value;
  throw invalid(`--${name} cannot be ${args.string(name)}`, `It is from ${least}ms to 24h.`);
}

function budget({ args }: CommandContext): number | undefined {
  const value = args.number('memory-budget');
  if (value !== 0) return value;
  throw invalid('--memory-budget cannot be 0', 'Give the MB that there are, or leave it out.');
}

function invalid(message: string, remedy: string, cause?: unknown): OrchestratorError {
  return new OrchestratorError('config-invalid', message, { remedy, cause });
}
