/** Short ways to write a case of the differential suite. */

import type { DifferentialCase } from '../../support/differential.js';

type Rest = Partial<Omit<DifferentialCase, 'name' | 'expects'>>;

/**
 * What Amazon's client does on Node.js 22 and before, and from 24 on where that differs; undefined
 * where it differs from run to run.
 */
export interface NodeCase extends Omit<DifferentialCase, 'expects'> {
  readonly expects: string | readonly [upTo22: string, from24: string | undefined];
}

/** A function whose module, CommonJS, is `code`. */
export function commonJs(
  name: string,
  expects: NodeCase['expects'],
  code: string,
  rest: Rest = {},
): NodeCase {
  return { name, expects, files: { 'index.js': code, ...rest.files }, ...without(rest) };
}

/** A function whose module, `index.mjs`, is `code`. */
export function esModule(
  name: string,
  expects: NodeCase['expects'],
  code: string,
  rest: Rest = {},
): NodeCase {
  return { name, expects, files: { 'index.mjs': code, ...rest.files }, ...without(rest) };
}

/** A handler with this body: `async (event, context) => { body }`. */
export function handler(
  name: string,
  expects: NodeCase['expects'],
  body: string,
  rest: Rest = {},
): NodeCase {
  return commonJs(
    name,
    expects,
    `exports.handler = async (event, context) => {\n${body}\n};\n`,
    rest,
  );
}

/** A function made of these files. */
export function files(
  name: string,
  expects: NodeCase['expects'],
  handlerName: string,
  written: Readonly<Record<string, string>>,
  rest: Rest = {},
): NodeCase {
  return { name, expects, handler: handlerName, files: written, ...rest };
}

function without({ files: _files, ...rest }: Rest): Rest {
  return rest;
}
