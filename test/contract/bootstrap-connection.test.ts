import { describe, expect, it } from '@jest/globals';
import {
  runBootstrap,
  type BootstrapCase,
  type BootstrapRun,
  BOOTSTRAP_LIMIT_MS as LIMIT_MS,
} from '../support/bootstrap-run.js';

const LANGUAGES = [
  ['node', { 'index.js': 'exports.handler = async (e) => e' }],
  ['python', { 'app.py': 'def handler(e, c): return e' }],
] as const;
const SLOW = [
  [
    'node',
    {
      'index.js':
        'exports.handler = async (e) => { await new Promise((r) => setTimeout(r, 200)); return e; }',
    },
  ],
  ['python', { 'app.py': 'import time\ndef handler(e, c):\n    time.sleep(0.2)\n    return e' }],
] as const;

const run = (
  language: 'node' | 'python',
  files: Readonly<Record<string, string>>,
  rest: Partial<BootstrapCase>,
): Promise<BootstrapRun> => runBootstrap({ language, files, ...rest });

describe.each(LANGUAGES)('the connection of the %s bootstrap', (language, files) => {
  const plain = 'plain \u0001\u007f\\u00e9';
  const events = ['ü'.repeat(100_000), 'a'.repeat(300_000), '', { a: '日本' }, plain, plain];

  it.each([
    ['in pieces of odd sizes', { pieceBytes: 4_999 }],
    ['in chunks', { pieceBytes: 4_999, chunked: true }],
  ])(
    'takes events %s',
    async (_how, script) => {
      expect((await run(language, files, { events, script })).bodies).toEqual(events);
    },
    LIMIT_MS,
  );

  it.each([1, 7, 64])(
    'takes small events in pieces of %i bytes, which end anywhere in their heads',
    async (pieceBytes) => {
      const small = [{ a: '日本' }, plain, '', plain, 1];
      const script = { pieceBytes };
      expect((await run(language, files, { events: small, script })).bodies).toEqual(small);
    },
    LIMIT_MS,
  );

  it(
    'takes events that come with the answer to what was before, whatever of them is different',
    async () => {
      const shown =
        language === 'node'
          ? {
              'index.js':
                'exports.handler = async (e, c) => [e, c.awsRequestId, process.env._X_AMZN_TRACE_ID ?? null, c.clientContext?.n ?? null]',
            }
          : {
              'app.py':
                'import os\ndef handler(e, c): return [e, c.aws_request_id, os.environ.get("_X_AMZN_TRACE_ID"), c.client_context and c.client_context.custom]',
            };
      const sent: [unknown, string, string | null, number | null][] = [
        [1, 'id-a', 'Root=1-2-3', null],
        [2, 'id-b', 'Root=1-2-3', null],
        [{ three: 'ü' }, 'id-c', 'Root=1-2-4', null],
        ['x'.repeat(60_000), 'id-d', 'Root=1-2-5', null],
        [5, 'a-longer-id', 'Root=1-2-6', null],
        [6, 'a-longer-ID', 'Root=1-2-6;Parent=7', 7],
        [7, 'a-longer-ie', 'Root=1-2-6;Parent=8', null],
        [8, 'a-longer-if', 'Root=1-2-6;Parent=9', null],
        [[9], 'a-longer-ig', null, null],
        [10, 'a-longer-ih', 'Root=1-2-6;Parent=9', 8],
        ['', 'a-longer-ii', 'Root=1-2-6;Parent=0', 9],
      ];
      const scripted = sent.map(([event, id, trace, context]) => ({
        payload: JSON.stringify(event),
        headers: {
          'Lambda-Runtime-Aws-Request-Id': id,
          'Lambda-Runtime-Trace-Id': trace ?? undefined,
          'Lambda-Runtime-Client-Context':
            context === null ? undefined : JSON.stringify({ n: context, custom: context }),
        },
      }));
      const { bodies } = await run(language, shown, { events: scripted, joinsAnswers: true });
      expect(bodies).toEqual(sent);
    },
    LIMIT_MS,
  );

  it(
    'goes by the socket where the platform has put one, and hides the variable',
    async () => {
      const name = '_ORCHESTRATOR_RUNTIME_SOCKET';
      const shown =
        language === 'node'
          ? { 'index.js': `exports.handler = async (e) => process.env.${name} ?? e` }
          : { 'app.py': `import os\ndef handler(e, c): return os.environ.get("${name}", e)` };
      const { bodies } = await run(language, shown, { events, socket: 'served' });
      expect(bodies).toEqual(events);
    },
    LIMIT_MS,
  );

  it(
    'goes by the network where the socket is not to be had',
    async () => {
      expect((await run(language, files, { events, socket: 'missing' })).bodies).toEqual(events);
    },
    LIMIT_MS,
  );

  it(
    'tells of a failed init by the network where the socket is not to be had',
    async () => {
      const broken =
        language === 'node'
          ? { 'index.js': 'throw new Error("x".repeat(100_000))' }
          : { 'app.py': 'raise Exception("x" * 100_000)' };
      const { posts, bodies } = await run(language, broken, { socket: 'missing' });
      expect(posts.map(({ path }) => path)).toEqual(['init/error']);
      expect(bodies).toMatchObject([{ errorMessage: 'x'.repeat(100_000) }]);
    },
    LIMIT_MS,
  );

  it(
    'carries responses around the size from which they go alone',
    async () => {
      const sizes = [65_533, 65_534, 65_535, 200_000, 1];
      const { bodies } = await run(language, files, { events: sizes.map((n) => 'x'.repeat(n)) });
      expect(bodies.map((body) => String(body).length)).toEqual(sizes);
    },
    LIMIT_MS,
  );
});

it.each(SLOW)(
  'the connection of the %s bootstrap is made anew when the server tired of it',
  async (language, files) => {
    const { bodies } = await run(language, files, { events: [1, 2], script: { tires: true } });
    expect(bodies).toEqual([1, 2]);
  },
  LIMIT_MS,
);
