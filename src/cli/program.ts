/**
 * From arguments to an exit code: the yargs program over the list of commands. Flags, commands
 * and arguments that nobody knows are refused here, with the nearest known name.
 */

import yargs, { type Argv, type Options } from 'yargs';

import { systemClock, type Clock } from '../async/clock.js';
import { OrchestratorError, messageOf } from '../errors.js';
import { Arguments } from './arguments.js';
import { build } from './build.js';
import { GLOBAL_OPTIONS, type Command, type OptionSpec } from './command.js';
import { doctor } from './doctor.js';
import { down } from './down.js';
import { EXIT, type Host } from './host.js';
import { images } from './images.js';
import { invoke } from './invoke.js';
import { logs } from './logs.js';
import { didYouMean, nearest } from './nearest.js';
import type { Parts } from './parts.js';
import { ps } from './ps.js';
import { createReport, type Report } from './report.js';
import { up } from './up.js';
import { why } from './why.js';

const COMMANDS: readonly Command[] = [up, invoke, ps, logs, why, down, build, images, doctor];
const COMPLETION = 'completion';
/** Lines longer than this are tiring to read, however wide the terminal. */
const WIDEST_HELP = 100;
const DEFAULT_WIDTH = 80;

const EPILOGUE = [
  'Exit codes:',
  '  0    done',
  '  1    the function ended with an error, or a check of doctor failed',
  '  2    the command line or the configuration cannot be used',
  '  3    anything else',
  '  130  ended at once by Ctrl-C',
].join('\n');

/** Errors of these codes are about what the person wrote. */
const USAGE_CODES: ReadonlySet<string> = new Set([
  'config-invalid',
  'config-not-found',
  'function-not-found',
]);

export interface ProgramOptions {
  readonly version: string;
  readonly parts: Parts;
  readonly clock?: Clock;
}

/** The exit code. Never throws; what goes wrong has been shown. */
export async function runProgram(host: Host, options: ProgramOptions): Promise<number> {
  const clock = options.clock ?? systemClock;
  const flags = host.argv.slice(0, indexOrEnd(host.argv, '--'));
  const report = createReport(host, clock, {
    json: flags.includes('--json'),
    verbose: flags.includes('--verbose'),
  });
  try {
    return await parseAndRun(host, report, { ...options, clock });
  } catch (error) {
    report.error(error);
    const usage = error instanceof OrchestratorError && USAGE_CODES.has(error.code);
    return usage ? EXIT.usage : EXIT.failed;
  } finally {
    report.close();
  }
}

async function parseAndRun(
  host: Host,
  report: Report,
  { version, parts, clock }: ProgramOptions & { clock: Clock },
): Promise<number> {
  // Parsing only chooses; what the command throws is then never taken for a mistake in the flags.
  let chosen = (): Promise<number> => Promise.resolve(EXIT.ok);
  let parser = shell(host, version);
  for (const command of COMMANDS) {
    parser = parser.command(
      usageOf(command),
      command.summary,
      (builder) => describe(builder, command),
      (values) => {
        refuseUnknown(values, command);
        refuseOtherChoices(values, command);
        const args = new Arguments(values);
        chosen = () => command.run({ args, host, report, clock, parts });
      },
    );
  }
  parser = parser
    .completion(COMPLETION, 'Print a completion script for your shell')
    .command('$0', false, {}, (values) => {
      // A default command is found before the completion script is, so this one has to pass it on.
      if ((values['_'] as unknown[])[0] === COMPLETION) {
        parser.showCompletionScript();
        return;
      }
      refuseUnknownCommand(values);
      parser.showHelp((help) => report.print(tidied(help)));
    });

  let output = '';
  try {
    await parser.parseAsync([...host.argv], {}, (error, _values, text) => {
      output = text;
      if (error !== undefined && error !== null) throw error;
    });
  } catch (error) {
    throw error instanceof OrchestratorError ? error : usageError(messageOf(error), host.argv);
  }
  if (output !== '') report.print(tidied(output));
  return chosen();
}

/** Help without the types: what a flag takes, its description says. */
function tidied(help: string): string {
  return help.replace(/\n? +\[(?:string|boolean|array)\](?= *$)/gm, '');
}

function shell(host: Host, version: string): Argv {
  const width = Math.min(host.stdout.columns ?? DEFAULT_WIDTH, WIDEST_HELP);
  const parser = yargs()
    .scriptName('orchestrator')
    .usage('Runs AWS Lambda functions in real containers on this machine.\n\n$0 <command>')
    .locale('en')
    .updateStrings({
      'Not enough non-option arguments: got %s, need at least %s': {
        one: 'an argument is missing (got %s of %s)',
        other: 'an argument is missing (got %s of %s)',
      } as unknown as string,
      'Not enough arguments following: %s': '--%s needs a value',
    })
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'strip-aliased': true,
    })
    .exitProcess(false)
    .fail(false)
    .help()
    .alias('help', 'h')
    .version(version)
    .group(['help', 'version'], 'General:')
    .wrap(width)
    .epilogue(EPILOGUE);
  return parser.options(Object.fromEntries(yargsOptions(GLOBAL_OPTIONS)));
}

