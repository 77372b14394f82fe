/**
 * The same function under two runtime clients: what each posted and wrote and how it ended, as texts
 * that can be compared, and which of the allowed differences lie between them.
 */

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ProcessDriver } from './process-driver.js';
import { ScriptedRuntimeApi, type Recorded, type ScriptedEvent } from './scripted-runtime-api.js';

export interface DifferentialCase {
  readonly name: string;
  /** Below the task root; `../` leads to what stands for `/opt`. `$ROOT` is the task root. */
  readonly files: Readonly<Record<string, string>>;
  readonly handler?: string;
  readonly events?: readonly (ScriptedEvent | object | null | number | string)[];
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * What Amazon's client does, such as `response`, `error`, `init/error, exit 1`, so that a case that
   * shows nothing is noticed.
   */
  readonly expects: string;
  /** The process ends by itself after the last event. */
  readonly waitsForExit?: boolean;
}

/** What can be told apart from outside. */
export interface Observed {
  readonly posts: readonly string[];
  /** `polling`, `exit <status>`, `signal <name>`. */
  readonly ending: string;
  readonly output: string;
}

export interface AllowedDifference {
  readonly name: string;
  readonly reason: string;
  /** Cases it is for, by name; all unless given. */
  readonly cases?: RegExp;
  /** Makes what may differ the same. */
  readonly levels: (text: string, what: 'post' | 'output' | 'ending', seen: Observed) => string;
}

export interface Client {
  readonly driver: ProcessDriver;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Headers that say something; the others are the HTTP library's. */
const HEADERS = [
  'content-type',
  'lambda-runtime-function-error-type',
  'lambda-runtime-function-response-mode',
  'lambda-runtime-function-xray-error-cause',
  'trailer',
];

/** Not compared: a process that does neither would keep the suite waiting. */
const LIMIT_MS = 60_000;

/** Writes the files of a case below `folder`, which the containers see as `inside`. */
export async function writeCase(folder: string, inside: string, { files }: DifferentialCase) {
  for (const [file, text] of Object.entries(files)) {
    const path = join(folder, 'task', file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text.replaceAll('$ROOT', `${inside}/task`));
  }
  await mkdir(join(folder, 'task'), { recursive: true });
}

export async function observe(
  client: Client,
  inside: string,
  spec: DifferentialCase,
): Promise<Observed> {
  const root = `${inside}/task`;
  const api = new ScriptedRuntimeApi(
    (spec.events ?? [{ n: 1 }]).map((event): ScriptedEvent =>
      typeof event === 'object' && event !== null && 'payload' in event
        ? (event as ScriptedEvent)
        : { payload: JSON.stringify(event) },
    ),
  );
  const environment = { ...client.environment, ...spec.environment };
  const started = client.driver.run({
    command: client.command,
    cwd: root,
    env: {
      ...Object.fromEntries(
        Object.entries(environment).map(([name, value]) => [name, value.replaceAll('$ROOT', root)]),
      ),
      AWS_LAMBDA_RUNTIME_API: await api.listen(),
      LAMBDA_TASK_ROOT: root,
      _HANDLER: (spec.handler ?? 'index.handler').replaceAll('$ROOT', root),
    },
  });
  let polling = false;
  const reported = (): boolean => api.posts.some(({ path }) => path === 'init/error');
  if (spec.waitsForExit !== true) {
    void api.finished().then(() => {
      polling = !reported();
      if (polling) started.kill();
    });
  }
  let limit: NodeJS.Timeout | undefined;
  const stuck = new Promise<'stuck'>((resolve) => {
    limit = setTimeout(() => resolve('stuck'), LIMIT_MS);
  });
  const outcome = await Promise.race([started.ended, stuck]);
  clearTimeout(limit);
  if (outcome === 'stuck') started.kill();
  const end = await started.ended;
  api.close();
  return {
    posts: api.posts.map(textOf),
    ending: outcome === 'stuck' ? 'stuck' : polling ? 'polling' : endingOf(end),
    output: withoutTimes(asInstalled(end.output.toString())),
  };
}

/** On Lambda the client lies where our bootstrap does. */
function asInstalled(text: string): string {
  return text.replace(/\/amazon\/(dist\/)?index\.mjs/g, '/var/runtime/index.mjs');
}

function endingOf({ status, signal }: { status: number | null; signal: string | null }): string {
  return signal === null ? `exit ${status}` : `signal ${signal}`;
}

function textOf({ path, headers, trailers, body }: Recorded): string {
  const shown = HEADERS.flatMap((name) =>
    headers[name] === undefined ? [] : [`${name}: ${String(headers[name])}`],
  );
  const error = trailers['lambda-runtime-function-error-body'];
  const behind =
    error === undefined
      ? []
      : [
          '',
          `error type: ${String(trailers['lambda-runtime-function-error-type'])}`,
          Buffer.from(String(error), 'base64').toString('latin1'),
        ];
  return [`POST ${path}`, ...shown, '', body.toString('latin1'), ...behind]
    .map(asInstalled)
    .join('\n');
}

function withoutTimes(text: string): string {
  return text
    .replace(/\(node:\d+\)/g, '(node:<pid>)')
    .replace(/\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z/g, (time) =>
      time.length > 20 ? '<time with ms>' : '<time>',
    );
}

/** In the words of `expects`. */
export function classOf({ posts, ending }: Observed): string {
  const kinds = posts.map((post) => {
    const [, path = ''] = /^POST (\S+)/.exec(post) ?? [];
    return path.startsWith('init') ? path : (path.split('/').at(-1) ?? '');
  });
  return [...kinds, ...(ending === 'polling' ? [] : [ending])].join(', ');
}

/** The names of the differences between the two, or undefined when they are not allowed. */
export function explain(
  name: string,
  ours: Observed,
  theirs: Observed,
  allowed: readonly AllowedDifference[],
): readonly string[] | undefined {
  const rules = allowed.filter(({ cases }) => cases === undefined || cases.test(name));
  const same = (by: readonly AllowedDifference[]): boolean =>
    JSON.stringify(levelled(ours, by)) === JSON.stringify(levelled(theirs, by));
  if (!same(rules)) return undefined;
  let needed = [...rules];
  for (const rule of rules) {
    const without = needed.filter((other) => other !== rule);
    if (same(without)) needed = without;
  }
  return needed.map((rule) => rule.name);
}

export function levelled(seen: Observed, by: readonly AllowedDifference[]): Observed {
  const level = (text: string, what: 'post' | 'output' | 'ending'): string =>
    by.reduce((at, { levels }) => levels(at, what, seen), text);
  return {
    posts: seen.posts.map((post) => level(post, 'post')).filter((post) => post !== ''),
    ending: level(seen.ending, 'ending'),
    output: level(seen.output, 'output'),
  };
}
