/** One HTTP exchange with the orchestrator on this machine, over node:http and nothing else. */

import { request as httpRequest, type IncomingMessage } from 'node:http';

import { OrchestratorError, messageOf } from '../errors.js';
import type { FoundRun } from '../state/run-file.js';

export interface Exchange {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly signal?: AbortSignal;
}

/** The answer once its head is here; the request shows the run file's token. Throws `not-running` when nobody answers. */
export function exchange(run: FoundRun, options: Exchange): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { signal } = options;
    const request = httpRequest(
      new URL(options.path, reachable(run.endpoint)),
      {
        method: options.method,
        headers: {
          authorization: `Bearer ${run.adminToken}`,
          ...options.headers,
          ...(options.body === undefined ? {} : { 'content-length': options.body.length }),
        },
        agent: false,
        ...(signal === undefined ? {} : { signal }),
      },
      resolve,
    );
    request.on('error', (error) =>
      reject(signal?.aborted === true ? error : unreachable(run, error)),
    );
    request.end(options.body);
  });
}

export async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A listener on every address is reached through loopback. */
function reachable(endpoint: string): string {
  const url = new URL(endpoint);
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1';
  if (url.hostname === '[::]') url.hostname = '[::1]';
  return url.href;
}

function unreachable(run: FoundRun, error: Error): OrchestratorError {
  return new OrchestratorError(
    'not-running',
    `the orchestrator (process ${run.process.pid}) does not answer at ${run.endpoint}: ${messageOf(error)}`,
    {
      remedy: `Try again; if it stays so, end it with \`orchestrator down --now\`.`,
      details: { pid: run.process.pid, endpoint: run.endpoint },
      cause: error,
    },
  );
}
