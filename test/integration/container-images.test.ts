import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Docker from 'dockerode';
import { Builder } from '../../src/builder/builder.js';
import { bashRuntime, compileBootstrap } from '../support/custom-runtime.js';
import { startProject, until, type Answer, type Project } from '../support/project.js';

/** The bases may have to be made first. */
const BUILD_TIMEOUT_MS = 600_000;
const LIMIT_MS = 90_000;

const docker = new Docker();

/** Amazon's, in short (contract 3.9): one argument, the handler; no emulator where there is an API. */
const LAMBDA_ENTRYPOINT = `#!/bin/sh
if [ $# -ne 1 ]; then
  echo "entrypoint requires the handler name to be the first argument" 1>&2
  exit 142
fi
export _HANDLER="$1"
if [ -z "\${AWS_LAMBDA_RUNTIME_API}" ]; then
  exec /usr/local/bin/aws-lambda-rie /var/runtime/bootstrap
else
  exec /var/runtime/bootstrap
fi
`;

const SHELL_IMAGE = `ARG BASE
FROM $BASE
USER root
COPY . /app/
RUN chmod -R 0755 /app
`;

let project: Project;
let compiled: string;

/** Ids of the images built from one of the project's folders. */
async function imagesOf(folder: string): Promise<string[]> {
  const label = [`dev.orchestrator.context=${folder}`];
  return (await docker.listImages({ filters: { label } })).map(({ Id }) => Id);
}

beforeAll(async () => {
  const builder = new Builder(docker);
  const shell = { BASE: await builder.ensureImage('provided.al2023') };
  const node = { BASE: await builder.ensureImage('nodejs22.x') };
  compiled = await mkdtemp(join(tmpdir(), 'orchestrator-scratch-'));
  await compileBootstrap(join(compiled, 'bootstrap'));
  await writeFile(
    join(compiled, 'Function.dockerfile'),
    'FROM scratch\nCOPY bootstrap /bootstrap\nENTRYPOINT ["/bootstrap"]\n',
  );
  const common = { memory: 256, timeout: 10 } as const;
  const runtime = bashRuntime('source /app/handler.sh');
  project = await startProject(
    {
      hello: {
        ...common,
        environment: { MINE: 'yes' },
        image: { context: 'hello', args: shell },
        files: {
          Dockerfile: `${SHELL_IMAGE}ENV GREETING=hi PATH=/app:/usr/bin:/bin\nWORKDIR /app\nVOLUME /app/data\nENTRYPOINT ["runtime.sh"]\nCMD ["one", "two words"]\n`,
          '.dockerignore': 'secret*\n!secret-no-more\n',
          secret: 'not sent',
          'secret-no-more': 'sent',
          'data/kept': 'of the image',
          'runtime.sh': `#!/bin/bash\nset -- "$@"\narguments="$*|$#"\n${runtime.replace('#!/bin/bash', '')}`,
          'handler.sh':
            'touch /app/x 2>/dev/null && echo writable; touch /app/data/x 2>/dev/null && echo "volume writable"; touch /tmp/x && tmp=yes; echo "{\\"greeting\\":\\"$GREETING\\",\\"mine\\":\\"$MINE\\",\\"path\\":\\"$PATH\\",\\"handler\\":\\"${_HANDLER-none}\\",\\"env\\":\\"${AWS_EXECUTION_ENV-none}\\",\\"root\\":\\"$LAMBDA_TASK_ROOT\\",\\"arguments\\":\\"$arguments\\",\\"pwd\\":\\"$(pwd)\\",\\"user\\":\\"$(id -u):$(id -g)\\",\\"tmp\\":\\"$tmp\\",\\"files\\":\\"$(ls /app | tr \'\\n\' \' \')\\",\\"kept\\":\\"$(cat /app/data/kept)\\",\\"nofile\\":$(ulimit -n)}"',
        },
      },
      overridden: {
        ...common,
        image: { context: 'hello', args: shell },
        imageConfig: {
          entryPoint: ['/bin/bash', '/app/runtime.sh'],
          command: ['other'],
          workingDirectory: '/usr',
        },
        files: {},
      },
      node: {
        ...common,
        image: { context: 'node', args: node },
        files: {
          Dockerfile:
            'ARG BASE\nFROM $BASE\nCOPY lambda-entrypoint.sh /lambda-entrypoint.sh\nUSER root\nRUN chmod 0755 /lambda-entrypoint.sh && echo "exit 9" > /usr/local/bin/aws-lambda-rie && chmod 0755 /usr/local/bin/aws-lambda-rie\nCOPY app.mjs /var/task/\nENTRYPOINT ["/lambda-entrypoint.sh"]\nCMD ["app.handler"]\n',
          'lambda-entrypoint.sh': LAMBDA_ENTRYPOINT,
          'app.mjs':
            "export const handler = async (event) => { console.log('from', process.env._HANDLER); return { ...event, user: process.getuid() }; };\nexport const other = async () => 'other';",
        },
      },
      other: {
        ...common,
        image: { context: 'node', args: node },
        imageConfig: { command: ['app.other'] },
        files: {},
      },
      handlerless: {
        ...common,
        image: { context: 'node', args: node },
        imageConfig: { command: ['app.other', 'and.more'] },
        files: {},
      },
      missing: {
        ...common,
        image: { context: 'hello', args: shell },
        imageConfig: { entryPoint: ['/app/nothing', '--flag'], command: ['a', 'b'] },
        files: {},
      },
      locked: {
        ...common,
        image: { context: 'hello', args: shell },
        imageConfig: { entryPoint: ['/etc/passwd'] },
        files: {},
      },
      unfound: {
        ...common,
        image: { context: 'hello', args: shell },
        imageConfig: { entryPoint: ['no-such-program'] },
        files: {},
      },
      lost: {
        ...common,
        image: { context: 'hello', args: shell },
        imageConfig: { workingDirectory: '/no/such/folder' },
        files: {},
      },
      filed: {
        ...common,
        image: { context: 'hello', args: shell },
        imageConfig: { workingDirectory: '/etc/passwd' },
        files: {},
      },
      broken: {
        ...common,
        image: { context: 'broken', args: shell },
        files: {
          Dockerfile: `${SHELL_IMAGE}RUN echo the last words; exit 5\n`,
        },
      },
      scratch: {
        ...common,
        image: { context: compiled, dockerfile: 'Function.dockerfile' },
        files: {},
      },
      away: { ...common, image: 'registry.invalid/team/function:1', files: {} },
    },
    { spares: 0 },
  );
}, BUILD_TIMEOUT_MS);

