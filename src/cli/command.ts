/** What a command is: data for the parser and the help, and one function that does the work. */

import type { Clock } from '../async/clock.js';
import type { Arguments } from './arguments.js';
import type { Host } from './host.js';
import type { Parts } from './parts.js';
import type { Report } from './report.js';

export interface OptionSpec {
  readonly type: 'string' | 'number' | 'boolean' | 'list';
  readonly describe: string;
  readonly alias?: string;
  /** The only values it takes. */
  readonly choices?: readonly string[];
  /** Heading in the help. */
  readonly group?: string;
  readonly hidden?: true;
}

export interface PositionalSpec {
  readonly describe: string;
  readonly required?: true;
}

export interface CommandContext {
  readonly args: Arguments;
  readonly host: Host;
  readonly report: Report;
  readonly clock: Clock;
  readonly parts: Parts;
}

export interface Command {
  readonly name: string;
  /** A few words, for the list of commands. */
  readonly summary: string;
  /** What else a person should know, for the command's own help. */
  readonly about?: string;
  readonly positionals?: Readonly<Record<string, PositionalSpec>>;
  readonly options?: Readonly<Record<string, OptionSpec>>;
  readonly examples?: readonly (readonly [command: string, does: string])[];
  /** The exit code. What goes wrong is thrown. */
  run(context: CommandContext): Promise<number>;
}

/** Shared by every command that talks to a running orchestrator. */
export const STATE_OPTION: Readonly<Record<string, OptionSpec>> = {
  state: {
    type: 'string',
    describe: 'State folder of the orchestrator meant (default: the nearest .orchestrator)',
  },
};

export const GLOBAL_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  json: { type: 'boolean', describe: 'Print JSON', group: 'General:' },
  verbose: {
    type: 'boolean',
    describe: 'Print what caused an error, and all notices one by one',
    group: 'General:',
  },
};
