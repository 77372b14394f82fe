/**
 * Runs a command on an engine made for it, by DOCKER_HOST, and ends with its exit code:
 *   node dist/test/support/on-private-engine.js <folder of the engine's programs> <command...>
 */

import { spawn } from 'node:child_process';
import { PROGRAMS_VARIABLE, PrivateEngine } from './private-engine.js';

const RUNTIMES = ['nodejs22.x', 'python3.13'];
const [binaries = '', program = '', ...args] = process.argv.slice(2);

const engine = await PrivateEngine.start({ binaries });
// The command hears of it as well and ends; the engine goes after it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
try {
  for (const runtime of RUNTIMES) await engine.load(runtime);
  const { Version: version, ApiVersion: api } = await engine.docker.version();
  process.stderr.write(`On docker ${version}, API ${api}\n`);
  const [first = '', ...words] = [...engine.network.enter, program, ...args];
  const child = spawn(first, words, {
    stdio: 'inherit',
    env: { ...process.env, DOCKER_HOST: engine.host, [PROGRAMS_VARIABLE]: binaries },
  });
  process.exitCode = await new Promise<number>((resolve) => {
    child.once('exit', (code) => resolve(code ?? 1));
  });
} finally {
  await engine.close();
}
