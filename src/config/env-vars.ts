/**
 * Values for variables that functions declare (contract 12.5): the `--env-vars` file, for all
 * functions under `Parameters` and for one under its name or logical id, or for all in the form of
 * a `.env` file; before it in the order of files, the project's own `.env`.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../errors.js';
import type { FunctionDraft } from './function-draft.js';
import { isMap, own, type Map } from './map.js';
import type { Problems } from './problems.js';
import { readSource } from './source.js';

export type VariableFile = (draft: FunctionDraft, name: string) => Readonly<Record<string, string>>;

export const DOTENV = '.env';

/** `file` is an absolute path; what it says is in force over the `.env` of `folder`. */
export async function readVariables(
  folder: string,
  file: string | undefined,
  problems: Problems,
): Promise<VariableFile> {
  const shared = await readDotenv(join(folder, DOTENV), problems);
  const own = await readNamed(file, problems);
  return (draft, name) => ({ ...shared, ...own(draft, name) });
}

async function readDotenv(file: string, problems: Problems): Promise<Record<string, string>> {
  if (!existsSync(file)) return {};
  try {
    return await parseDotenv(readSource(file));
  } catch (error) {
    const expected = `a file of variables (${messageOf(error)})`;
    problems.add({ path: file, expected, remedy: 'Write it as NAME=value, one a line.' });
    return {};
  }
}

async function parseDotenv(text: string): Promise<Record<string, string>> {
  const { parse } = await import('dotenv');
  return parse(text);
}

async function readNamed(file: string | undefined, problems: Problems): Promise<VariableFile> {
  if (file === undefined) return () => ({});
  try {
    const text = readFileSync(file, 'utf8');
    if (!/^\s*[{["\d]/.test(text)) {
      const variables = await parseDotenv(text);
      if (text.trim() !== '' && Object.keys(variables).length === 0) {
        throw new Error('it holds no variables');
      }
      return () => variables;
    }
    const content = shapeOf(JSON.parse(text));
    return (draft, name) => ({
      ...texts(content['Parameters']),
      ...texts((own(content, name) ?? own(content, draft.logicalId)) as Map | undefined),
    });
  } catch (error) {
    problems.add({
      path: '--env-vars',
      value: file,
      expected: `a JSON file of variables, or lines of NAME=value (${messageOf(error)})`,
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
