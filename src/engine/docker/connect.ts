/** A connection to the engine that DOCKER_HOST names, or to the local one. */

import Docker from 'dockerode';
import { OrchestratorError } from '../../errors.js';
import { engineUnreachable } from './errors.js';

/**
 * dockerode reads DOCKER_HOST (unix, tcp), DOCKER_TLS_VERIFY and DOCKER_CERT_PATH itself. Raises
 * `engine-unreachable`, and `config-invalid` for a DOCKER_HOST it cannot use.
 */
export async function connectDocker(): Promise<Docker> {
  let docker: Docker;
  try {
    docker = new Docker();
  } catch (error) {
    throw new OrchestratorError('config-invalid', `DOCKER_HOST cannot be used: ${String(error)}`, {
      remedy: 'Write it as unix:///var/run/docker.sock or tcp://host:2376.',
      cause: error,
    });
  }
  try {
    await docker.ping();
  } catch (error) {
    throw engineUnreachable(error);
  }
  return docker;
}

/** Whether the engine shares this machine's files and processes: a unix socket is the sign. */
export function isLocal(docker: Docker): boolean {
  const { socketPath } = docker.modem as { socketPath?: string };
  return socketPath !== undefined;
}