afterAll(async () => {
  const folders = [
    compiled,
    ...['hello', 'node', 'broken'].map((name) => join(project.directory, name)),
  ];
  await project.stop();
  await rm(compiled, { recursive: true, force: true });
  for (const folder of folders) {
    for (const id of await imagesOf(folder)) await docker.getImage(id).remove({ force: true });
  }
}, LIMIT_MS);

function requestIdOf(answer: Answer): string {
  return String(answer.headers['x-amzn-requestid']);
}

/** An answer's error without what differs from call to call. */
function errorOf(answer: Answer): unknown {
  expect(answer.headers['x-amz-function-error']).toBe('Unhandled');
  const { errorType, errorMessage } = answer.json as { errorType: string; errorMessage: string };
  return [errorType, errorMessage.replace(`RequestId: ${requestIdOf(answer)} Error: `, '')];
}

describe('a function packaged as an image', () => {
  it(
    'is built from its Dockerfile and runs as the image says, confined as any other',
    async () => {
      const answer = await project.invoke('hello', {}, { tail: true });
      expect(answer.json).toEqual({
        greeting: 'hi',
        mine: 'yes',
        path: '/app:/usr/bin:/bin',
        handler: 'none',
        env: 'none',
        root: '/var/task',
        arguments: 'one two words|2',
        pwd: '/app',
        user: '993:990',
        tmp: 'yes',
        files: 'Dockerfile data handler.sh runtime.sh secret-no-more ',
        kept: 'of the image',
        nofile: 1024,
      });
      const lines = (await project.orchestrator.logs({ functionName: 'hello' })).map(
        ({ text }) => text,
      );
      expect(lines.some((line) => line.startsWith('START RequestId: '))).toBe(true);
      expect(lines.some((line) => line.startsWith('INIT_START'))).toBe(false);
    },
    BUILD_TIMEOUT_MS,
  );

  it(
    'is started as its configuration says instead',
    async () => {
      expect((await project.invoke('overridden')).json).toMatchObject({
        arguments: 'other|1',
        pwd: '/usr',
        greeting: 'hi',
      });
    },
    LIMIT_MS,
  );

  it(
    'may be laid out as Amazon’s base images are: its own bootstrap runs, and no emulator',
    async () => {
      const answer = await project.invoke('node', { a: 1 }, { tail: true });
      expect(answer.json).toEqual({ a: 1, user: 993 });
      expect(answer.tail).toContain('from app.handler');
      expect((await project.invoke('other')).json).toBe('other');
    },
    LIMIT_MS,
  );

  it(
    'fails each invocation when its entry point ends, and shows why',
    async () => {
      const answer = await project.invoke('handlerless', {}, { tail: true });
      expect(errorOf(answer)).toEqual([
        'Runtime.ExitError',
        'Runtime exited with error: exit status 142',
      ]);
      expect(answer.tail).toContain('entrypoint requires the handler name');
    },
    LIMIT_MS,
  );

  it(
    'may hold nothing but one program',
    async () => {
      const first = await project.invoke('scratch', { a: 1 });
      expect(first.json).toEqual({ bytes: 7, served: 1 });
      // Its output comes through the engine: what is written at once after an event may be taken
      // for the last one's.
      const id = requestIdOf(first);
      await until(async () => (await project.orchestrator.invocation(id)) !== undefined);
      const again = await project.invoke('scratch', {}, { tail: true });
      expect(again.json).toEqual({ bytes: 2, served: 2 });
      expect(again.tail).toContain('event 2 has 2 bytes');
    },
    LIMIT_MS,
  );

  it(
    'is built again when a file of its context changes; what was replaced is removed',
    async () => {
      const folder = join(project.directory, 'node');
      const [before] = await imagesOf(folder);
      await project.write('node/app.mjs', "export const handler = async () => 'changed';\n");
      expect((await project.invoke('node')).json).toBe('changed');
      await until(async () => {
        const present = await imagesOf(folder);
        return present.length === 1 && present[0] !== before;
      });
    },
    LIMIT_MS,
  );
});

