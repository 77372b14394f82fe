/**
 * A process that writes records and lines to a state file for ever, and says after each flush how
 * many are in it: `kept <count>`. It is meant to be killed.
 */

import { systemClock } from '../../src/async/clock.js';
import { openDatabase } from '../../src/state/database.js';
import { InvocationStore } from '../../src/state/invocation-store.js';
import { lineOf, recordOf } from './store-entries.js';

const [path = ''] = process.argv.slice(2);
const store = new InvocationStore({
  open: () => openDatabase(path),
  clock: systemClock,
  warn: (message) => process.stderr.write(`${message}\n`),
});

let count = 0;
function write(): void {
  for (let entry = 0; entry < 50; entry += 1) {
    store.record(recordOf(`id-${count}`));
    store.line(lineOf(`line of ${count}`, { requestId: `id-${count}` }));
    count += 1;
  }
  store.flush();
  process.stdout.write(`kept ${count}\n`, () => setImmediate(write));
}
write();
