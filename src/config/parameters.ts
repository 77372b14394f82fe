/**
 * Values of a template's parameters: by flag, by file, by `samconfig.toml`, in this order (contract
 * 12.5).
 */

import { isMap, own, type Map as Named } from './map.js';
import type { Problems } from './problems.js';

export interface Parameters {
  readonly values: Readonly<Record<string, string>>;
  /** Where a value was given, for problems. */
  placeOf(name: string): string;
}

export interface ParametersRequest {
  readonly flags: Readonly<Record<string, string>>;
  /** Absolute paths, later ones before earlier ones. */
  readonly files: readonly string[];
  /** Of a configuration file of SAM: what the template does not declare is none of its business. */
  readonly samConfig: Readonly<Record<string, string>>;
  readonly declared: Named;
  readonly problems: Problems;
  /** Takes the paths of files that were read. */
  readonly read: string[];
}

export async function parametersOf(request: ParametersRequest): Promise<Parameters> {
  const places = new Map<string, string>();
  const values: Record<string, string> = {};
  const take = (given: Readonly<Record<string, string>>, place: (name: string) => string): void => {
    for (const [name, value] of Object.entries(given)) {
      values[name] = value;
      places.set(name, place(name));
    }
  };
  const known = Object.entries(request.samConfig).filter(
    ([name]) => own(request.declared, name) !== undefined,
  );
  take(Object.fromEntries(known), (name) => `samconfig parameter_overrides ${name}`);
  for (const file of request.files) {
    take(await readFile(file, request), (name) => `--parameter-file ${file}, ${name}`);
  }
  take(request.flags, (name) => `--parameter ${name}`);
  return { values, placeOf: (name) => places.get(name) ?? `--parameter ${name}` };
}

/** CloudFormation's list, CodePipeline's `Parameters`, a map, or a list of `Name=value`. */
async function readFile(
  file: string,
  { problems, read }: ParametersRequest,
): Promise<Record<string, string>> {
  const { readOther } = await import('./template/include.js');
  const path = `--parameter-file ${file}`;
  const document = readOther(file, path, { problems, files: read });
  if (document === undefined) return {};
  const entries = entriesOf(document);
  if (entries === undefined) {
    problems.add({
      path,
      expected: 'a list of ParameterKey and ParameterValue, or a map from names to values',
      remedy: 'Write it as {"Name": "value"}.',
    });
    return {};
  }
  return Object.fromEntries(
    entries.flatMap(([name, value]) => {
      const text = textOf(value);
      if (text !== undefined) return [[name, text]];
      const expected = 'a text, a number, true, false, or a list of these';
      problems.add({ path: `${path}, ${name}`, value, expected, remedy: 'Write it as a text.' });
      return [];
    }),
  );
}

function entriesOf(document: unknown): (readonly [string, unknown])[] | undefined {
  if (isMap(document)) {
    const { Parameters: inner } = document;
    return Object.entries(isMap(inner) ? inner : document);
  }
  if (!Array.isArray(document)) return undefined;
  const entries = document.map((item: unknown): readonly [string, unknown] | undefined => {
    if (isMap(item)) {
      const { ParameterKey: key, ParameterValue: value } = item;
      return typeof key === 'string' ? [key, value] : undefined;
    }
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(String(item)) ?? [];
    return key === undefined ? undefined : [key, value];
  });
  return entries.every((entry) => entry !== undefined) ? entries : undefined;
}

/** As CloudFormation takes it; lists are separated by commas. */
export function textOf(value: unknown): string | undefined {
  if (Array.isArray(value)) {
    const texts = value.map(textOf);
    return texts.every((text) => text !== undefined) ? texts.join(',') : undefined;
  }
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined;
}
