/** The Python bootstrap of a function that initialises for SnapStart (contract 1.5, 7.6). */

import { describe, expect, it } from '@jest/globals';
import { BOOTSTRAP_LIMIT_MS as LIMIT_MS, runPython } from '../support/bootstrap-run.js';

const FOR_SNAPSHOT = { environment: { AWS_LAMBDA_INITIALIZATION_TYPE: 'snap-start' } };

const HOOKS = `
from snapshot_restore_py import register_before_snapshot, register_after_restore

order = []

@register_before_snapshot
def first():
    order.append("before 1")

@register_after_restore
def second():
    order.append("after 1")

def say(what, end=""):
    order.append(what + end)

register_before_snapshot(say, "before 2", end="!")
register_after_restore(say, "after 2", end="?")

def handler(event, context):
    return [order, first.__name__, second.__name__]
`;

describe('a Python function that initialises for SnapStart', () => {
  it(
    'runs hooks before the snapshot from the last one on, and after the restore from the first one on',
    async () => {
      const { posts } = await runPython(HOOKS, FOR_SNAPSHOT);
      expect(posts.map(({ path }) => path)).toEqual(['restore/next', 'invocation/id-0/response']);
      expect(JSON.parse(String(posts[1]?.body))).toEqual([
        ['before 2!', 'before 1', 'after 1', 'after 2?'],
        'first',
        'second',
      ]);
    },
    LIMIT_MS,
  );

  it(
    'waits to be restored without any hook as well',
    async () => {
      const { posts } = await runPython('def handler(event, context): return 1', FOR_SNAPSHOT);
      expect(posts.map(({ path }) => path)).toEqual(['restore/next', 'invocation/id-0/response']);
    },
    LIMIT_MS,
  );

  it(
    'runs no hook when it is started on demand',
    async () => {
      const { posts } = await runPython(HOOKS);
      expect(posts.map(({ path }) => path)).toEqual(['invocation/id-0/response']);
      expect(JSON.parse(String(posts[0]?.body))).toEqual([[], 'first', 'second']);
    },
    LIMIT_MS,
  );

  it.each([
    ['raises', 'raise KeyError("no state")', 'KeyError', "'no state'"],
    ['ends the process', 'import sys; sys.exit("gone")', 'SystemExit', 'gone'],
  ])(
    'reports a hook before the snapshot that %s, and ends with status 64',
    async (_what, code, errorType, errorMessage) => {
      const { posts, output, exitCode } = await runPython(
        `import snapshot_restore_py\ndef hook():\n    ${code}\nsnapshot_restore_py.register_before_snapshot(hook)\ndef handler(event, context): return 1`,
        FOR_SNAPSHOT,
      );
      expect(posts.map(({ path }) => path)).toEqual(['init/error']);
      expect(posts[0]?.headers['lambda-runtime-function-error-type']).toBe(
        'Runtime.BeforeSnapshotError',
      );
      expect(JSON.parse(String(posts[0]?.body))).toEqual({
        errorMessage,
        errorType,
        requestId: '',
        stackTrace: [expect.stringMatching(/app\.py", line 3, in hook\n/)],
      });
      expect(output).toContain(`[ERROR] ${errorType}: ${errorMessage}\rTraceback`);
      expect(exitCode).toBe(64);
    },
    LIMIT_MS,
  );

  it(
    'reports a hook after the restore that raises, and ends with status 65',
    async () => {
      const { posts, exitCode } = await runPython(
        'import snapshot_restore_py\n@snapshot_restore_py.register_after_restore\ndef hook():\n    raise ValueError("no connection")\ndef handler(event, context): return 1',
        FOR_SNAPSHOT,
      );
      expect(posts.map(({ path }) => path)).toEqual(['restore/next', 'restore/error']);
      expect(posts[1]?.headers['lambda-runtime-function-error-type']).toBe(
        'Runtime.AfterRestoreError',
      );
      expect(JSON.parse(String(posts[1]?.body))).toMatchObject({
        errorMessage: 'no connection',
        errorType: 'ValueError',
      });
      expect(exitCode).toBe(65);
    },
    LIMIT_MS,
  );

  it(
    'says so where nobody can restore it',
    async () => {
      const { posts, exitCode } = await runPython('def handler(event, context): return 1', {
        ...FOR_SNAPSHOT,
        script: { restoreStatus: 404 },
      });
      expect(posts.map(({ path }) => path)).toEqual(['restore/next', 'init/error']);
      expect(JSON.parse(String(posts[1]?.body))).toMatchObject({
        errorMessage: expect.stringContaining("Reason: '404'"),
      });
      expect(exitCode).toBe(64);
    },
    LIMIT_MS,
  );
});
