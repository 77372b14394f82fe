/**
 * Everything wrong with a file, gathered and told at once: path, value, expectation, remedy.
 */

import { closest, distance } from 'fastest-levenshtein';
import { OrchestratorError } from '../errors.js';
import type { Problem } from './config.js';
import type { Issue } from './shape.js';

const LONGEST_SHOWN_VALUE = 60;

export class Problems {
  readonly #found: Problem[] = [];

  get list(): readonly Problem[] {
    return this.#found;
  }

  add(problem: Problem): void {
    this.#found.push(problem);
  }

  /** Changes the paths of what has been found so far. */
  relocate(change: (path: string) => string): void {
    this.#found.forEach((problem, index) => {
      this.#found[index] = { ...problem, path: change(problem.path) };
    });
  }

  /** Adds what a shape says about `value`, below `path`. */
  addIssues(path: string, value: unknown, issues: readonly Issue[]): void {
    for (const issue of issues) {
      const where = [path, ...issue.path].filter((part) => part !== '').join('.');
      if (issue.key !== undefined) {
        this.addUnknownKey(where, issue.key.unknown, issue.key.known);
        continue;
      }
      const { expected } = issue;
      const found = valueAt(value, issue.path);
      this.#found.push({
        path: where,
        ...(found === undefined ? {} : { value: found }),
        expected: found === undefined ? `a value here (${expected})` : expected,
        remedy: found === undefined ? 'Add it.' : 'Change it to what is expected.',
      });
    }
  }

  addUnknownKey(path: string, key: string, known: readonly string[]): void {
    const nearest = nearestOf(key, known);
    this.#found.push({
      path: path === '' ? key : `${path}.${key}`,
      expected: known.length === 0 ? 'no such key' : `one of ${known.join(', ')}`,
      remedy: nearest === undefined ? 'Remove it.' : `Did you mean '${nearest}'?`,
    });
  }

  /** Raises `config-invalid` when anything was found. */
  throwIfAny(source: string): void {
    if (this.#found.length === 0) return;
    const count = this.#found.length === 1 ? '1 problem' : `${this.#found.length} problems`;
    const lines = this.#found.map((problem) => `  ${tell(problem)}`);
    throw new OrchestratorError('config-invalid', `${source} has ${count}:\n${lines.join('\n')}`, {
      remedy: 'Mend each of them; nothing was started.',
      details: { problems: this.#found, source },
    });
  }
}

function tell(problem: Problem): string {
  const value = problem.value === undefined ? '' : ` is ${shown(problem.value)}`;
  return `${problem.path}${value}; expected ${problem.expected}. ${problem.remedy}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > LONGEST_SHOWN_VALUE ? `${text.slice(0, LONGEST_SHOWN_VALUE)}…` : text;
}

/** The known word a person most likely meant; undefined when none is near. */
export function nearestOf(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const nearest = closest(word, [...known]);
  return distance(word.toLowerCase(), nearest.toLowerCase()) <= Math.max(2, word.length / 3)
    ? nearest
    : undefined;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}
