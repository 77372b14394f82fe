import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { packageRoot } from '../../src/package-root.js';
import { bashRuntime, codeFolder, compileBootstrap } from '../support/custom-runtime.js';
import { startProject, until, type Answer, type Project } from '../support/project.js';

/** The base of a runtime may have to be made first. */
const BUILD_TIMEOUT_MS = 300_000;
const LIMIT_MS = 60_000;

const folders: string[] = [];
async function folder(files: Readonly<Record<string, string>>): Promise<string> {
  const made = await codeFolder(files);
  folders.push(made);
  return made;
}

let project: Project;
let unfinished: string;

beforeAll(async () => {
  const compiled = await folder({});
  await compileBootstrap(join(compiled, 'bootstrap'));
  unfinished = await folder({ 'readme.txt': 'no bootstrap yet' });
  const locked = await folder({ bootstrap: bashRuntime('echo 1') });
  await chmod(join(locked, 'bootstrap'), 0o644);
  const custom = { runtime: 'provided.al2023', files: {}, memory: 256, timeout: 10 } as const;
  project = await startProject(
    {
      example: {
        ...custom,
        handler: 'function.handler',
        code: join(packageRoot(), 'examples', 'bash-runtime', 'function'),
      },
      talker: {
        ...custom,
        code: await folder({
          bootstrap: bashRuntime('echo one >&2; echo two >&2; printf three >&2; echo null'),
        }),
      },
      variables: {
        ...custom,
        environment: { MINE: 'yes' },
        code: await folder({
          bootstrap: bashRuntime(
            `{ tr '\\0' '\\n' < /proc/$$/environ | sed 's/=.*//' | sort; echo "$_HANDLER $MINE $(id -un) $(pwd)"; } | sed 's/.*/"&"/' | paste -sd, | sed 's/.*/[&]/'`,
          ),
        }),
      },
      compiled: { ...custom, runtime: 'provided.al2', code: compiled },
      layered: {
        ...custom,
        code: await folder({ data: '42' }),
        layers: [await folder({ bootstrap: bashRuntime('cat /var/task/data') })],
      },
      unfinished: { ...custom, code: unfinished },
      locked: { ...custom, code: locked },
      crashing: {
        ...custom,
        code: await folder({
          bootstrap:
            '#!/bin/sh\ncurl -sS -o /dev/null "http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/next"\necho last words\nexit 7\n',
        }),
      },
    },
    { spares: 0 },
  );
}, BUILD_TIMEOUT_MS);

afterAll(async () => {
  await project.stop();
  for (const made of folders) await rm(made, { recursive: true, force: true });
}, LIMIT_MS);

function requestIdOf(answer: Answer): string {
  return String(answer.headers['x-amzn-requestid']);
}

describe('a custom runtime', () => {
  it(
    'may be a Bash script that uses curl, as in Lambda’s tutorial',
    async () => {
      const answer = await project.invoke('example', { key: 'value' }, { tail: true });
      expect(answer.headers['x-amz-function-error']).toBeUndefined();
      expect(answer.json).toMatchObject({ event: { key: 'value' } });
      expect(answer.tail).toContain('the event has 15 characters');
    },
    BUILD_TIMEOUT_MS,
  );

  it(
    'has its lines between START and END, also one without an end, and again after a freeze',
    async () => {
      for (const round of [1, 2]) {
        const answer = await project.invoke('talker', { round }, { tail: true });
        const id = requestIdOf(answer);
        const lines = answer.tail.trim().split('\n');
        // The first lines of the first tail may be those of INIT.
        const start = lines.indexOf(`START RequestId: ${id} Version: $LATEST`);
        expect(lines.slice(start + 1, start + 5)).toEqual([
          'one',
          'two',
          'three',
          `END RequestId: ${id}`,
        ]);
        expect(lines[start + 5]).toMatch(new RegExp(`^REPORT RequestId: ${id}\tDuration: `));
        await until(() => project.states('talker').includes('frozen'));
      }
    },
    LIMIT_MS,
  );

  it(
    'sees the variables of a custom runtime, and none that the managed ones have of their own',
    async () => {
      const { json } = await project.invoke('variables');
      const names = json as string[];
      expect(names.at(-1)).toBe('bootstrap yes sbx_user1051 /var/task');
      expect(names).toEqual(
        expect.arrayContaining(['_HANDLER', 'AWS_LAMBDA_RUNTIME_API', 'LAMBDA_TASK_ROOT', 'TZ']),
      );
      for (const absent of ['AWS_EXECUTION_ENV', '_ORCHESTRATOR_LOG_MARKER', 'PWD', 'SHLVL']) {
        expect(names).not.toContain(absent);
      }
    },
    LIMIT_MS,
  );

  it(
    'may be a compiled program, started once for many events',
    async () => {
      expect((await project.invoke('compiled', { a: 1 })).json).toEqual({ bytes: 7, served: 1 });
      // It polls on a new connection after its response.
      await project.free('compiled');
      const second = await project.invoke('compiled', {}, { tail: true });
      expect(second.json).toEqual({ bytes: 2, served: 2 });
      expect(second.tail).toContain('event 2 has 2 bytes');
    },
    LIMIT_MS,
  );

  it(
    'may come from a layer',
    async () => {
      expect((await project.invoke('layered')).json).toBe(42);
    },
    LIMIT_MS,
  );

  it(
    'that is missing fails each invocation with the places it was looked for, until it is there',
    async () => {
      for (const _round of [1, 2]) {
        const answer = await project.invoke('unfinished', {}, { tail: true });
        const id = requestIdOf(answer);
        expect(answer.status).toBe(200);
        expect(answer.headers['x-amz-function-error']).toBe('Unhandled');
        expect(answer.json).toEqual({
          errorType: 'Runtime.InvalidEntrypoint',
          errorMessage: `RequestId: ${id} Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]`,
        });
        expect(answer.tail).toMatch(/Status: error\tError Type: Runtime.InvalidEntrypoint/);
      }
      await writeFile(join(unfinished, 'bootstrap'), bashRuntime('echo 7'), { mode: 0o755 });
      await until(async () => (await project.invoke('unfinished')).body.toString() === '7');
    },
    LIMIT_MS,
  );

  it(
    'that may not be executed is refused as on Lambda',
    async () => {
      const answer = await project.invoke('locked');
      expect(answer.json).toEqual({
        errorType: 'Runtime.InvalidEntrypoint',
        errorMessage: `RequestId: ${requestIdOf(answer)} Error: fork/exec /var/task/bootstrap: permission denied`,
      });
    },
    LIMIT_MS,
  );

  it(
    'that exits fails its invocation with its status, and shows its last words',
    async () => {
      const answer = await project.invoke('crashing', {}, { tail: true });
      expect(answer.json).toEqual({
        errorType: 'Runtime.ExitError',
        errorMessage: `RequestId: ${requestIdOf(answer)} Error: Runtime exited with error: exit status 7`,
      });
      expect(answer.tail).toContain('last words');
    },
    LIMIT_MS,
  );
});
