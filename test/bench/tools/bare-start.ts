/** The naive start of a container: what cold starts and bursts are held against. */

import { BENCH_LABELS, docker, imageOf, type Language } from './engine.js';
import { refuseWhenEnding } from './started.js';

export interface BareStart {
  readonly tookMs: number;
  remove(): Promise<void>;
}

/** Create, start, the interpreter prints a line: what no orchestrator can do without. */
export async function bareStart(language: Language): Promise<BareStart> {
  refuseWhenEnding();
  const image = await imageOf(language);
  const command =
    language === 'node'
      ? ['/var/lang/bin/node', '-e', 'console.log(1)']
      : ['/var/lang/bin/python3', '-c', 'print(1)'];
  const startedAt = performance.now();
  const container = await docker.createContainer({
    Image: image,
    Cmd: command,
    AttachStdout: true,
    Labels: BENCH_LABELS,
    HostConfig: { NetworkMode: 'bridge', LogConfig: { Type: 'none', Config: {} } },
  });
  const stream = await container.attach({ stream: true, stdout: true });
  const printed = new Promise((resolve) => stream.once('data', resolve));
  await container.start();
  await printed;
  const tookMs = performance.now() - startedAt;
  return { tookMs, remove: () => container.remove({ force: true }) };
}

export async function bareStartMs(language: Language): Promise<number> {
  const { tookMs, remove } = await bareStart(language);
  await remove();
  return tookMs;
}
