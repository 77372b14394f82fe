/**
 * `path=value` put into a sample event. A value is JSON when it parses and text otherwise; where
 * the event holds text it stays text; what stands encoded is set as what it means.
 */

import { OrchestratorError } from '../errors.js';
import { asText, parsed, plain } from './codecs.js';
import type { Field, SampleKind } from './sample.js';

export interface Setting {
  readonly path: string;
  readonly value: unknown;
  /** As it was written. */
  readonly text: string;
}

/** Finds the known name that an unknown one was meant to be. */
export type Nearest = (name: string, known: readonly string[]) => string | undefined;

type Container = Record<string, unknown> | unknown[];

/** Raises `config-invalid`. */
export function settingOf(text: string): Setting {
  const equals = text.indexOf('=');
  if (equals < 1) {
    throw invalid(
      `--set must be path=value, not ${text === '' ? 'empty' : text}`,
      'Write it as in --set Records.0.s3.object.key=a.txt or --set data=\'{"a":1}\'.',
    );
  }
  const value = text.slice(equals + 1);
  return { path: text.slice(0, equals), value: parsed(value), text: value };
}

/** Changes `event`. Raises `config-invalid`. */
export function applySettings(
  event: unknown,
  kind: SampleKind,
  settings: readonly Setting[],
  nearest: Nearest,
): void {
  const set = settings.map((setting) => applyOne(event, kind, setting, nearest).join('.'));
  kind.finish?.(event, (path) => set.includes(path));
}

/** Where it was put. */
function applyOne(
  event: unknown,
  kind: SampleKind,
  setting: Setting,
  nearest: Nearest,
): readonly string[] {
  const keys = setting.path.split('.');
  if (keys.includes('')) throw invalid(`--set ${setting.path}: a part of the path is empty`);
  const match = fieldOf(keys, kind.fields ?? [], event);
  if (match === undefined || match.codec === plain) {
    const path = match === undefined ? keys : [...match.at, ...match.rest];
    const free = (kind.free ?? []).some((below) => isBelow(path, below.split('.')));
    put(event, path, setting.value, setting, free ? loose : strict(kind, nearest));
    return path;
  }
  const { at, rest, codec, byName } = match;
  const written = codec.ofText === true && typeof setting.value === 'number';
  const value = written ? setting.text : setting.value;
  // At its own path text is taken as it stands there, encoded already.
  const asIs = rest.length === 0 && !byName && typeof value === 'string';
  const meant =
    rest.length === 0 ? value : changed(codec.decode(valueAt(event, at)), rest, setting);
  put(event, at, asIs ? value : codec.encode(meant), setting, loose);
  return at;
}

/** The field a path names, by its short name or where it stands, and what of the path is inside. */
function fieldOf(keys: readonly string[], fields: readonly Field[], event: unknown) {
  const [first, ...rest] = keys;
  for (const { name, at: place, codec } of fields) {
    const pattern = place.split('.');
    if (name === first) return { at: firstOf(pattern, event), rest, codec, byName: true };
    if (!isBelow(keys, pattern)) continue;
    const [at, inside] = [keys.slice(0, pattern.length), keys.slice(pattern.length)];
    return { at, rest: inside, codec, byName: false };
  }
  return undefined;
}

/** `*` replaced by what comes first there. */
function firstOf(pattern: readonly string[], event: unknown): string[] {
  let here = event;
  return pattern.map((key) => {
    const found = key === '*' ? (Object.keys(here as object)[0] ?? '0') : key;
    here = valueAt(here, [found]);
    return found;
  });
}

function isBelow(keys: readonly string[], pattern: readonly string[]): boolean {
  return (
    keys.length >= pattern.length &&
    pattern.every((key, index) => key === '*' || key === keys[index])
  );
}

function valueAt(event: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (here, key) =>
      typeof here === 'object' && here !== null
        ? (here as Record<string, unknown>)[key]
        : undefined,
    event,
  );
}

/** A decoded value with something inside it changed. */
function changed(decoded: unknown, keys: readonly string[], setting: Setting): unknown {
  const whole = typeof decoded === 'object' && decoded !== null ? decoded : {};
  put(whole, keys, setting.value, setting, loose);
  return whole;
}

/** Says what is to stand below `key`; raises when nothing may. */
type Rule = (container: Container, key: string, setting: Setting, last: boolean) => unknown;

const loose: Rule = (_container, _key, { value }) => value;

function strict(kind: SampleKind, nearest: Nearest): Rule {
  return (container, key, setting, last) => {
    const known = Object.keys(container);
    const dictionary = isDictionary(container);
    if (!(key in container) && !dictionary && !Array.isArray(container)) {
      const names = last
        ? known
        : [...known, ...(kind.fields ?? []).flatMap(({ name = [] }) => name)];
      const guess = nearest(key, names);
      if (guess !== undefined || !last) {
        throw invalid(
          `--set ${setting.path}: there is no ${key} in this event`,
          guess === undefined
            ? `There it has ${known.join(', ') || 'nothing'}.`
            : `Did you mean ${guess}?`,
        );
      }
    }
    const before = (container as Record<string, unknown>)[key];
    const holdsText = typeof before === 'string' || (before === undefined && dictionary);
    if (!holdsText || setting.value === null) return setting.value;
    return typeof setting.value === 'string' ? setting.value : setting.text;
  };
}

/** Headers, variables, attributes: any name may come, and every value is text. */
function isDictionary(container: Container): boolean {
  const values = Object.values(container);
  return !Array.isArray(container) && values.every((value) => typeof value === 'string');
}

function put(
  event: unknown,
  keys: readonly string[],
  value: unknown,
  setting: Setting,
  rule: Rule,
): void {
  let here = event as Container;
  const given = { ...setting, value };
  for (const [index, key] of keys.entries()) {
    const last = index === keys.length - 1;
    if (typeof here !== 'object' || here === null) {
      const inside = keys.slice(0, index).join('.');
      throw invalid(
        `--set ${setting.path}: ${inside || 'the event'} is ${asText(here ?? null)}, which holds nothing`,
        inside === ''
          ? 'This event is no map.'
          : `Set all of it, as in --set ${inside}='{"${key}":1}'.`,
      );
    }
    checkIndex(here, key, setting);
    const slot = here as Record<string, unknown>;
    if (last) {
      slot[key] = rule(here, key, given, true);
      return;
    }
    if (slot[key] === undefined || slot[key] === null) {
      if (!(key in slot)) rule(here, key, given, false);
      // The next record is like the first one; a new place is what its first key says it is.
      const next = keys[index + 1] as string;
      const [first] = Array.isArray(here) ? (here as unknown[]) : [];
      slot[key] = first === undefined ? (/^\d+$/.test(next) ? [] : {}) : structuredClone(first);
    }
    here = slot[key] as Container;
  }
}

function checkIndex(here: Container, key: string, { path }: Setting): void {
  if (!Array.isArray(here)) return;
  if (/^\d{1,6}$/.test(key) && Number(key) <= here.length) return;
  throw invalid(
    `--set ${path}: ${key} is no index of a list of ${here.length}`,
    `It is a number from 0 to ${here.length}; the last one adds to the list.`,
  );
}

function invalid(message: string, remedy = 'Write it as in --set Records.0.body=hello.') {
  return new OrchestratorError('config-invalid', message, { remedy });
}
