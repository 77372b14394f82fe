/** `orchestrator trace`: a day of invocations as a large provider has seen them, as CSV. */

import { createWriteStream } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { OrchestratorError } from '../errors.js';
import type { Command } from './command.js';
import { count } from './format.js';
import { EXIT } from './host.js';
import { TRACE_OPTIONS } from './trace-options.js';

export const trace: Command = {
  name: 'trace',
  summary: 'Make a trace of invocations, for `simulate` or a load test',
  about:
    'It is drawn from the figures published with the Azure Functions trace of 2019: how often ' +
    'functions are called and how regularly, how long they run, what they hold. The columns are ' +
    't (seconds), fn, duration_ms, memory_mb and payload_bytes.',
  options: {
    output: { type: 'string', alias: 'o', describe: 'File to write (default: stdout)' },
    ...TRACE_OPTIONS,
  },
  examples: [
    ['trace -o day.csv', 'a day of 1000 functions'],
    ['orchestrator trace --functions 20 --events 0 | head', 'at their natural rates'],
  ],
  async run(context) {
    const { args, host, report } = context;
    const { madeTrace } = await import('./made-trace.js');
    const { csvOf } = await import('../simulate/write-trace.js');
    const made = madeTrace(context);
    const lines = Readable.from(csvOf(made.trace, made.seed));
    const output = args.string('output');
    if (output === undefined) {
      for await (const piece of lines) {
        if (report.closed.aborted) break;
        if (!host.stdout.write(piece)) await drained(host.stdout, report.closed);
      }
      return EXIT.ok;
    }
    const file = resolve(host.cwd, output);
    try {
      await pipeline(lines, createWriteStream(file));
    } catch (error) {
      throw new OrchestratorError('config-invalid', `cannot write ${output}`, {
        remedy: 'Name a file in a folder that exists, as in `-o trace.csv`.',
        cause: error,
      });
    }
    report.note(`${count(made.trace.length, 'invocation')} in ${output}`);
    return EXIT.ok;
  },
};

/** Resolves when the stream takes more, or nobody reads it any longer. */
function drained(stream: NodeJS.WritableStream, closed: AbortSignal): Promise<void> {
  return new Promise((resolvePromise) => {
    const done = (): void => {
      stream.off('drain', done);
      closed.removeEventListener('abort', done);
      resolvePromise();
    };
    stream.on('drain', done);
    closed.addEventListener('abort', done);
  });
}
