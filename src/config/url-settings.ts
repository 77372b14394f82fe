/** What people write about a function's own address (contract 8.10), and what it means. */

import { z } from 'zod';
import type { FunctionUrlConfig } from '../function/function-version.js';
import { whole } from './whole.js';

const names = (limit: number, what: string) =>
  z.array(z.string(what), `a list of ${what}`).max(limit, `at most ${limit} ${what}`).optional();

/** Parameters of templates are texts. */
const flag = z.union(
  [z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')],
  'true or false',
);

/** In AWS's own words, as browsers are told them. */
const corsSchema = z.strictObject(
  {
    AllowCredentials: flag.optional(),
    AllowHeaders: names(100, 'headers'),
    AllowMethods: names(6, 'methods'),
    AllowOrigins: names(100, 'origins'),
    ExposeHeaders: names(100, 'headers'),
    MaxAge: whole({ min: 0, max: 86_400 }, 'seconds').optional(),
  },
  'a map of AllowOrigins, AllowMethods, AllowHeaders, ExposeHeaders, MaxAge and AllowCredentials',
);

export const urlSchema = z.strictObject(
  {
    auth: z.enum(['NONE', 'AWS_IAM'], 'NONE or AWS_IAM').default('NONE'),
    mode: z
      .enum(['BUFFERED', 'RESPONSE_STREAM'], 'BUFFERED or RESPONSE_STREAM')
      .default('BUFFERED'),
    cors: corsSchema.optional(),
  },
  'a map of auth, mode and cors, which may be empty',
);

export const URL_KEYS = Object.keys(urlSchema.shape);

/** Properties of a template's `FunctionUrlConfig` → ours. */
export const URL_PROPERTIES: Readonly<Record<string, string>> = {
  AuthType: 'auth',
  InvokeMode: 'mode',
  Cors: 'cors',
};

export function urlDefinition(written: z.infer<typeof urlSchema> | undefined): {
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
