/** `Fn::ForEach` of CloudFormation's language extensions: loops written out (contract 12.5). */

import { isMap, type Map } from '../map.js';
import type { Problems } from '../problems.js';
import { resolve, type Scope } from './intrinsics.js';
import { rewrite, single } from './rewrite.js';

const LOOP = /^Fn::ForEach(::.*)?$/;
/** CloudFormation takes no template with so many resources; more is a slip or a bomb. */
const MOST_COPIES = 2000;

export interface LoopContext {
  readonly problems: Problems;
  /** Knows the parameters and mappings that a collection may be taken from. */
  readonly scope: Scope;
}

/** The template without loops; what is wrong with one is a problem, and it is left out. */
export function expandLoops(template: Map, context: LoopContext): Map {
  const loops = new Loops(context);
  return Object.fromEntries(
    Object.entries(template).map(([section, value]) => [section, loops.expand(value, section, 0)]),
  );
}

class Loops {
  readonly #context: LoopContext;
  #copies = 0;

  constructor(context: LoopContext) {
    this.#context = context;
  }

  expand(value: unknown, path: string, depth: number): unknown {
    if (depth > 200) return value;
    if (Array.isArray(value)) {
      return value.map((item, index) => this.expand(item, `${path}.${index}`, depth + 1));
    }
    if (!isMap(value)) return value;
    const entries = Object.entries(value);
    return Object.fromEntries(
      entries.flatMap(([key, item]): (readonly [string, unknown])[] => {
        const where = `${path}.${key}`;
        if (!LOOP.test(key)) return [[key, this.expand(item, where, depth + 1)]];
        return this.#copiesOf(item, where, depth + 1);
      }),
    );
  }

  #copiesOf(loop: unknown, path: string, depth: number): (readonly [string, unknown])[] {
    const { scope } = this.#context;
    if (!scope.extended) {
      return this.#refuse(path, loop, 'a template with `Transform: AWS::LanguageExtensions`');
    }
    const [identifier, from, output] = Array.isArray(loop) ? (loop as unknown[]) : [];
    if (typeof identifier !== 'string' || !isMap(output)) {
      return this.#refuse(path, loop, 'a list of an identifier, a collection and a map');
    }
    const collection = resolve(from, scope);
    if (!Array.isArray(collection) || !collection.every(isScalar)) {
      return this.#refuse(path, from, 'a list of texts, or a reference to a parameter that is one');
    }
    return collection.flatMap((item) => {
      this.#copies += 1;
      if (this.#copies === MOST_COPIES) {
        this.#refuse(path, undefined, `fewer than ${MOST_COPIES} copies by all loops together`);
      }
      if (this.#copies >= MOST_COPIES) return [];
      const copy = substituted(output, identifier, String(item));
      return Object.entries(this.expand(copy, path, depth) as Map);
    });
  }

  #refuse(path: string, value: unknown, expected: string): [] {
    this.#context.problems.add({
      path,
      ...(value === undefined ? {} : { value }),
      expected,
      remedy: 'Correct the loop, or write its copies out.',
    });
    return [];
  }
}

/** `${Name}` as it is; `&{Name}` as letters and digits, for logical ids. */
function substituted(output: Map, identifier: string, item: string): Map {
  const text = (written: string): string =>
    written
      .replaceAll(`\${${identifier}}`, item)
      .replaceAll(`&{${identifier}}`, item.replace(/[^A-Za-z0-9]/g, ''));
  return rewrite(output, {
    text,
    map: (map, inside) => {
      const [name, argument] = single(map) ?? [];
      if (name === 'Ref' && argument === identifier) return item;
      return Object.fromEntries(
        Object.entries(map).map(([key, inner]) => [text(key), inside(inner)]),
      );
    },
  }) as Map;
}

function isScalar(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}
