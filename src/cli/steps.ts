/**
 * Steps in progress as text. On a terminal each one under way is a line with a moving mark below
 * everything else, and becomes a line that stays when it ends. Elsewhere a line says that a step
 * began, one that it ended, and a few in between that it lives.
 */

import { stripVTControlCharacters } from 'node:util';

import type { Clock } from '../async/clock.js';
import type { ProgressEvent } from '../progress.js';
import { duration } from './format.js';
import type { Screen } from './screen.js';

const MARKS = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const;
/** Steps shorter than this are reported without their time: it would only be noise. */
const TIME_FROM_MS = 1000;
/** On a plain output, details in between come at most this often. */
const PLAIN_DETAIL_EVERY_MS = 10_000;
/** Lines of steps under way at once; the rest are counted. */
const MOST_LIVE_LINES = 8;

export interface StepLook {
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly busy: (text: string) => string;
}

interface Step {
  readonly startedAt: number;
  detail: string;
  toldAt: number;
}

export interface Steps {
  readonly tell: (event: ProgressEvent) => void;
}

export function createSteps(
  screen: Screen,
  clock: Clock,
  look: StepLook & { live: boolean; width: () => number },
): Steps {
  const running = new Map<string, Step>();

  const elapsed = (step: Step): string => {
    const ms = clock.monotonic() - step.startedAt;
    return ms < TIME_FROM_MS ? '' : duration(ms);
  };
  const frame = (tick: number): string[] => {
    const mark = look.busy(MARKS[tick % MARKS.length] as string);
    const lines = [...running].slice(0, MOST_LIVE_LINES).map(([name, step]) => {
      const time = elapsed(step);
      const room = look.width() - name.length - time.length - 6;
      const detail = room < 8 ? '' : cut(step.detail, room);
      return `${mark} ${name}  ${look.dim([detail, time].filter((part) => part !== '').join('  '))}`;
    });
    const more = running.size - lines.length;
    return more > 0 ? [...lines, look.dim(`  and ${more} more`)] : lines;
  };
  const line = (mark: string, name: string, parts: readonly string[]): void => {
    const rest = parts.filter((part) => part !== '').join('  ');
    screen.write('stderr', rest === '' ? `${mark} ${name}` : `${mark} ${name}  ${look.dim(rest)}`);
  };

  return {
    tell(event) {
      const detail = oneLine(event.detail ?? '');
      const now = clock.monotonic();
      const known = running.get(event.step);
      if (event.state === 'started' || (event.state === 'running' && known === undefined)) {
        running.set(event.step, { startedAt: now, detail, toldAt: now });
        if (look.live) screen.live(frame);
        else line('…', event.step, [detail]);
        return;
      }
      if (event.state === 'running' && known !== undefined) {
        known.detail = detail;
        if (look.live || now - known.toldAt < PLAIN_DETAIL_EVERY_MS) return;
        known.toldAt = now;
        line('…', event.step, [detail, elapsed(known)]);
        return;
      }
      running.delete(event.step);
      const mark = event.state === 'failed' ? look.bad('✗') : look.good('✓');
      line(mark, event.step, [detail, known === undefined ? '' : elapsed(known)]);
    },
  };
}

function oneLine(text: string): string {
  // Build output may carry colours and cursor movement of its own.
  return stripVTControlCharacters(text)
    .replace(/\p{Cc}+/gu, ' ')
    .trim();
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
