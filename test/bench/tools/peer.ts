/**
 * serverless-offline, the emulator most used with Node.js, from npm: installed once into a cache
 * folder, run by `osls`, the free continuation of the Serverless Framework, which wants no account.
 * It runs handlers in threads of its own Node.js: no container, no limits, no freezing.
 */

import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../../src/package-root.js';
import { ended, firstLine } from './children.js';
import { Skipped } from './measure.js';
import { refuseWhenEnding, started } from './started.js';
import type { Running } from './targets.js';

const run = promisify(execFile);

export const PEER = 'serverless-offline';
const PACKAGES = { 'serverless-offline': '14.8.2', serverless: 'npm:osls@4.3.1' } as const;
const INSTALL_LIMIT_MS = 180_000;
const FUNCTION = 'node';
/** As it names the function, and tells once it can be invoked. */
const NAME = `bench-dev-${FUNCTION}`;

/** Where it is installed, once for all runs. */
export async function installPeer(): Promise<string> {
  const caches = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const folder = join(caches, 'orchestrator', 'bench-peers', PACKAGES[PEER]);
  const ready = join(folder, 'ready');
  const wanted = JSON.stringify({ private: true, dependencies: PACKAGES });
  if (existsSync(ready) && (await readFile(ready, 'utf8')) === wanted) return folder;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), wanted);
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  try {
    await run('npm', ['install', ...flags], { cwd: folder, timeout: INSTALL_LIMIT_MS });
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    throw new Skipped(`${PEER} cannot be installed here: ${stderr.trim() || String(error)}`);
  }
  await writeFile(ready, wanted);
  return folder;
}

/** The same handler behind its Invoke API, on free ports; answers when it is ready. */
export async function startPeer(installed: string): Promise<Running> {
  refuseWhenEnding();
  const project = await mkdtemp(join(tmpdir(), 'orchestrator-bench-peer-'));
  const ports = { httpPort: await freePort(), lambdaPort: await freePort() };
  await cp(join(packageRoot(), 'test/fixtures/bench/node'), project, { recursive: true });
  await writeFile(join(project, 'serverless.yml'), serverlessYml(ports));
  // Plug-ins are looked for beside the project.
  await symlink(join(installed, 'node_modules'), join(project, 'node_modules'));
  const child: ChildProcess = spawn(
    process.execPath,
    [join(installed, 'node_modules/serverless/bin/serverless.js'), 'offline', 'start'],
    {
      cwd: project,
      // Nothing of this user's settings, and nothing told to anybody.
      env: {
        ...process.env,
        HOME: project,
        SLS_TELEMETRY_DISABLED: '1',
        SLS_NOTIFICATIONS_MODE: 'off',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const stop = started(async () => {
    await ended(child, 'SIGTERM');
    await rm(project, { recursive: true, force: true });
  });
  await firstLine(child, (text) => text.includes(NAME));
  return {
    pid: child.pid ?? 0,
    port: ports.lambdaPort,
    path: () => `/2015-03-31/functions/${NAME}/invocations`,
    stop,
  };
}

const serverlessYml = (ports: { httpPort: number; lambdaPort: number }): string => `
service: bench
provider:
  name: aws
  runtime: nodejs22.x
  region: us-east-1
  memorySize: 1769
  timeout: 300
plugins:
  - serverless-offline
custom:
  serverless-offline:
    host: 127.0.0.1
    httpPort: ${ports.httpPort}
    lambdaPort: ${ports.lambdaPort}
functions:
  ${FUNCTION}:
    handler: index.handler
`;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
