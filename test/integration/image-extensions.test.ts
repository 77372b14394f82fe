import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Docker from 'dockerode';
import type { LogLine } from '../../src/view.js';
import { Builder } from '../../src/builder/builder.js';
import { nodeExtension } from '../support/extension-programs.js';
import { startProject, until, type Project } from '../support/project.js';

/** The bases may have to be made first. */
const BUILD_TIMEOUT_MS = 600_000;
const LIMIT_MS = 90_000;

const docker = new Docker();

/** Laid out as Amazon's base images are (contract 3.9). */
const DOCKERFILE = `ARG BASE
FROM $BASE AS tools
USER root
COPY extensions /opt/extensions
COPY tools /opt/tools
RUN chmod -R 0755 /opt && ln -s /opt/tools/linked /opt/extensions/linked \\
  && ln -s /opt/tools/gone /opt/extensions/dangling && ln -s /opt/tools /opt/extensions/folder
FROM $BASE
USER root
COPY lambda-entrypoint.sh /lambda-entrypoint.sh
COPY app.mjs /var/task/
RUN chmod 0755 /lambda-entrypoint.sh
COPY --from=tools /opt/ /opt/
ENTRYPOINT ["/lambda-entrypoint.sh"]
CMD ["app.handler"]
`;
const LAMBDA_ENTRYPOINT = `#!/bin/sh
export _HANDLER="$1"
exec /var/runtime/bootstrap
`;
const APP = `
process.on('SIGTERM', () => { console.log('runtime got SIGTERM'); process.exit(0); });
export const handler = async (event) => {
  console.log('working on', event.a);
  return { ...event, handler: process.env._HANDLER, cwd: process.cwd() };
};
export const other = async () => 'other';
`;

describe('extensions inside a container image', () => {
  let project: Project;
  const lines: LogLine[] = [];

  beforeAll(async () => {
    const base = await new Builder(docker).ensureImage('nodejs22.x');
    const image = { context: 'probe', args: { BASE: base } };
    const agent = nodeExtension("['INVOKE', 'SHUTDOWN']", '');
    const common = { memory: 256, timeout: 10, image, files: {} } as const;
    project = await startProject(
      {
        probe: {
          ...common,
          files: {
            Dockerfile: DOCKERFILE,
            'lambda-entrypoint.sh': LAMBDA_ENTRYPOINT,
            'app.mjs': APP,
            'extensions/agent': agent,
            'extensions/lib/helper': agent,
            'tools/linked': nodeExtension('[]', ''),
          },
        },
        other: {
          ...common,
          imageConfig: { command: ['app.other'], workingDirectory: '/usr' },
        },
        missing: {
          ...common,
          imageConfig: { entryPoint: ['/no/such/program'], command: ['a'] },
        },
        unfound: { ...common, imageConfig: { entryPoint: ['no-such-program'] } },
        locked: { ...common, imageConfig: { entryPoint: ['/etc/passwd'], command: [] } },
        lost: { ...common, imageConfig: { workingDirectory: '/no/such/folder' } },
      },
      { spares: 0 },
    );
    project.orchestrator.follow({}, (line) => void lines.push(line));
  }, BUILD_TIMEOUT_MS);

  afterAll(async () => {
    await project.stop();
    const label = [`dev.orchestrator.context=${join(project.directory, 'probe')}`];
    for (const { Id } of await docker.listImages({ filters: { label } })) {
      await docker.getImage(Id).remove({ force: true });
    }
  }, LIMIT_MS);

  const said = (functionName: string, source: LogLine['source']): string[] =>
    lines
      .filter((line) => line.functionName === functionName && line.source === source)
      .map(({ text }) => text);

  it(
    'are its regular files and what links lead to: they start before the image’s own program',
    async () => {
      const answer = await project.invoke('probe', { a: 1 }, { tail: true });
      expect(answer.json).toEqual({ a: 1, handler: 'app.handler', cwd: '/var/task' });
      expect(answer.tail).toContain('working on 1');
      const [environment] = project.orchestrator.environments();
      expect(environment?.extensions).toMatchObject([
        { name: 'agent', external: true, events: ['INVOKE', 'SHUTDOWN'] },
        { name: 'linked', external: true, events: [] },
      ]);
      const requestId = String(answer.headers['x-amzn-requestid']);
      await until(() => said('probe', 'extension').includes(`agent got INVOKE ${requestId}`));
      expect(project.orchestrator.functions().find(({ name }) => name === 'probe')).toMatchObject({
        runtime: 'image',
        extensions: ['agent', 'linked'],
      });
    },
    BUILD_TIMEOUT_MS,
  );

  it(
    'leave what ImageConfig says in force',
    async () => {
      expect((await project.invoke('other')).json).toBe('other');
      await until(() => said('other', 'extension').some((text) => text.startsWith('agent got')));
    },
    LIMIT_MS,
  );

  it.each([
    [
      'missing',
      'Runtime.InvalidEntrypoint',
      'fork/exec /no/such/program: no such file or directory',
      'Entrypoint: /no/such/program\tCmd: [a]\tWorkingDir: [/var/task]',
    ],
    [
      'unfound',
      'Runtime.InvalidEntrypoint',
      'exec: "no-such-program": executable file not found in $PATH',
      'Entrypoint: no-such-program\tCmd: [app.handler]\tWorkingDir: [/var/task]',
    ],
    [
      'locked',
      'Runtime.InvalidEntrypoint',
      'fork/exec /etc/passwd: permission denied',
      'Entrypoint: /etc/passwd\tCmd: []\tWorkingDir: [/var/task]',
    ],
    [
      'lost',
      'Runtime.InvalidWorkingDir',
      'chdir /no/such/folder: no such file or directory',
      'Entrypoint: /lambda-entrypoint.sh\tCmd: [app.handler]\tWorkingDir: [/no/such/folder]',
    ],
  ])(
    'change nothing about a program that cannot be started (%s)',
    async (name, errorType, reason, launch) => {
      for (const _round of [1, 2]) {
        const answer = await project.invoke(name, {}, { tail: true });
        expect(answer.headers['x-amz-function-error']).toBe('Unhandled');
        const requestId = String(answer.headers['x-amzn-requestid']);
        expect(answer.json).toEqual({
          errorType,
          errorMessage: `RequestId: ${requestId} Error: ${reason}`,
        });
        expect(answer.tail).toContain(`IMAGE\tLaunch error: ${reason}\t${launch}\n`);
        expect(answer.tail).toContain(`Status: error\tError Type: ${errorType}`);
      }
    },
    LIMIT_MS,
  );

  it(
    'are told of the end, after the runtime',
    async () => {
      await project.orchestrator.close();
      expect(said('probe', 'extension').at(-1)).toBe('agent got SHUTDOWN SPINDOWN');
      expect(said('probe', 'function').join('\n')).toMatch(/runtime got SIGTERM$/);
    },
    LIMIT_MS,
  );
});
