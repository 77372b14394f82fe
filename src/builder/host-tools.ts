/**
 * Programs of the host that building an image may need: mmdebstrap, apt-config, npm. A failure is a
 * `ToolFailure` holding the last lines the program wrote.
 */
import { spawn } from 'node:child_process';

const TAIL_LINES = 20;

export interface ToolOptions {
  signal?: AbortSignal;
  /** Told each line written to standard error. */
  onLine?: (line: string) => void;
}

export class ToolFailure extends Error {
  readonly lastLines: readonly string[];

  constructor(message: string, lastLines: readonly string[]) {
    super(message);
    this.name = 'ToolFailure';
    this.lastLines = lastLines;
  }
}

/** Keeps the last lines of a stream of text. */
export class LineTail {
  readonly #lines: string[] = [];
  readonly #limit: number;
  readonly #onLine: ((line: string) => void) | undefined;
  #partial = '';

  constructor(onLine?: (line: string) => void, limit = TAIL_LINES) {
    this.#onLine = onLine;
    this.#limit = limit;
  }

  write(text: string): void {
    const lines = (this.#partial + text).split(/\r?\n|\r/);
    this.#partial = lines.pop() ?? '';
    for (const line of lines) this.#add(line);
  }

  /** The lines kept, an unfinished last one included. */
  lines(): string[] {
    if (this.#partial !== '') this.#add(this.#partial);
    this.#partial = '';
    return [...this.#lines];
  }

  #add(line: string): void {
    if (line.trim() === '') return;
    this.#lines.push(line);
    if (this.#lines.length > this.#limit) this.#lines.shift();
    this.#onLine?.(line);
  }
}

/** Runs a program to its end; resolves with its standard output. No shell takes part. */
export function runTool(
  command: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const output: string[] = [];
    const tail = new LineTail(options.onLine);
    child.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => tail.write(text));
    child.on('error', (error) => {
      if (options.signal?.aborted) reject(options.signal.reason as Error);
      else reject(new ToolFailure(`${command} could not be started: ${error.message}`, []));
    });
    child.on('close', (code, signal) => {
      if (code === 0) {
        resolve(output.join(''));
        return;
      }
      const ending = code === null ? `was ended by ${String(signal)}` : `ended with status ${code}`;
      reject(new ToolFailure(`${command} ${ending}`, tail.lines()));
    });
  });
}

export async function hasTool(name: string): Promise<boolean> {
  try {
    await runTool('sh', ['-c', 'command -v "$1" >/dev/null', 'sh', name]);
    return true;
  } catch {
    return false;
  }
}
