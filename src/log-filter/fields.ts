/** `[ip, user, ..., status = 4*, bytes > 1000]` over messages of fields between spaces. Pure. */

import { Cursor, parseCondition, type Condition } from './condition.js';
import { comparison, type Operator } from './values.js';

const REST = '...';
/** A field: what stands in brackets or quotes is one. */
const FIELD = /\[([^\]]*)\]|"([^"]*)"|(\S+)/g;
const NAME = /[\w-]+/y;
const OPERATOR = /!=|<=|>=|=|<|>/y;
const VALUE = /"(?:[^"\\]|\\.)*"|%[^%]+%|[^\s()&|"%]+/y;

type Field = typeof REST | Condition<string>;

/** Undefined where it is none. */
export function parseFields(pattern: string): ((message: string) => boolean) | undefined {
  if (!pattern.endsWith(']')) return undefined;
  const fields = partsOf(pattern.slice(1, -1)).map((part) => fieldOf(part.trim()));
  const known = fields.filter((field): field is Field => field !== undefined);
  const rests = known.filter((field) => field === REST).length;
  if (known.length < fields.length || rests > 1) return undefined;
  return (message) => {
    const found = [...message.matchAll(FIELD)].map(
      ([, bracketed, quoted, plain]) => bracketed ?? quoted ?? plain ?? '',
    );
    return fits(known, found);
  };
}

function fits(fields: readonly Field[], found: readonly string[]): boolean {
  const at = fields.indexOf(REST);
  if (at < 0) return found.length === fields.length && holdAll(fields, found);
  const after = fields.slice(at + 1);
  if (found.length < fields.length - 1) return false;
  const tail = after.length === 0 ? [] : found.slice(-after.length);
  return holdAll(fields.slice(0, at), found) && holdAll(after, tail);
}

function holdAll(fields: readonly Field[], found: readonly string[]): boolean {
  return fields.every((field, index) => field === REST || field(found[index] ?? ''));
}

/** Between commas, but for those in quotes. */
function partsOf(text: string): string[] {
  return text.match(/(?:"(?:[^"\\]|\\.)*"|%[^%]*%|[^,])+/g) ?? [];
}

function fieldOf(text: string): Field | undefined {
  if (text === REST) return REST;
  if (/^[\w-]+$/.test(text)) return () => true;
  const cursor = new Cursor(text);
  const condition = parseCondition(cursor, conditionAt);
  return condition !== undefined && cursor.atEnd ? condition : undefined;
}

function conditionAt(cursor: Cursor): Condition<string> | undefined {
  if (cursor.take(NAME) === undefined) return undefined;
  const operator = cursor.take(OPERATOR) as Operator | undefined;
  const wanted = operator === undefined ? undefined : cursor.take(VALUE);
  return operator === undefined || wanted === undefined ? undefined : comparison(operator, wanted);
}
