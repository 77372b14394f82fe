/**
 * The `--env-vars` file (contract 12.5): values for declared variables, for all functions under
 * `Parameters` and for one under its name or logical id.
 */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf } from '../errors.js';
import type { FunctionDraft } from './draft.js';
import type { Problems } from './problems.js';

export type VariableFile = (draft: FunctionDraft, name: string) => Readonly<Record<string, string>>;

export function readVariables(
  file: string | undefined,
  directory: string,
  problems: Problems,
): VariableFile {
  if (file === undefined) return () => ({});
  const path = resolve(directory, file);
  try {
    const content = JSON.parse(readFileSync(path, 'utf8')) as Record<
      string,
      Record<string, unknown>
    >;
    return (draft, name) => ({
      ...texts(content['Parameters']),
      ...texts(content[name] ?? content[draft.logicalId]),
    });
  } catch (error) {
    problems.add({
      path: '--env-vars',
      value: file,
      expected: `a JSON file of variables (${messageOf(error)})`,
      remedy: 'Write it as {"FunctionName": {"VARIABLE": "value"}}.',
    });
    return () => ({});
  }
}

function texts(values: Readonly<Record<string, unknown>> | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values ?? {}).map(([name, value]) => [name, String(value)]),
  );
}
