import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startProject, until, type Project } from '../support/project.js';

const LIMIT_MS = 60_000;

const NODE = `
exports.handler = async (event) => {
  console.debug('too fine');
  console.warn({ order: event.order });
  if (event.fails) throw new Error('no stock');
  if (event.hangs) await new Promise((resolve) => setTimeout(resolve, 60_000));
  return [process.env.AWS_LAMBDA_LOG_GROUP_NAME, process.env.AWS_LAMBDA_LOG_STREAM_NAME];
};
`;

const PYTHON = `
import logging
def handler(event, context):
    logging.getLogger("shop").debug("fine", extra={"order": event.get("order")})
    print("as it is")
    return "ok"
`;

interface Told {
  readonly type?: string;
  readonly record?: Record<string, unknown>;
  readonly level?: string;
  readonly message?: unknown;
  readonly requestId?: string;
  readonly [field: string]: unknown;
}

function objectsOf(tail: string): Told[] {
  return tail
    .trimEnd()
    .split('\n')
    .map((line) => (line.startsWith('{') ? (JSON.parse(line) as Told) : { text: line }));
}

describe('a function that logs JSON', () => {
  let project: Project;
  beforeAll(async () => {
    project = await startProject(
      {
        shop: {
          files: { 'index.js': NODE },
          timeout: 1,
          logging: { format: 'JSON', group: '/shared/group' },
        },
        stock: {
          files: { 'app.py': PYTHON },
          logging: { format: 'JSON', applicationLevel: 'DEBUG', systemLevel: 'DEBUG' },
        },
        quiet: {
          files: { 'index.js': NODE },
          logging: { format: 'JSON', applicationLevel: 'ERROR', systemLevel: 'WARN' },
        },
      },
      { watch: false },
    );
  }, LIMIT_MS);
  afterAll(() => project.stop(), LIMIT_MS);

  it(
    'has platform events and its own lines as objects, each with the request id',
    async () => {
      const { tail, headers, json } = await project.invoke('shop', { order: 7 }, { tail: true });
      const requestId = String(headers['x-amzn-requestid']);
      const [start, warning, report, ...more] = objectsOf(tail);
      expect(more).toEqual([]);
      expect(start).toMatchObject({
        type: 'platform.start',
        record: { requestId, version: '$LATEST' },
      });
      expect(warning).toMatchObject({ level: 'WARN', requestId, message: { order: 7 } });
      expect(report).toMatchObject({
        type: 'platform.report',
        record: { requestId, status: 'success', metrics: { memorySizeMB: 128 } },
      });
      const [group, stream] = json as [string, string];
      expect(group).toBe('/shared/group');
      expect(stream).toMatch(/^\d{4}\/\d\d\/\d\d\/shop\[\$LATEST\][0-9a-f]{32}$/);
      const kept = async (): Promise<string[]> =>
        (await project.orchestrator.logs({ functionName: 'shop' })).map(({ text }) => text);
      await until(async () => (await kept()).some((text) => text.includes('platform.initStart')));
    },
    LIMIT_MS,
  );

  it(
    'tells errors and timeouts by the status of the report',
    async () => {
      const failed = await project.invoke('shop', { fails: true }, { tail: true });
      expect(objectsOf(failed.tail).at(-1)?.record).toMatchObject({
        status: 'error',
        errorType: 'Error',
      });
      const late = await project.invoke('shop', { hangs: true }, { tail: true });
      const { record } = objectsOf(late.tail).at(-1) ?? {};
      expect(record).toMatchObject({ status: 'timeout' });
      expect(record).not.toHaveProperty('errorType');
      const types = objectsOf(late.tail).flatMap(({ type }) => type ?? []);
      expect(types).toEqual(['platform.start', 'platform.runtimeDone', 'platform.report']);
    },
    LIMIT_MS,
  );

  it(
    'shows every event at level DEBUG, and a Python function’s records beside its prints',
    async () => {
      const { tail, headers } = await project.invoke('stock', { order: 8 }, { tail: true });
      const requestId = String(headers['x-amzn-requestid']);
      const [start, record, print, done, report] = objectsOf(tail);
      expect(start?.type).toBe('platform.start');
      expect(record).toMatchObject({ level: 'DEBUG', logger: 'shop', requestId, order: 8 });
      expect(print).toEqual({ text: 'as it is' });
      expect(done).toMatchObject({
        type: 'platform.runtimeDone',
        record: { status: 'success', metrics: { producedBytes: 4 } },
      });
      expect(report?.type).toBe('platform.report');
      const kept = async (): Promise<string[]> =>
        (await project.orchestrator.logs({ functionName: 'stock' }))
          .filter(({ source }) => source === 'platform')
          .map(({ text }) => (JSON.parse(text) as { type: string }).type);
      const init = ['platform.initStart', 'platform.initRuntimeDone', 'platform.initReport'];
      await until(async () => {
        const types = await kept();
        return init.every((type) => types.includes(type));
      });
    },
    LIMIT_MS,
  );

  it(
    'says nothing of what went well when its levels ask for no more',
    async () => {
      const { tail } = await project.invoke('quiet', {}, { tail: true });
      expect(tail).toBe('');
      const failed = await project.invoke('quiet', { fails: true }, { tail: true });
      const told = objectsOf(failed.tail);
      expect(told.map(({ type, level }) => type ?? level)).toEqual([
        'ERROR',
        'platform.runtimeDone',
        'platform.report',
      ]);
    },
    LIMIT_MS,
  );
});
