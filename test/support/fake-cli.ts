/** The real CLI over fake parts, to be started as a process of its own. */

import { processHost, runToExit } from '../../src/cli/process-host.js';
import { runProgram } from '../../src/cli/run.js';
import { fakeParts } from './fake-parts.js';

const host = processHost(process.env);
const parts = fakeParts(process.env);
await runToExit(host, () => runProgram(host, { version: '9.9.9', parts }));
