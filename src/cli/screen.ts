/**
 * The terminal as lines that stay and, below them, lines that change: the steps in progress.
 * Everything written goes through here, so that the two never mix. A closed pipe (EPIPE) ends
 * the writing quietly; `closed` says so to whoever produces the output.
 */

import type { Clock, Timer } from '../async/clock.js';
import type { OutputStream } from './host.js';

const FRAME_MS = 80;
const CLEAR_LINE = '\u001B[2K';
const UP_ONE_LINE = '\u001B[1A';
const HIDE_CURSOR = '\u001B[?25l';
const SHOW_CURSOR = '\u001B[?25h';

export interface Screen {
  /** Adds whole lines to a stream. */
  write(stream: 'stdout' | 'stderr', text: string): void;
  /**
   * What stands below the lines from now on, drawn again and again until it returns nothing.
   * Ignored unless stderr is a terminal.
   */
  live(frame: (tick: number) => readonly string[]): void;
  /** Draws no more, and gives the cursor back. Safe to call twice. */
  close(): void;
  /** Aborted when nobody reads the output any more. */
  readonly closed: AbortSignal;
}

export function createScreen(
  streams: { stdout: OutputStream; stderr: OutputStream },
  clock: Clock,
  broken = new AbortController(),
): Screen {
  for (const stream of [streams.stdout, streams.stderr]) {
    stream.on('error', () => broken.abort());
  }
  let frame: ((tick: number) => readonly string[]) | undefined;
  let drawn = 0;
  let tick = 0;
  let timer: Timer | undefined;

  const erase = (): string => {
    const text = `\r${CLEAR_LINE}${`${UP_ONE_LINE}${CLEAR_LINE}`.repeat(drawn)}`;
    const result = drawn === 0 ? '' : text;
    drawn = 0;
    return result;
  };
  const draw = (): void => {
    timer?.cancel();
    timer = undefined;
    const lines = frame?.(tick) ?? [];
    const cleared = erase();
    if (lines.length === 0) {
      if (frame !== undefined) streams.stderr.write(`${cleared}${SHOW_CURSOR}`);
      frame = undefined;
      return;
    }
    tick += 1;
    drawn = lines.length;
    streams.stderr.write(`${cleared}${HIDE_CURSOR}${lines.join('\n')}\n`);
    timer = clock.setTimer(FRAME_MS, draw);
  };

  return {
    write(stream, text) {
      if (broken.signal.aborted) return;
      if (drawn > 0) streams.stderr.write(erase());
      streams[stream].write(text.endsWith('\n') ? text : `${text}\n`);
      if (frame !== undefined) draw();
    },
    live(next) {
      if (streams.stderr.isTTY !== true || broken.signal.aborted) return;
      frame = next;
      draw();
    },
    close() {
      if (frame === undefined) return;
      frame = () => [];
      draw();
    },
    closed: broken.signal,
  };
}
