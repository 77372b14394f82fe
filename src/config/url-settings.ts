/** What people write about a function's own address (contract 8.10), and what it means. */

import {
  boolean,
  optional,
  picklist,
  pipe,
  string,
  transform,
  union,
  type InferOutput,
} from 'valibot';
import type { FunctionUrlConfig } from '../function/function-version.js';
import { list, mapWith } from './shape.js';
import { whole } from './whole.js';

const names = (most: number, what: string) =>
  optional(list(string(what), `a list of ${what}`, { most, expected: `at most ${most} ${what}` }));

/** Parameters of templates are texts. */
const flagOrText = union(
  [
    boolean('true or false'),
    pipe(
      picklist(['true', 'false'], 'true or false'),
      transform((written) => written === 'true'),
    ),
  ],
  'true or false',
);

/** In AWS's own words, as browsers are told them. */
const corsShape = mapWith(
  {
    AllowCredentials: optional(flagOrText),
    AllowHeaders: names(100, 'headers'),
    AllowMethods: names(6, 'methods'),
    AllowOrigins: names(100, 'origins'),
    ExposeHeaders: names(100, 'headers'),
    MaxAge: optional(whole({ min: 0, max: 86_400 }, 'seconds')),
  },
  'a map of AllowOrigins, AllowMethods, AllowHeaders, ExposeHeaders, MaxAge and AllowCredentials',
);

export const urlShape = mapWith(
  {
    auth: optional(picklist(['NONE', 'AWS_IAM'], 'NONE or AWS_IAM'), 'NONE'),
    mode: optional(
      picklist(['BUFFERED', 'RESPONSE_STREAM'], 'BUFFERED or RESPONSE_STREAM'),
      'BUFFERED',
    ),
    cors: optional(corsShape),
  },
  'a map of auth, mode and cors, which may be empty',
);

/** Properties of a template's `FunctionUrlConfig` → ours. */
export const URL_PROPERTIES: Readonly<Record<string, string>> = {
  AuthType: 'auth',
  InvokeMode: 'mode',
  Cors: 'cors',
};

export function urlDefinition(written: InferOutput<typeof urlShape> | undefined): {
  url?: FunctionUrlConfig;
} {
  if (written === undefined) return {};
  const { auth, mode, cors = {} } = written;
  const said = Object.entries(cors).filter(([, value]) => value !== undefined);
  return {
    url: {
      authType: auth,
      invokeMode: mode,
      ...(said.length === 0 ? {} : { cors: Object.fromEntries(said) }),
    },
  };
}
