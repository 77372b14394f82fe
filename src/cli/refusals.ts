/**
 * What the parser let through and no command takes: unknown commands, flags, arguments and values.
 * Each refusal says what is near or where the list is.
 */

import { OrchestratorError } from '../errors.js';
import { GLOBAL_OPTIONS, type Command } from './command.js';
import { didYouMean, nearest } from './nearest.js';

type Values = Readonly<Record<string, unknown>>;

/** How the parser's text about a missing argument begins. */
export const MISSING_ARGUMENT = 'an argument is missing';

export function usageOf({ name, positionals = {} }: Command): string {
  const words = Object.entries(positionals).map(([positional, { required }]) =>
    required === true ? `<${positional}>` : `[${positional}]`,
  );
  return [name, ...words].join(' ');
}

export function refuseUnknown(values: Values, command: Command): void {
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
  // A dash alone comes as a switch that is on.
  const dash = Object.keys(command.positionals ?? {}).some((name) => values[name] === true);
  const [, extra = dash ? '-' : undefined] = values['_'] as (string | number)[];
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

export function refuseOtherChoices(values: Values, command: Command): void {
  for (const [name, { choices }] of Object.entries(command.options ?? {})) {
    const value = values[name];
    if (choices === undefined || typeof value !== 'string' || choices.includes(value)) continue;
    throw new OrchestratorError('config-invalid', `--${name} cannot be ${value}`, {
      remedy: `${didYouMean(value, choices)}It is one of ${choices.join(', ')}.`,
    });
  }
}

/** The parser takes any other text for no, in silence. */
export function refuseOddSwitches(argv: readonly string[], command: Command): void {
  for (const [name, { type }] of Object.entries({ ...command.options, ...GLOBAL_OPTIONS })) {
    const given = argv.find((word) => word.startsWith(`--${name}=`));
    if (type !== 'boolean' || given === undefined) continue;
    const value = given.slice(name.length + 3);
    if (value === 'true' || value === 'false') continue;
    throw new OrchestratorError('config-invalid', `--${name} takes no value ${shown(value)}`, {
      remedy: `Write --${name} or leave it out.`,
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

export function refuseUnknownCommand(values: Values, names: readonly string[]): void {
  const [name] = values['_'] as (string | number)[];
  if (name !== undefined) {
    throw new OrchestratorError('config-invalid', `there is no command ${shown(name)}`, {
      remedy: `${insteadOf(String(name), names)}Commands: ${names.join(', ')}.`,
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

/** What the parser itself refused. */
export function usageError(text: string, command: Command | undefined): OrchestratorError {
  const [missing] = Object.keys(command?.positionals ?? {});
  const message =
    command !== undefined && missing !== undefined && text.startsWith(MISSING_ARGUMENT)
      ? `\`orchestrator ${command.name}\` needs <${missing}>`
      : text;
  const usage = command === undefined ? '' : `Usage: orchestrator ${usageOf(command)}. `;
  return new OrchestratorError('config-invalid', message.trim().replace(/\s*\n\s*/g, ' '), {
    remedy: `${usage}${seeHelp(command?.name)}`,
  });
}

function seeHelp(command?: string): string {
  return `\`orchestrator ${command === undefined ? '' : `${command} `}--help\` lists what there is.`;
}

/** Words that other programs have as commands. */
function insteadOf(name: string, names: readonly string[]): string {
  if (name === 'version') return 'Did you mean orchestrator --version? ';
  const known = { start: 'up', run: 'invoke', stop: 'down', list: 'ps', status: 'ps' }[name];
  return known === undefined
    ? didYouMean(name, names, 'orchestrator ')
    : `Did you mean orchestrator ${known}? `;
}

function shown(value: string | number): string {
  return value === '' ? "''" : String(value);
}
