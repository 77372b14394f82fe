/**
 * Proves that a container reaches a listener of ours the way a runtime reaches the Runtime API:
 * same network, same address, same kind of host name. A host firewall is the usual culprit.
 */

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { sleep } from '../async/clock.js';
import { messageOf } from '../errors.js';
import type { Container, ContainerExit, ContainerSpec } from '../engine/engine.js';
import { RUNTIMES, type Runtime } from '../function/runtimes.js';
import { withEngine, type Check, type CheckContext, type CheckResult } from './check.js';
import type { EngineTools } from './parts.js';

const REACH_WITHIN_MS = 10_000;
const MEMORY_BYTES = 256 * 1024 * 1024;

/** Each asks for the address it is given and ends with 0 when it was answered. */
const PROGRAMS: Readonly<Record<Runtime['family'], (url: string) => readonly string[]>> = {
  node: (url) => [
    '-e',
    `require('http').get('${url}',r=>process.exit(0)).on('error',e=>{console.error(e.message);process.exit(1)})`,
  ],
  python: (url) => ['-c', `import urllib.request;urllib.request.urlopen('${url}',timeout=8)`],
  provided: (url) => ['-c', `curl -sS -o /dev/null -m 8 '${url}'`],
};

export const reachCheck: Check = {
  title: 'Runtime API',
  slow: true,
  run: withEngine(async (context) => {
    const tools = await context.engine();
    const image = (await tools.images.list()).find(({ runtime }) => RUNTIMES.has(runtime));
    const runtime = RUNTIMES.get(image?.runtime ?? '');
    if (image === undefined || runtime === undefined) {
      return { state: 'skipped', detail: 'needs an image; `orchestrator build` makes one' };
    }
    return reach(context, tools, { image: image.reference, runtime });
  }),
};

async function reach(
  context: CheckContext,
  { engine }: EngineTools,
  { image, runtime }: { image: string; runtime: Runtime },
): Promise<CheckResult> {
  const { clock } = context.command;
  const network = await engine.open();
  let answered = false;
  const server = createServer((_request, response) => {
    answered = true;
    response.end();
  });
  let container: Container | undefined;
  const ended = new AbortController();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, network.listenAddress, resolve);
    });
    const { port } = server.address() as AddressInfo;
    const name = `${randomBytes(8).toString('hex')}.runtime`;
    const command = [runtime.interpreter, ...PROGRAMS[runtime.family](`http://${name}:${port}/`)];
    const output: Buffer[] = [];
    const exited = new Promise<ContainerExit>((resolve, reject) => {
      const observer = { output: (chunk: Buffer) => void output.push(chunk), exited: resolve };
      const spec = specOf({ image, command, hosts: { [name]: network.hostAddress } });
      engine
        .create(spec, observer)
        .then((created) => {
          container = created;
          return created.start();
        })
        .catch(reject);
    });
    const timeout = sleep(clock, REACH_WITHIN_MS, ended.signal).catch(() => undefined);
    await Promise.race([exited, timeout]);
    const address = `${network.hostAddress}:${port}`;
    if (answered) return { state: 'ok', detail: `a container of ${runtime.id} reached ${address}` };
    const said = Buffer.concat(output).toString('utf8').trim().split('\n').at(-1) ?? '';
    return unreachable(address, said);
  } catch (error) {
    return unreachable(`${network.hostAddress}`, messageOf(error));
  } finally {
    ended.abort(new Error('done'));
    server.close();
    server.closeAllConnections();
    await container?.remove();
    await engine.close();
  }
}

function unreachable(address: string, said: string): CheckResult {
  return {
    state: 'failed',
    detail: `a container cannot reach ${address}${said === '' ? ': no answer within 10 s' : `: ${said}`}`,
    remedy:
      'A firewall of this machine drops what containers send to it. Allow it, as with `sudo ufw allow from 172.16.0.0/12` or `sudo iptables -I INPUT -s 172.16.0.0/12 -j ACCEPT`.',
  };
}

function specOf(
  parts: Pick<ContainerSpec, 'image' | 'hosts'> & { command: readonly string[] },
): ContainerSpec {
  return {
    ...parts,
    name: `orchestrator-doctor-${randomBytes(6).toString('hex')}`,
    environment: {},
    workingDirectory: '/',
    hostName: 'doctor',
    labels: {},
    mounts: [],
    memoryBytes: MEMORY_BYTES,
    cpus: 1,
    liftCpuDuringStart: false,
    scratch: { target: '/tmp', sizeMb: 16 },
    pidsLimit: 64,
    openFilesLimit: 1024,
  };
}
