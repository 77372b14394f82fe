/** What people write about a function's own address (contract 8.10), and what it means. */

import type { FunctionUrlConfig } from '../function/function-version.js';
import {
  atMost,
  changed,
  either,
  flag,
  list,
  mapWith,
  oneOf,
  optional,
  text,
  withDefault,
  type Shape,
  type Shaped,
} from './shape.js';
import { whole } from './whole.js';

function names(limit: number, what: string): Shape<string[] | undefined> {
  return optional(list(text(what), `a list of ${what}`, atMost(limit, `at most ${limit} ${what}`)));
}

/** Parameters of templates are texts. */
const flagOrText = either(
  [
    flag('true or false'),
    changed(oneOf(['true', 'false'], 'true or false'), (written) => written === 'true'),
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
    auth: withDefault(oneOf(['NONE', 'AWS_IAM'], 'NONE or AWS_IAM'), 'NONE'),
    mode: withDefault(
      oneOf(['BUFFERED', 'RESPONSE_STREAM'], 'BUFFERED or RESPONSE_STREAM'),
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

export function urlDefinition(written: Shaped<typeof urlShape> | undefined): {
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
