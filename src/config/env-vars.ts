/**
 * The `--env-vars` file (contract 12.5): values for declared variables, for all functions under
 * `Parameters` and for one under its name or logical id.
 */

import { readFileSync } from 'node:fs';
import { messageOf } from '../errors.js';
import type { FunctionDraft } from './function-draft.js';
import { isMap, type Map } from './map.js';
import type { Problems } from './problems.js';

export type VariableFile = (draft: FunctionDraft, name: string) => Readonly<Record<string, string>>;

/** `file` is an absolute path. */
export function readVariables(file: string | undefined, problems: Problems): VariableFile {
  if (file === undefined) return () => ({});
  try {
    const content = shapeOf(JSON.parse(readFileSync(file, 'utf8')));
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

/** Throws when it is anything but maps of variables in a map. */
function shapeOf(content: unknown): Readonly<Record<string, Map>> {
  if (!isMap(content)) throw new Error('it holds no map of functions');
  for (const [name, variables] of Object.entries(content)) {
    if (!isMap(variables)) throw new Error(`what ${name} has is no map of variables`);
  }
  return content as Record<string, Map>;
}

function texts(values: Map | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values ?? {}).map(([name, value]) => [name, String(value)]),
  );
}
