/**
 * The yargs program over the list of commands. Flags, commands and arguments that nobody knows are
 * refused here, with the nearest known name.
 */

import yargs, { type Argv, type Options } from 'yargs';

import { OrchestratorError, messageOf } from '../errors.js';
import { Arguments } from './arguments.js';
import { build } from './build.js';
import { GLOBAL_OPTIONS, type Command, type CommandContext, type OptionSpec } from './command.js';
import { checkProject } from './check-project.js';
import { doctor } from './doctor.js';
import { event } from './event.js';
import { events } from './events.js';
import { executions } from './executions.js';
import { down } from './down.js';
import { EXIT, type Host } from './host.js';
import { images } from './images.js';
import { invoke } from './invoke.js';
import { logs } from './logs.js';
import { ps } from './ps.js';
import {
  MISSING_ARGUMENT,
  refuseOddSwitches,
  refuseOtherChoices,
  refuseUnknown,
  refuseUnknownCommand,
  usageError,
  usageOf,
} from './refusals.js';
import { schedules } from './schedules.js';
import { simulate } from './simulate.js';
import { sources } from './sources.js';
import { time } from './time.js';
import { trace } from './trace.js';
import { up } from './up.js';
import { why } from './why.js';

const COMMANDS: readonly Command[] = [
  up,
  invoke,
  ps,
  logs,
  why,
  event,
  events,
  sources,
  executions,
  schedules,
  time,
  down,
  checkProject,
  build,
  images,
  simulate,
  trace,
  doctor,
];
const COMPLETION = 'completion';
/** Lines longer than this are tiring to read, however wide the terminal. */
const WIDEST_HELP = 100;
const DEFAULT_WIDTH = 80;
/** As yargs has it; its types do not say so. */
const NO_USAGE = null as unknown as string;

const EPILOGUE = [
  'Exit codes:',
  '  0    done',
  '  1    the function ended with an error, or a check of doctor failed',
  '  2    the command line or the configuration cannot be used',
  '  3    anything else',
  '  130  ended at once by Ctrl-C',
].join('\n');

/** The exit code. What is wrong with the arguments, or goes wrong, is thrown. */
export async function parseAndRun(
  context: Omit<CommandContext, 'args'>,
  version: string,
): Promise<number> {
  const { host, report } = context;
  // Parsing only chooses; what the command throws is then never taken for a mistake in the flags.
  let chosen = (): Promise<number> => Promise.resolve(EXIT.ok);
  const shown = mayShowHelp(host.argv);
  let parser = shell(host, version, shown);
  for (const command of COMMANDS) {
    parser = parser.command(
      usageOf(command),
      command.summary,
      (builder) => describe(builder, command, shown),
      (values) => {
        refuseUnknown(values, command);
        refuseOtherChoices(values, command);
        refuseOddSwitches(host.argv, command);
        const args = new Arguments(values);
        chosen = () => command.run({ ...context, args });
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
      refuseUnknownCommand(values, [...COMMANDS.map(({ name }) => name), COMPLETION]);
      parser.showHelp((help) => report.print(tidied(help)));
    });

  let output = '';
  try {
    await parser.parseAsync([...host.argv], {}, (error, _values, text) => {
      output = text;
      if (error !== undefined && error !== null) throw error;
    });
  } catch (error) {
    throw error instanceof OrchestratorError
      ? error
      : usageError(messageOf(error), commandNamed(host.argv[0]));
  }
  if (output !== '') report.print(tidied(output));
  return chosen();
}

/** Help without the types: what a flag takes, its description says. */
function tidied(help: string): string {
  return help.replace(/\n? *\[(?:string|boolean|array)\](?= *(?:\[required\])?$)/gm, '');
}

function shell(host: Host, version: string, shown: boolean): Argv {
  const width = Math.min(host.stdout.columns ?? DEFAULT_WIDTH, WIDEST_HELP);
  const parser = yargs()
    .scriptName('orchestrator')
    .usage('Runs AWS Lambda functions in real containers on this machine.\n\n$0 <command>')
    .locale('en')
    .updateStrings({
      'Not enough non-option arguments: got %s, need at least %s': {
        one: `${MISSING_ARGUMENT} (got %s of %s)`,
        other: `${MISSING_ARGUMENT} (got %s of %s)`,
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
    .help(shown)
    .wrap(width);
  if (!shown) parser.version(false);
  else
    parser
      .version(version)
      .alias('help', 'h')
      .group(['help', 'version'], 'General:')
      .epilogue(EPILOGUE);
  return parser.options(Object.fromEntries(yargsOptions(GLOBAL_OPTIONS, !shown)));
}

/**
 * Whether help may be asked for, the version, or flags for completion. yargs lays the help
 * out each time, which takes longer than all else that it does; what is hidden costs nothing.
 */
function mayShowHelp(argv: readonly string[]): boolean {
  if (commandNamed(argv[0]) === undefined) return true;
  return argv.some((flag) => /^(--help|--version|-[a-z]*h|--get-yargs-completions)/.test(flag));
}

function describe(builder: Argv, command: Command, shown: boolean): Argv {
  builder.options(Object.fromEntries(yargsOptions(command.options ?? {}, !shown)));
  // Without a usage there is nothing to lay out.
  if (!shown) return builder.usage(NO_USAGE);
  for (const [name, { describe }] of Object.entries(command.positionals ?? {})) {
    builder.positional(name, { type: 'string', describe });
  }
  for (const [example, does] of command.examples ?? []) {
    builder.example(example.includes('|') ? example : `$0 ${example}`, does);
  }
  const about = command.about === undefined ? '' : `\n${command.about}`;
  return builder.usage(`${command.summary}.${about}\n\n$0 ${usageOf(command)}`);
}

function yargsOptions(
  specs: Readonly<Record<string, OptionSpec>>,
  allHidden = false,
): [string, Options][] {
  return Object.entries(specs).map(([name, { type, describe, alias, group, hidden }]) => [
    name,
    {
      // Numbers are read by `Arguments`, which knows the flag that holds a bad one.
      type: type === 'boolean' ? 'boolean' : type === 'list' ? 'array' : 'string',
      describe,
      ...(type === 'boolean' ? {} : { requiresArg: true }),
      ...(alias === undefined ? {} : { alias }),
      group: group ?? 'Options:',
      hidden: allHidden || hidden === true,
    },
  ]);
}

function commandNamed(name: string | undefined): Command | undefined {
  return COMMANDS.find((command) => command.name === name);
}