function usageOf({ name, positionals = {} }: Command): string {
  const words = Object.entries(positionals).map(([positional, { required }]) =>
    required === true ? `<${positional}>` : `[${positional}]`,
  );
  return [name, ...words].join(' ');
}

function describe(builder: Argv, command: Command): Argv {
  for (const [name, { describe }] of Object.entries(command.positionals ?? {})) {
    builder.positional(name, { type: 'string', describe });
  }
  builder.options(Object.fromEntries(yargsOptions(command.options ?? {})));
  for (const [example, does] of command.examples ?? []) {
    builder.example(example.includes('|') ? example : `$0 ${example}`, does);
  }
  const about = command.about === undefined ? '' : `\n${command.about}`;
  return builder.usage(`${command.summary}.${about}\n\n$0 ${usageOf(command)}`);
}

function yargsOptions(specs: Readonly<Record<string, OptionSpec>>): [string, Options][] {
  return Object.entries(specs).map(([name, { type, describe, alias, group, hidden }]) => [
    name,
    {
      // Numbers are read by `Arguments`, which knows the flag that holds a bad one.
      type: type === 'boolean' ? 'boolean' : type === 'list' ? 'array' : 'string',
      describe,
      ...(type === 'boolean' ? {} : { requiresArg: true }),
      ...(alias === undefined ? {} : { alias }),
      group: group ?? 'Options:',
      ...(hidden === undefined ? {} : { hidden }),
    },
  ]);
}

function refuseUnknown(values: Readonly<Record<string, unknown>>, command: Command): void {
  const flags = Object.keys({ ...command.options, ...GLOBAL_OPTIONS });
  const known = new Set([
    ...flags.map((name) => name.replace(/^no-/, '')),
    ...flags,
    ...Object.values(command.options ?? {}).flatMap(({ alias }) => alias ?? []),
    ...Object.keys(command.positionals ?? {}),
    '_',
    '$0',
    'help',
    'version',
  ]);
  const unknown = Object.keys(values).find((name) => !known.has(name));
  if (unknown !== undefined) {
    const visible = [
      ...flags.filter((name) => command.options?.[name]?.hidden === undefined),
      'help',
    ];
    throw unknownFlag(unknown, visible, command);
  }
  const [, extra] = values['_'] as (string | number)[];
  if (extra !== undefined) {
    throw new OrchestratorError(
      'config-invalid',
      `\`orchestrator ${command.name}\` takes no argument ${extra}`,
      {
        remedy: `Usage: orchestrator ${usageOf(command)}. ${seeHelp(command.name)}`,
      },
    );
  }
}

function refuseOtherChoices(values: Readonly<Record<string, unknown>>, command: Command): void {
  for (const [name, { choices }] of Object.entries(command.options ?? {})) {
    const value = values[name];
    if (choices === undefined || typeof value !== 'string' || choices.includes(value)) continue;
    throw new OrchestratorError('config-invalid', `--${name} cannot be ${value}`, {
      remedy: `${didYouMean(value, choices)}It is one of ${choices.join(', ')}.`,
    });
  }
}

function unknownFlag(name: string, flags: readonly string[], command: Command): OrchestratorError {
  const dashes = name.length === 1 ? '-' : '--';
  // What was written as --no-x arrives as x.
  const guess = nearest(name, flags) ?? nearest(`no-${name}`, flags);
  const hint = guess === undefined ? '' : `Did you mean --${guess}? `;
  return new OrchestratorError(
    'config-invalid',
    `\`orchestrator ${command.name}\` has no flag ${dashes}${name}`,
    {
      remedy: `${hint}${seeHelp(command.name)}`,
    },
  );
}

function refuseUnknownCommand(values: Readonly<Record<string, unknown>>): void {
  const [name] = values['_'] as (string | number)[];
  const names = [...COMMANDS.map((command) => command.name), COMPLETION];
  if (name !== undefined) {
    throw new OrchestratorError('config-invalid', `there is no command ${name}`, {
      remedy: `${didYouMean(String(name), names, 'orchestrator ')}Commands: ${names.join(', ')}.`,
    });
  }
  const known = new Set(['_', '$0', 'help', 'version', ...Object.keys(GLOBAL_OPTIONS)]);
  const flag = Object.keys(values).find((key) => !known.has(key));
  if (flag === undefined) return;
  const dashes = flag.length === 1 ? '-' : '--';
  throw new OrchestratorError(
    'config-invalid',
    `there is no flag ${dashes}${flag} without a command`,
    {
      remedy: `${didYouMean(flag, ['help', 'version'], '--')}${seeHelp()}`,
    },
  );
}

function usageError(message: string, argv: readonly string[]): OrchestratorError {
  const command = COMMANDS.find(({ name }) => name === argv[0]);
  const usage = command === undefined ? '' : `Usage: orchestrator ${usageOf(command)}. `;
  return new OrchestratorError('config-invalid', message.trim().replace(/\s*\n\s*/g, ' '), {
    remedy: `${usage}${seeHelp(command?.name)}`,
  });
}

function seeHelp(command?: string): string {
  return `\`orchestrator ${command === undefined ? '' : `${command} `}--help\` lists what there is.`;
}

function indexOrEnd(list: readonly string[], item: string): number {
  const index = list.indexOf(item);
  return index === -1 ? list.length : index;
}
