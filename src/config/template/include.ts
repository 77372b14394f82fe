/** `AWS::Include`: parts of a template that other local files hold (contract 12.5). */

import { dirname, resolve as resolvePath } from 'node:path';
import { messageOf } from '../../errors.js';
import { readDocument } from '../document.js';
import { isMap, map, type Map } from '../map.js';
import { Problems } from '../problems.js';
import { readSource } from '../source.js';
import type { TemplateContext } from './context.js';
import { resolve, type Scope } from './intrinsics.js';

const TRANSFORM = 'Fn::Transform';
const DEEPEST = 5;
const IS_REMOTE = /^(s3|https?):/;

type IncludeContext = Pick<TemplateContext, 'problems' | 'notices' | 'files'>;

/** `scope` knows the parameters that a location may be made of. */
export function withIncludes(
  template: Map,
  context: IncludeContext,
  { scope, directory }: { readonly scope: Scope; readonly directory: string },
): Map {
  const includes = new Includes(context, scope);
  const whole = [template['Transform']].flat().filter(isMap);
  const transformed = whole.reduce<Map>(
    (so, one) => ({ ...so, ...map(includes.read(one, 'Transform', { directory, depth: 0 })) }),
    {},
  );
  const expanded = includes.expand(template, '', { directory, depth: 0 }) as Map;
  return { ...expanded, ...transformed };
}

interface Place {
  readonly directory: string;
  /** How many files deep. */
  readonly depth: number;
}

class Includes {
  readonly #context: IncludeContext;
  readonly #scope: Scope;

  constructor(context: IncludeContext, scope: Scope) {
    this.#context = context;
    this.#scope = scope;
  }

  expand(value: unknown, path: string, place: Place, nesting = 0): unknown {
    if (nesting > 200 || typeof value !== 'object' || value === null) return value;
    const below = (key: string): string => (path === '' ? key : `${path}.${key}`);
    if (Array.isArray(value)) {
      return value.map((item, index) =>
        this.expand(item, below(String(index)), place, nesting + 1),
      );
    }
    const { [TRANSFORM]: transform, ...rest } = value as Record<string, unknown>;
    const others = Object.fromEntries(
      Object.entries(rest).map(([key, item]) => [
        key,
        this.expand(item, below(key), place, nesting + 1),
      ]),
    );
    if (transform === undefined) return others;
    const [first] = [transform].flat();
    const included = this.read(first, below(TRANSFORM), place);
    if (included === undefined) return { ...others, [TRANSFORM]: transform };
    if (isMap(included)) return { ...others, ...included };
    return included;
  }

  /** Undefined when it is left as it is. */
  read(transform: unknown, path: string, { directory, depth }: Place): unknown {
    const { Name: name, Parameters: parameters } = map(transform);
    const location = resolve(map(parameters)['Location'], this.#scope);
    if (name !== 'AWS::Include' || typeof location !== 'string' || IS_REMOTE.test(location)) {
      const what = name === 'AWS::Include' ? `what ${String(location)} holds` : `macro ${name}`;
      const reason = `${what} is not here; a local Location is read`;
      this.#context.notices.push({ path, treatment: 'ignored', reason });
      return undefined;
    }
    const file = resolvePath(directory, location);
    const content = readOther(file, `${path}.Parameters.Location`, this.#context);
    if (depth < DEEPEST) {
      return this.expand(content, path, { directory: dirname(file), depth: depth + 1 });
    }
    this.#context.problems.add({
      path,
      value: location,
      expected: `no more than ${DEEPEST} files that include each other`,
      remedy: 'Does a file include itself?',
    });
    return undefined;
  }
}

/** The document of another file that this one names; what is wrong with it is a problem of `path`. */
export function readOther(
  file: string,
  path: string,
  { problems, files }: Pick<TemplateContext, 'problems' | 'files'>,
): unknown {
  files.push(file);
  const own = new Problems();
  try {
    const document = readDocument(readSource(file), own);
    for (const problem of own.list) problems.add({ ...problem, path: `${file}, ${problem.path}` });
    return document;
  } catch (error) {
    const remedy = 'Correct the path; relative ones start at the folder of this file.';
    problems.add({ path, value: file, expected: `a readable file (${messageOf(error)})`, remedy });
    return undefined;
  }
}
