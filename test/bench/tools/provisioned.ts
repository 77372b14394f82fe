/** Many environments at once, through the API that Lambda has for it: no event need be in flight. */

import { request } from 'node:http';
import type { RunningOurs } from './targets.js';

const LOOK_AGAIN_MS = 250;

/** Publishes the function as it is; gives the version. */
export async function publish(target: RunningOurs, name: string): Promise<string> {
  const { Version } = await call(target, 'POST', `/2015-03-31/functions/${name}/versions`, {});
  return String(Version);
}

/** Resolves when so many environments of that version are initialised and frozen. */
export async function provision(
  target: RunningOurs,
  { name, version, count }: { name: string; version: string; count: number },
): Promise<void> {
  const path = `/2019-09-30/functions/${name}/provisioned-concurrency?Qualifier=${version}`;
  await call(target, 'PUT', path, { ProvisionedConcurrentExecutions: count });
  for (;;) {
    const { Status, StatusReason } = await call(target, 'GET', path);
    if (Status === 'FAILED') throw new Error(String(StatusReason));
    if (Status === 'READY') break;
    await pause();
  }
  while ((await target.states()).some((state) => state !== 'frozen')) await pause();
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
}

function call(
  { port }: RunningOurs,
  method: string,
  path: string,
  body?: object,
): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path }, (response) => {
      let text = '';
      response.on('data', (piece: Buffer) => (text += piece.toString()));
      response.on('end', () => {
        if ((response.statusCode ?? 500) < 300) {
          resolve(JSON.parse(text) as Record<string, unknown>);
        } else reject(new Error(`${response.statusCode}: ${text}`));
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
