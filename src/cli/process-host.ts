/** The real process as a `Host`, for `main.ts` and for programs that tests start. */

import type { Host } from './host.js';

/** `main` is the file that started; `environment` and the rest come from the process. */
export function processHost(environment: Host['environment']): Host {
  const send = process.send?.bind(process);
  return {
    argv: process.argv.slice(2),
    cwd: process.cwd(),
    environment,
    // Each takes a while to open.
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return process.stdout;
    },
    get stderr() {
      return process.stderr;
    },
    self: [process.execPath, ...process.execArgv, process.argv[1] as string],
    onSignal(signal, action) {
      process.on(signal, action);
      return () => process.off(signal, action);
    },
    exit: (code) => process.exit(code),
    ...(send === undefined
      ? {}
      : {
          tellParent(message: object) {
            // The parent leaves as soon as it knows enough; then there is nobody to tell.
            if (process.connected) send(message, undefined, undefined, () => undefined);
          },
        }),
  };
}

/** Runs a program to its exit code, then ends the process once all output has been taken. */
export async function runToExit(host: Host, program: () => Promise<number>): Promise<void> {
  // Waiting commands hold nothing open themselves; the clock's timers keep no process alive.
  const alive = setInterval(() => undefined, 2 ** 30);
  const code = await program();
  await Promise.all([host.stdout, host.stderr].map(flushed));
  clearInterval(alive);
  host.exit(code);
}

function flushed(stream: Host['stdout']): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.errored !== null) resolve();
    else stream.write('', () => resolve());
  });
}
