// Prints the path of a Node.js binary of the current LTS, fetched from npm once and checked against
// the integrity pinned in the table of runtimes.
import { homedir } from 'node:os';
import { join } from 'node:path';

const { findRuntime } = await import('../dist/src/function/runtimes.js');
const { fetchInterpreter } = await import('../dist/src/builder/interpreter.js');

const architecture = process.arch === 'arm64' ? 'arm64' : 'x86_64';
const source = findRuntime('nodejs24.x').debian.interpreter[architecture];
const folder = await fetchInterpreter(source, join(homedir(), '.cache', 'orchestrator'), {
  onLine: (line) => console.error(line),
});
console.log(join(folder, 'bin', 'node'));
