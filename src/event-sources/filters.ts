/**
 * Filter criteria of mappings (contract 11.12): one pattern of several must match. What a pattern
 * says of `body` (queues) or `data` (Kinesis) is held against the text or against the JSON in it,
 * as the pattern is written. Pure.
 */

import { compilePattern, type EventPattern } from '../event-pattern/event-pattern.js';
import { parseLiterally } from '../event-pattern/literal-json.js';
import { isMap } from '../config/map.js';

/** What the text of a record may be called in a pattern. */
export type TextKey = 'body' | 'data';

/** A record as patterns see it, its text apart. */
export interface FilteredRecord {
  readonly record: Readonly<Record<string, unknown>>;
  /** Undefined: the record has no text of its own. */
  readonly text?: string;
}

interface Filter {
  readonly pattern: EventPattern;
  /** What the pattern expects of the text; undefined: it says nothing of it. */
  readonly expects: 'json' | 'text' | undefined;
}

export class Filters {
  readonly #filters: readonly Filter[];
  readonly #key: TextKey | undefined;

  /** Raises `InvalidPattern`. */
  constructor(patterns: readonly string[], key?: TextKey) {
    this.#key = key;
    this.#filters = patterns.map((text) => ({
      pattern: compilePattern(text),
      expects: key === undefined ? undefined : expectation(JSON.parse(text), key),
    }));
  }

  /** Everything matches where there is no filter. */
  matches({ record, text }: FilteredRecord): boolean {
    if (this.#filters.length === 0) return true;
    const key = this.#key;
    if (key === undefined || text === undefined) {
      return this.#filters.some(({ pattern }) => pattern.matches(record));
    }
    const json = jsonOf(text);
    return this.#filters.some(({ pattern, expects }) => {
      if (expects === 'json')
        return json !== undefined && pattern.matches({ ...record, [key]: json });
      if (expects === 'text')
        return json === undefined && pattern.matches({ ...record, [key]: text });
      return pattern.matches({ ...record, [key]: text });
    });
  }
}

/** A list holds what the text itself may be; a map, what stands in its JSON. */
function expectation(pattern: unknown, key: TextKey): Filter['expects'] {
  if (!isMap(pattern)) return undefined;
  const own = pattern[key];
  if (own !== undefined) return Array.isArray(own) ? 'text' : 'json';
  const alternatives = pattern['$or'];
  if (!Array.isArray(alternatives)) return undefined;
  return alternatives.map((one) => expectation(one, key)).find((found) => found !== undefined);
}

/** Texts that are a mere number or word are text. */
function jsonOf(text: string): unknown {
  try {
    const value = parseLiterally(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
