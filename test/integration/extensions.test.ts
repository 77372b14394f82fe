import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import Docker from 'dockerode';
import type { LogLine } from '../../src/view.js';
import { Builder } from '../../src/builder/builder.js';
import {
  FAILS_AT_INIT,
  nodeExtension,
  NODE_FUNCTION,
  NODE_INTERNAL,
  PYTHON_EXTENSION,
  PYTHON_FUNCTION,
  PYTHON_INTERNAL,
} from '../support/extension-programs.js';
import { startProject, until, type Project, type ProjectFunction } from '../support/project.js';

const LIMIT_MS = 60_000;

describe('extensions on the real engine', () => {
  let project: Project;
  let lines: LogLine[];
  afterEach(() => project.stop(), LIMIT_MS);

  /** The function is called `probe`; `extensions` are those of its layer. */
  async function start(
    extensions: Readonly<Record<string, string>>,
    { files, ...settings }: ProjectFunction,
  ): Promise<void> {
    const layer = Object.entries(extensions).map(([name, text]) => [
      `../layer/extensions/${name}`,
      text,
    ]);
    project = await startProject(
      {
        probe: {
          files: { ...files, ...Object.fromEntries(layer) },
          layers: ['layer'],
          timeout: 10,
          // A whole processor: what runs at the end has 300 ms.
          memory: 1769,
          ...settings,
        },
      },
      { spares: 0 },
    );
    lines = [];
    project.orchestrator.follow({}, (line) => void lines.push(line));
  }

  const said = (source: LogLine['source']): string[] =>
    lines.filter((line) => line.source === source).map(({ text }) => text);

  it(
    'run as processes of their own, are told of each event and of the end',
    async () => {
      await start(
        { agent: nodeExtension("['INVOKE', 'SHUTDOWN']", '') },
        { files: { 'index.mjs': NODE_FUNCTION } },
      );
      const answer = await project.invoke('probe');
      const requestId = String(answer.headers['x-amzn-requestid']);
      expect(answer.json).toMatchObject({ count: 1 });
      await until(() => project.states('probe').join() === 'frozen');
      await project.orchestrator.close();
      expect(said('extension')).toEqual([
        'agent starts',
        `agent got INVOKE ${requestId}`,
        'agent got SHUTDOWN SPINDOWN',
      ]);
      expect(said('function').join('\n')).toMatch(/\truntime got SIGTERM$/);
      expect(said('platform')).toContain(
        'EXTENSION\tName: agent\tState: Ready\tEvents: [INVOKE,SHUTDOWN]',
      );
    },
    LIMIT_MS,
  );

  it(
    'have the environment of contract 2.3, beside a Python runtime too',
    async () => {
      await start(
        { 'my agent.py': PYTHON_EXTENSION },
        { files: { 'app.py': PYTHON_FUNCTION }, environment: { COLOUR: 'blue' } },
      );
      const answer = await project.invoke('probe');
      const { extension, runtime } = answer.json as Record<string, Record<string, string>>;
      expect(extension).toMatchObject({
        COLOUR: 'blue',
        AWS_LAMBDA_FUNCTION_NAME: 'probe',
        AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      });
      const missing = Object.keys(runtime ?? {}).filter((name) => extension?.[name] === undefined);
      expect(missing.sort()).toEqual([
        'AWS_EXECUTION_ENV',
        'AWS_LAMBDA_LOG_GROUP_NAME',
        'AWS_LAMBDA_LOG_STREAM_NAME',
        'AWS_XRAY_CONTEXT_MISSING',
        'AWS_XRAY_DAEMON_ADDRESS',
        'LAMBDA_RUNTIME_DIR',
        'LAMBDA_TASK_ROOT',
        '_AWS_XRAY_DAEMON_ADDRESS',
        '_AWS_XRAY_DAEMON_PORT',
        '_HANDLER',
        '_X_AMZN_TRACE_ID',
      ]);
      const unknown = Object.keys(extension ?? {}).filter((name) => name.startsWith('_'));
      expect(unknown.filter((name) => name !== '_')).toEqual([]);
      await project.orchestrator.close();
      expect(said('extension')).toEqual([
        'registered {"functionName":"probe","functionVersion":"$LATEST","handler":"app.handler"}',
        'got INVOKE ',
        'got SHUTDOWN SPINDOWN',
      ]);
      expect(said('function')).toEqual(['runtime got SIGTERM']);
    },
    LIMIT_MS,
  );

  it(
    'hold the environment until they have finished, but not the response',
    async () => {
      const slow = `if (event.eventType === 'INVOKE') await seen('/tmp/go');`;
      await start(
        { slow: nodeExtension("['INVOKE']", slow) },
        { files: { 'index.mjs': NODE_FUNCTION } },
      );
      const first = await project.invoke('probe');
      const requestId = String(first.headers['x-amzn-requestid']);
      expect(first.json).toMatchObject({ count: 1 });
      // The extension is still at work: the next event cannot be served by this environment.
      expect(project.states('probe')).toEqual(['completing']);
      expect(said('platform').some((text) => text.startsWith('REPORT'))).toBe(false);
      const second = await project.invoke('probe', { write: 'go' });
      expect(second.json).toMatchObject({ count: 1 });
      expect(project.states('probe')).toHaveLength(2);
      expect(await project.orchestrator.invocation(requestId)).toBeUndefined();
    },
    LIMIT_MS,
  );

  it(
    'that are still at work at the deadline end with TIMEOUT, the caller having its response',
    async () => {
      const stuck = `if (event.eventType === 'INVOKE') await seen('/tmp/never');`;
      await start(
        {
          stuck: nodeExtension("['INVOKE']", stuck),
          told: nodeExtension("['SHUTDOWN']", ''),
        },
        { files: { 'index.mjs': NODE_FUNCTION }, timeout: 8 },
      );
      const answer = await project.invoke('probe', { write: 'kept' });
      const requestId = String(answer.headers['x-amzn-requestid']);
      expect(answer.json).toMatchObject({ count: 1 });
      await until(() => project.states('probe').join() === 'reset');
      const record = await project.orchestrator.invocation(requestId);
      expect(record).toMatchObject({ status: 'timeout', errorType: 'Sandbox.Timedout' });
      expect(record?.extensionOverheadMs).toBeGreaterThan(0);
      expect(said('platform').join('\n')).toMatch(/REPORT .*Status: timeout/);
      expect(said('extension').at(-1)).toBe('told got SHUTDOWN TIMEOUT');
      const next = await project.invoke('probe');
      expect(next.json).toMatchObject({ count: 1, files: ['kept'] });
    },
    LIMIT_MS,
  );

  it(
    'are told of a crash of the runtime and are started again with it',
    async () => {
      await start(
        { agent: nodeExtension("['INVOKE', 'SHUTDOWN']", '') },
        { files: { 'index.mjs': NODE_FUNCTION } },
      );
      const died = await project.invoke('probe', { write: 'kept', exit: 7 });
      const requestId = String(died.headers['x-amzn-requestid']);
      expect(died.json).toEqual({
        errorType: 'Runtime.ExitError',
        errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: exit status 7`,
      });
      const next = await project.invoke('probe');
      expect(next.json).toMatchObject({ count: 1, files: ['kept'] });
      // What extensions write comes through the engine, after the response.
      await until(() => said('extension').length === 5);
      expect(said('extension').map((text) => text.split(' ').slice(0, 3).join(' '))).toEqual([
        'agent starts',
        'agent got INVOKE',
        'agent got SHUTDOWN',
        'agent starts',
        'agent got INVOKE',
      ]);
      expect(said('extension')[2]).toBe('agent got SHUTDOWN FAILURE');
    },
    LIMIT_MS,
  );

  it.each([
    ['exits before it registers', '#!/bin/sh\nexit 3\n', 'Extension.Crash', 'exit status 3'],
    ['is killed', '#!/bin/sh\nkill -9 $$\n', 'Extension.Crash', 'signal: killed'],
    [
      'is not executable',
      'no script',
      'Extension.LaunchError',
      'fork/exec /opt/extensions/bad: permission denied',
    ],
    [
      'has no interpreter',
      '#!/nowhere\n',
      'Extension.LaunchError',
      'fork/exec /opt/extensions/bad: no such file or directory',
    ],
    ['reports an init error', FAILS_AT_INIT, 'Extension.InitError', 'Extension.Broken'],
  ])(
    'fail the invocation when one %s',
    async (_what, script, errorType, reason) => {
      await start({ bad: script }, { files: { 'index.mjs': NODE_FUNCTION } });
      const answer = await project.invoke('probe', {}, { tail: true });
      const requestId = String(answer.headers['x-amzn-requestid']);
      expect(answer.status).toBe(200);
      expect(answer.headers['x-amz-function-error']).toBe('Unhandled');
      expect(answer.json).toEqual({
        errorType,
        errorMessage: `RequestId: ${requestId} Error: ${reason}`,
      });
      expect(answer.tail).toContain(`Status: error\tError Type: ${errorType}`);
      const report = said('platform').find((text) => text.startsWith('INIT_REPORT'));
      expect(report).toContain(`Phase: init\tStatus: error\tError Type: ${errorType}`);
    },
    LIMIT_MS,
  );

  it(
    'fail the invocation when one reports that it must exit, or crashes in it',
    async () => {
      const act = `
        if (event.eventType === 'INVOKE') {
          const how = fs.existsSync('/tmp/crash') ? 'crash' : 'report';
          fs.writeFileSync('/tmp/crash', '');
          if (how === 'report') {
            await call('POST', 'exit/error', { ...id, 'Lambda-Extension-Function-Error-Type': 'Agent.Lost' });
          }
          process.exit(9);
        }`;
      await start(
        { bad: nodeExtension("['INVOKE']", act) },
        { files: { 'index.mjs': NODE_FUNCTION } },
      );
      const reported = await project.invoke('probe', { sleepMs: 30_000 });
      expect(reported.json).toMatchObject({ errorType: 'Extension.ExitError' });
      const crashed = await project.invoke('probe', { sleepMs: 30_000 });
      expect(crashed.json).toMatchObject({ errorType: 'Extension.Crash' });
      expect((crashed.json as { errorMessage: string }).errorMessage).toMatch(/exit status 9$/);
    },
    LIMIT_MS,
  );

  it.each([
    ['Node.js', 'index.mjs', NODE_INTERNAL],
    ['Python', 'app.py', PYTHON_INTERNAL],
  ])(
    'inside a %s runtime get events, and its SIGTERM handler has time to run',
    async (_what, file, code) => {
      await start({}, { files: { [file]: code }, layers: [] });
      const frozen = (): boolean => project.states('probe').join() === 'frozen';
      const first = await project.invoke('probe');
      // Its extension may be at work still: another event would be given another environment.
      await until(frozen);
      const second = await project.invoke('probe');
      const seen = second.json as string[];
      expect(seen[0]).toBe(String(first.headers['x-amzn-requestid']));
      await until(frozen);
      const [environment] = project.orchestrator.environments();
      expect(environment?.extensions).toMatchObject([
        { name: 'inside', external: false, state: 'Ready', events: ['INVOKE'] },
      ]);
      await project.orchestrator.close();
      expect(said('function').join('\n')).toMatch(/runtime got SIGTERM$/);
    },
    LIMIT_MS,
  );

  it(
    'are none: the runtime ends at once and hears of nothing',
    async () => {
      await start({}, { files: { 'index.mjs': NODE_FUNCTION }, layers: [] });
      await project.invoke('probe');
      await until(() => project.states('probe').join() === 'frozen');
      await project.orchestrator.close();
      expect(said('function')).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'are told when their environment goes for new code',
    async () => {
      await start(
        { agent: nodeExtension("['SHUTDOWN']", '') },
        { files: { 'index.mjs': NODE_FUNCTION } },
      );
      await project.invoke('probe');
      expect(project.orchestrator.environments()[0]?.extensions).toMatchObject([
        { name: 'agent', external: true, events: ['SHUTDOWN'] },
      ]);
      await project.write('probe/index.mjs', "export const handler = async () => 'new';");
      expect((await project.invoke('probe')).json).toBe('new');
      await until(() => said('extension').includes('agent got SHUTDOWN SPINDOWN'));
    },
    LIMIT_MS,
  );

  it(
    'of a container image run beside its own runtime, and not without a shell',
    async () => {
      const docker = new Docker();
      const base = await new Builder(docker).ensureImage('nodejs22.x');
      const agent = nodeExtension("['INVOKE', 'SHUTDOWN']", '');
      project = await startProject(
        {
          probe: {
            image: { context: 'probe', args: { BASE: base } },
            timeout: 10,
            memory: 1769,
            files: {
              Dockerfile:
                'ARG BASE\nFROM $BASE\nUSER root\nCOPY index.mjs /var/task/\nCOPY extensions /opt/extensions\nENV _HANDLER=index.handler\n',
              'index.mjs': NODE_FUNCTION,
              'extensions/agent': agent,
              'extensions/lib/helper': 'not one of them',
            },
          },
          bare: {
            image: { context: 'bare' },
            files: {
              Dockerfile: 'FROM scratch\nCOPY extensions /opt/extensions\nCMD ["/nothing"]\n',
              'extensions/agent': agent,
            },
          },
        },
        { spares: 0 },
      );
      lines = [];
      project.orchestrator.follow({}, (line) => void lines.push(line));
      expect((await project.invoke('probe')).json).toMatchObject({ count: 1 });
      expect(project.orchestrator.environments()[0]?.extensions).toMatchObject([
        { name: 'agent', external: true },
      ]);
      await project.orchestrator.close();
      expect(said('extension').at(-1)).toBe('agent got SHUTDOWN SPINDOWN');
      expect(said('function').join('\n')).toMatch(/\truntime got SIGTERM$/);
      expect(project.messages.filter((message) => message.includes('/bin/sh'))).toEqual([
        "the extensions of 'bare' are not started (agent): its image has no /bin/sh",
      ]);
      for (const folder of ['probe', 'bare']) {
        const label = [`dev.orchestrator.context=${join(project.directory, folder)}`];
        for (const { Id } of await docker.listImages({ filters: { label } })) {
          await docker.getImage(Id).remove();
        }
      }
    },
    LIMIT_MS,
  );
});
