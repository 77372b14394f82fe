/**
 * What the terminal shows. Results go to stdout, all else to stderr; colours and moving marks only
 * where a terminal is, JSON with `--json`. The only place that writes to either stream.
 */

import type { LogLine } from '../view.js';
import type { Clock } from '../async/clock.js';
import { OrchestratorError, messageOf } from '../errors.js';
import type { ProgressEvent } from '../progress.js';
import type { Host } from './host.js';
import { createLogFormat } from './log-format.js';
import { createLogLines } from './log-lines.js';
import { paintFor, type Paint } from './paint.js';
import { createScreen } from './screen.js';
import { createSteps } from './steps.js';
import { alignedLines, tabLines, type Table } from './table.js';

export interface Report {
  /** The person asked for JSON. */
  readonly json: boolean;
  readonly verbose: boolean;
  /** Colours of stdout and of stderr; they change nothing where there are none. */
  readonly paint: Paint;
  readonly paintError: Paint;
  /** Aborted when nobody reads the output any more. */
  readonly closed: AbortSignal;
  /** Lines of the result. */
  print(text: string): void;
  /** One value of the result as one line of JSON. */
  printJson(value: unknown): void;
  /** Bytes of the result as they are. */
  printRaw(payload: Buffer): void;
  table(table: Table): void;
  log(line: LogLine): void;
  /** For people only: nothing with `--json`. */
  note(text: string): void;
  warn(text: string): void;
  /** What went wrong and its remedy; its cause only with `--verbose`. */
  error(thrown: unknown): void;
  complain(complaint: Complaint): void;
  progress(event: ProgressEvent): void;
  /** Gives the terminal back. Safe to call twice. */
  close(): void;
}

/** What a command has to say that is in no catalogue: an answer that is not the one hoped for. */
export interface Complaint {
  readonly message: string;
  readonly remedy: string;
}

export interface ReportOptions {
  readonly json: boolean;
  readonly verbose: boolean;
}

const DEFAULT_WIDTH = 80;
/** Deeper causes repeat one another. */
const MOST_CAUSES = 8;

/** Opens the streams for the first who has something to show: a start that is answered has not. */
export function createReport(host: Host, clock: Clock, options: ReportOptions): Report {
  const broken = new AbortController();
  let opened: Report | undefined;
  const shown = (): Report => (opened ??= openReport(host, clock, options, broken));
  return {
    json: options.json,
    verbose: options.verbose,
    get paint() {
      return shown().paint;
    },
    get paintError() {
      return shown().paintError;
    },
    closed: broken.signal,
    print: (text) => shown().print(text),
    printJson: (value) => shown().printJson(value),
    printRaw: (payload) => shown().printRaw(payload),
    table: (table) => shown().table(table),
    log: (line) => shown().log(line),
    note: (text) => shown().note(text),
    warn: (text) => shown().warn(text),
    error: (thrown) => shown().error(thrown),
    complain: (complaint) => shown().complain(complaint),
    progress: (event) => shown().progress(event),
    close: () => opened?.close(),
  };
}

