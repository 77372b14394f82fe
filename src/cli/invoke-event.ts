/** The event of `invoke`: from a flag, a file or standard input; never more than Lambda takes. */

import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';

import { LIMITS } from '../config/defaults.js';
import { OrchestratorError, messageOf } from '../errors.js';
import type { CommandContext } from './command.js';

const EMPTY_EVENT = Buffer.from('{}');
/** Silence on an open pipe is easily taken for a hang of ours. */
const STDIN_HINT_AFTER_MS = 2000;

/** Raises `config-invalid`. */
export async function readEvent(context: CommandContext): Promise<Buffer> {
  const { args, host } = context;
  const data = args.string('data');
  const file = args.string('file');
  if (data !== undefined && file !== undefined) {
    throw new OrchestratorError('config-invalid', 'both --data and --file give an event', {
      remedy: 'Give one of them.',
    });
  }
  if (data !== undefined) return Buffer.from(data);
  if (file !== undefined && file !== '-') return readFile(resolve(host.cwd, file));
  if (file === undefined && host.stdin.isTTY === true) return EMPTY_EVENT;
  const read = await readInput(context);
  return read.length === 0 ? EMPTY_EVENT : read;
}

async function readFile(path: string): Promise<Buffer> {
  try {
    return await readAll(createReadStream(path));
  } catch (error) {
    if (error instanceof OrchestratorError) throw error;
    const message = `the event file cannot be read: ${messageOf(error)}`;
    throw new OrchestratorError('config-invalid', message, {
      remedy: 'Check the path after --file.',
      cause: error,
    });
  }
}

async function readInput({ host, report, clock }: CommandContext): Promise<Buffer> {
  const hint = clock.setTimer(STDIN_HINT_AFTER_MS, () =>
    report.note('Reading the event from standard input; -d gives one on the command line.'),
  );
  try {
    return await readAll(host.stdin as AsyncIterable<Buffer>);
  } finally {
    hint.cancel();
  }
}

/** Some inputs never end. */
async function readAll(input: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > LIMITS.payloadBytes) {
      const message = `the event is larger than ${LIMITS.payloadBytes} bytes, the most Lambda takes`;
      throw new OrchestratorError('config-invalid', message, {
        remedy: 'Send a smaller one, or pass a reference to where the data is.',
      });
    }
  }
  return Buffer.concat(chunks, bytes);
}
