/**
 * A process that claims a state folder. Alone: says `held` or the error's code, then stays until
 * it is killed. With a log and a count: takes and gives back the lock that often, noting each turn.
 */

import { appendFileSync } from 'node:fs';

import { isOrchestratorError } from '../../src/errors.js';
import { claimRun } from '../../src/state/run-file.js';
import { acquireRunLock } from '../../src/state/run-lock.js';

const [state, log, count] = process.argv.slice(2) as [string, string?, string?];

if (log === undefined) {
  try {
    claimRun(state, { version: '1.2.3', startedAtMs: 0 }).publish('http://127.0.0.1:3001');
    process.stdout.write('held\n');
  } catch (error) {
    process.stdout.write(`${isOrchestratorError(error) ? error.code : String(error)}\n`);
  }
  process.stdin.resume();
} else {
  let turns = 0;
  const attempt = (): void => {
    const result = acquireRunLock(state);
    if (result.kind === 'held') {
      appendFileSync(log, `enter ${process.pid}\n`);
      appendFileSync(log, `leave ${process.pid}\n`);
      result.lock.release();
      turns += 1;
    }
    if (turns < Number(count)) setImmediate(attempt);
  };
  attempt();
}
