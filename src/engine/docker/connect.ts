/** A connection to the engine that DOCKER_HOST names, or to the local one. */

import { Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { inspect } from 'node:util';
import Docker from 'dockerode';
import { messageOf, OrchestratorError } from '../../errors.js';
import { DEADLINE_MS, within } from './deadline.js';
import { engineUnreachable } from './errors.js';

/** The newest API this was run against. A newer engine is spoken to in this one. */
export const NEWEST_SEEN_API = '1.45';
/** Engine API versions the suites have passed on (docs/engines.md). */
const SEEN_APIS: ReadonlySet<string> = new Set(['1.41', '1.45']);

/**
 * dockerode reads DOCKER_HOST (unix, tcp), DOCKER_TLS_VERIFY and DOCKER_CERT_PATH itself. Raises
 * `engine-unreachable`, and `config-invalid` for settings it cannot use.
 */
export async function connectDocker(): Promise<Docker> {
  let docker: Docker;
  try {
    docker = new Docker();
  } catch (error) {
    throw unusable(error);
  }
  useFreshConnections(docker);
  try {
    const newest = await within(DEADLINE_MS.look, () => newestApi(docker));
    if (newest !== undefined && isNewer(newest, NEWEST_SEEN_API)) {
      (docker.modem as { version?: string }).version = `v${NEWEST_SEEN_API}`;
      // An engine may have given that one up: then its own is all there is.
      await within(DEADLINE_MS.look, () => docker.ping()).catch(() => {
        delete (docker.modem as { version?: string }).version;
      });
    }
  } catch (error) {
    throw engineUnreachable(error);
  }
  return docker;
}

/** Whether the suites have passed on an engine of that API. */
export function isSeenApi(apiVersion: string): boolean {
  return SEEN_APIS.has(apiVersion);
}

/** Whether the engine shares this machine's files and processes: a unix socket is the sign. */
export function isLocal(docker: Docker): boolean {
  const { socketPath } = docker.modem as { socketPath?: unknown };
  return socketPath !== undefined;
}

/**
 * A connection of its own for each call. An engine that is ending takes no new ones but goes on
 * serving those it has: a kept one would make it seem to be back.
 */
function useFreshConnections(docker: Docker): void {
  const modem = docker.modem as { protocol?: string; agent?: unknown };
  if (modem.protocol !== 'ssh') modem.agent = freshConnections(modem.protocol === 'https');
}

/**
 * dockerode describes what it sends with each call, whether anybody reads it or not, down to the
 * last hidden property of every socket the agent has: tens of milliseconds of a start, if let.
 */
export function freshConnections(secure: boolean): HttpAgent | HttpsAgent {
  const options = { keepAlive: false };
  const agent = secure ? new HttpsAgent(options) : new HttpAgent(options);
  return Object.assign(agent, { [inspect.custom]: () => 'connections to the engine' });
}

/** The engine tells it in a header, which dockerode's own call does not hand on. */
function newestApi(docker: Docker): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    docker.modem.dial(
      {
        path: '/_ping',
        method: 'GET',
        isStream: true,
        statusCodes: { 200: true, 500: 'server error' },
      },
      (error: unknown, answer: unknown) => {
        if (error !== null && error !== undefined) {
          reject(error as Error);
          return;
        }
        const response = answer as IncomingMessage;
        response.resume();
        const version = response.headers['api-version'];
        resolve(typeof version === 'string' ? version : undefined);
      },
    );
  });
}

/** `1.9` is older than `1.41`. */
export function isNewer(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [thanMajor = 0, thanMinor = 0] = than.split('.').map(Number);
  return major > thanMajor || (major === thanMajor && minor > thanMinor);
}

function unusable(error: unknown): OrchestratorError {
  const { code, path } = error as { code?: string; path?: string };
  if (code !== undefined && path !== undefined) {
    return new OrchestratorError(
      'config-invalid',
      `the engine's certificates cannot be read: ${messageOf(error)}`,
      {
        remedy: 'DOCKER_CERT_PATH must be a folder with ca.pem, cert.pem and key.pem.',
        cause: error,
      },
    );
  }
  return new OrchestratorError('config-invalid', `DOCKER_HOST cannot be used: ${String(error)}`, {
    remedy: 'Write it as unix:///var/run/docker.sock or tcp://host:2376.',
    cause: error,
  });
}
