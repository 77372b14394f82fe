/** Reads `a && (b || c)`: what the parts mean is the caller's. Pure. */

export type Condition<Subject> = (subject: Subject) => boolean;

/** Text with a place in it. */
export class Cursor {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    this.take(/\s*/y);
    return this.#at >= this.#text.length;
  }

  /** What matches here, after white space; undefined, and nothing is taken, when nothing does. */
  take(pattern: RegExp): string | undefined {
    const sticky = new RegExp(`\\s*(${pattern.source})`, pattern.flags);
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text);
    if (found === null) return undefined;
    this.#at = sticky.lastIndex;
    return found[1];
  }
}

type Primary<Subject> = (cursor: Cursor) => Condition<Subject> | undefined;

/** Undefined where it is none. */
export function parseCondition<Subject>(
  cursor: Cursor,
  primary: Primary<Subject>,
): Condition<Subject> | undefined {
  return chain(
    cursor,
    /\|\|/y,
    (at) => chain(at, /&&/y, (inner) => group(inner, primary), every),
    some,
  );
}

type Join<Subject> = (parts: readonly Condition<Subject>[]) => Condition<Subject>;

function every<Subject>(parts: readonly Condition<Subject>[]): Condition<Subject> {
  return (subject) => parts.every((part) => part(subject));
}

function some<Subject>(parts: readonly Condition<Subject>[]): Condition<Subject> {
  return (subject) => parts.some((part) => part(subject));
}

function chain<Subject>(
  cursor: Cursor,
  operator: RegExp,
  next: Primary<Subject>,
  join: Join<Subject>,
): Condition<Subject> | undefined {
  const parts: Condition<Subject>[] = [];
  do {
    const part = next(cursor);
    if (part === undefined) return undefined;
    parts.push(part);
  } while (cursor.take(operator) !== undefined);
  return join(parts);
}

function group<Subject>(cursor: Cursor, primary: Primary<Subject>): Condition<Subject> | undefined {
  if (cursor.take(/\(/y) === undefined) return primary(cursor);
  const inner = parseCondition(cursor, primary);
  return inner !== undefined && cursor.take(/\)/y) !== undefined ? inner : undefined;
}