describe('an image that cannot be started', () => {
  it.each([
    [
      'missing',
      ['Runtime.InvalidEntrypoint', 'fork/exec /app/nothing: no such file or directory'],
      'Entrypoint: /app/nothing\tCmd: [--flag,a,b]\tWorkingDir: [/app]',
    ],
    [
      'locked',
      ['Runtime.InvalidEntrypoint', 'fork/exec /etc/passwd: permission denied'],
      'Entrypoint: /etc/passwd\tCmd: [one,two words]\tWorkingDir: [/app]',
    ],
    [
      'unfound',
      ['Runtime.InvalidEntrypoint', 'exec: "no-such-program": executable file not found in $PATH'],
      'Entrypoint: no-such-program\tCmd: [one,two words]\tWorkingDir: [/app]',
    ],
    [
      'lost',
      ['Runtime.InvalidWorkingDir', 'chdir /no/such/folder: no such file or directory'],
      'Entrypoint: runtime.sh\tCmd: [one,two words]\tWorkingDir: [/no/such/folder]',
    ],
    [
      'filed',
      ['Runtime.InvalidWorkingDir', 'chdir /etc/passwd: not a directory'],
      'Entrypoint: runtime.sh\tCmd: [one,two words]\tWorkingDir: [/etc/passwd]',
    ],
  ])(
    '(%s) fails its invocations as on Lambda, with one line in the log',
    async (name, [errorType, reason], launch) => {
      for (const _round of [1, 2]) {
        const answer = await project.invoke(name, {}, { tail: true });
        expect(answer.status).toBe(200);
        expect(errorOf(answer)).toEqual([errorType, reason]);
        expect(answer.tail).toContain(`IMAGE\tLaunch error: ${reason}\t${launch}\n`);
        expect(answer.tail).not.toContain('FATAL');
        expect(answer.tail).toContain(`Status: error\tError Type: ${errorType}`);
      }
    },
    LIMIT_MS,
  );
});

describe('an image that cannot be had', () => {
  it(
    'shows the last lines of its build, and runs once the Dockerfile is mended',
    async () => {
      const refused = await project.invoke('broken');
      expect(refused.status).toBe(409);
      expect(refused.body.toString()).toContain('the last words');
      expect(refused.body.toString()).toContain('returned a non-zero code: 5');
      await project.write('broken/runtime.sh', bashRuntime('echo 5'));
      await project.write('broken/Dockerfile', `${SHELL_IMAGE}ENTRYPOINT ["/app/runtime.sh"]\n`);
      expect((await project.invoke('broken')).json).toBe(5);
    },
    LIMIT_MS,
  );

  it(
    'is named, with the ways to bring it here',
    async () => {
      const refused = await project.invoke('away');
      expect(refused.status).toBe(409);
      const text = refused.body.toString();
      expect(text).toContain(
        'registry.invalid/team/function:1 is not in the engine and cannot be pulled',
      );
      expect(text).toContain('docker build -t registry.invalid/team/function:1');
    },
    LIMIT_MS,
  );
});
