/** Log lines as text: tagged with their function, each function in a colour of its own. */

import type { LogLine } from '../view.js';
import { timeOfDay } from './format.js';
import type { Paint } from './paint.js';

/** For a pipe: time, function, request id or `-`, text; the first three hold no blanks. */
export type LogForm = 'terminal' | 'plain';

/** Python's runtime ends the lines of a trace with a bare CR; a terminal would write one over the other. */
export function legible(text: string, indent = ''): string {
  return text.replace(/\r(?!\n)/g, `\n${indent}`);
}

export function createLogFormat(paint: Paint, form: LogForm): (line: LogLine) => string {
  if (form === 'plain') {
    return (line) => {
      const time = new Date(line.timestampMs).toISOString();
      return `${time} ${line.functionName} ${line.requestId ?? '-'} ${line.text}`;
    };
  }
  const palette = [paint.cyan, paint.magenta, paint.green, paint.yellow, paint.blue];
  const styles = new Map<string, (text: string) => string>();
  let width = 0;
  return (line) => {
    let style = styles.get(line.functionName);
    if (style === undefined) {
      style = palette[styles.size % palette.length] as (text: string) => string;
      styles.set(line.functionName, style);
      width = Math.max(width, line.functionName.length);
    }
    const tag = style(`${line.functionName.padEnd(width)} │`);
    const shown = legible(line.text, '  ');
    const plain = line.source === 'extension' ? `[extension] ${shown}` : shown;
    const text = line.source === 'platform' ? paint.dim(plain) : plain;
    return `${paint.dim(timeOfDay(line.timestampMs))} ${tag} ${text}`;
  };
}
