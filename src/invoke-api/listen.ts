/** Listening on a port of ours, and what is told where that cannot be done. */

import { isIP, type AddressInfo, type Server } from 'node:net';
import { OrchestratorError } from '../errors.js';
import { isLoopback } from './admission.js';
import { INVOKE_LIMITS } from './limits.js';
import { portOwner } from './port-owner.js';

const LAST_PORT = 65_535;

export interface ListenRequest {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly authToken?: string | undefined;
  /** Such as `--port`. */
  readonly flag: string;
}

/** Raises `port-in-use`, or `config-invalid` for an address we may not or cannot listen on. */
export async function listen(
  server: Server,
  { host, port, authToken, flag }: ListenRequest,
): Promise<AddressInfo> {
  if (!isLoopback(host) && (authToken === undefined || authToken === '')) {
    throw new OrchestratorError('config-invalid', `${host} can be reached from other machines`, {
      remedy: 'Give callers a token to show with --auth, or listen on 127.0.0.1.',
    });
  }
  await new Promise<void>((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      reject(listenError(host, port, flag, error));
    };
    server.once('error', fail);
    server.once('listening', () => {
      server.off('error', fail);
      // A connection that could not be taken, for want of descriptors say, is its caller's loss.
      server.on('error', () => undefined);
      resolve();
    });
    begin(server, host, port);
  });
  return server.address() as AddressInfo;
}

/**
 * What `listen` comes to in the end, by the name that Node.js keeps for older programs. On its way
 * there it loads what resolves names and what shares ports among processes, neither of which an
 * address needs: more than all else between exec and listening but the streams themselves.
 */
type Direct = (address: string, port: number, family: 4 | 6, backlog: number) => void;

function begin(server: Server, host: string, port: number): void {
  const { backlog } = INVOKE_LIMITS;
  const direct = (server as { _listen2?: Direct })._listen2;
  const family = isIP(host);
  const isPort = Number.isInteger(port) && port >= 0 && port <= LAST_PORT;
  if (direct !== undefined && family !== 0 && isPort && !server.listening) {
    direct.call(server, host, port, family === 6 ? 6 : 4, backlog);
  } else {
    server.listen({ host, port, backlog });
  }
}

/** As part of a URL. */
export function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function listenError(
  host: string,
  port: number,
  flag: string,
  error: NodeJS.ErrnoException,
): OrchestratorError {
  if (error.code === 'EADDRINUSE') {
    const owner = portOwner(port);
    const by = owner === undefined ? 'another process' : `${owner.name} (pid ${owner.pid})`;
    return new OrchestratorError('port-in-use', `port ${port} is in use by ${by}`, {
      remedy: `Stop it, or choose another port with ${flag} (0 takes any free one).`,
      details: { port, ...owner },
      cause: error,
    });
  }
  return new OrchestratorError(
    'config-invalid',
    `cannot listen on ${host}:${port}: ${error.message}`,
    {
      remedy: `Choose an address of this machine with --host and a port with ${flag}.`,
      cause: error,
    },
  );
}