// oxlint-disable-next-line max-lines-per-function -- one object whose methods share one screen
function openReport(
  host: Host,
  clock: Clock,
  options: ReportOptions,
  broken: AbortController,
): Report {
  const { stdout, stderr } = host;
  const screen = createScreen(host, clock, broken);
  const paint = paintFor(stdout, host.environment);
  const paintError = paintFor(stderr, host.environment);
  const logFormat = createLogFormat(paint, stdout.isTTY === true ? 'terminal' : 'plain');
  const steps = createSteps(screen, clock, {
    dim: paintError.dim,
    good: paintError.green,
    bad: paintError.red,
    busy: paintError.cyan,
    live: stderr.isTTY === true,
    width: () => stderr.columns ?? DEFAULT_WIDTH,
  });
  const people = (text: string): void => {
    if (!options.json) screen.write('stderr', text);
  };
  const fail = (fields: Record<string, unknown>, lines: readonly string[]): void => {
    const text = options.json
      ? JSON.stringify({ event: 'failed', error: fields })
      : lines.join('\n');
    screen.write('stderr', text);
  };
  const lines = createLogLines({
    write: (text) => screen.write('stdout', text),
    backlogBytes: () => (stdout as { writableLength?: number }).writableLength ?? 0,
    skipped: (count) =>
      options.json
        ? JSON.stringify({ event: 'skipped', lines: count })
        : `(${count} lines not shown: the terminal did not keep up)`,
  });
  const print = (text: string): void => {
    lines.flush();
    screen.write('stdout', text);
  };
  const printJson = (value: unknown): void => print(JSON.stringify(value));

  return {
    json: options.json,
    verbose: options.verbose,
    paint,
    paintError,
    closed: screen.closed,
    print,
    printJson,
    printRaw(payload) {
      // A byte for a byte where a program reads; a terminal's prompt wants its own line.
      if (payload.length === 0) return;
      if (stdout.isTTY !== true) stdout.write(payload);
      else screen.write('stdout', payload.toString('utf8'));
    },
    table(table) {
      const rows =
        stdout.isTTY === true
          ? alignedLines(table, { width: stdout.columns ?? DEFAULT_WIDTH, header: paint.dim })
          : tabLines(table);
      print(rows.join('\n'));
    },
    log(line) {
      lines.add(options.json ? JSON.stringify({ event: 'log', ...line }) : logFormat(line));
    },
    note: people,
    warn: (text) => people(`${paintError.yellow('!')} ${text}`),
    error(thrown) {
      fail(errorFields(thrown), errorLines(thrown, paintError, options.verbose));
    },
    complain(complaint) {
      const { message, remedy } = complaint;
      fail({ message, remedy }, [headLine(message, paintError), remedyLine(remedy, paintError)]);
    },
    progress(event) {
      if (options.json) printJson({ event: 'progress', ...event });
      else steps.tell(event);
    },
    close() {
      lines.flush();
      screen.close();
    },
  };
}

/** What an error is to a program. */
export function errorFields(thrown: unknown): Record<string, unknown> {
  if (thrown instanceof OrchestratorError) {
    const { code, message, remedy, details } = thrown;
    return { code, message, ...(remedy === undefined ? {} : { remedy }), details };
  }
  return { message: messageOf(thrown) };
}

function errorLines(thrown: unknown, paint: Paint, verbose: boolean): string[] {
  const lines = [headLine(messageOf(thrown), paint)];
  if (thrown instanceof OrchestratorError) {
    if (thrown.remedy !== undefined) lines.push(remedyLine(thrown.remedy, paint));
    if (verbose) lines.push(paint.dim(`Code: ${thrown.code}`), ...causeLines(thrown.cause, paint));
    return lines;
  }
  // Not one of ours, so a fault of this program: here the stack is what helps.
  lines.push(
    verbose
      ? paint.dim((thrown instanceof Error ? thrown.stack : undefined) ?? '')
      : remedyLine(
          'This is a fault of Orchestrator. `--verbose` shows where; please report it.',
          paint,
        ),
  );
  return lines;
}

function headLine(message: string, paint: Paint): string {
  const sentence = message.charAt(0).toUpperCase() + message.slice(1);
  return `${paint.red(paint.bold('Error:'))} ${sentence}`;
}

function remedyLine(remedy: string, paint: Paint): string {
  return `${paint.cyan('Remedy:')} ${remedy}`;
}

function causeLines(cause: unknown, paint: Paint): string[] {
  const lines: string[] = [];
  let current = cause;
  while (current !== undefined && current !== null && lines.length < MOST_CAUSES) {
    lines.push(paint.dim(`Caused by: ${messageOf(current)}`));
    current = current instanceof Error ? current.cause : undefined;
  }
  return lines;
}
