/**
 * The Lambda API of a control bench as a process of its own on a given folder; it says its port and
 * runs until it is killed.
 */

import { ControlBench } from './control-bench.js';

const [directory = ''] = process.argv.slice(2);
const bench = new ControlBench(directory);
await bench.serve();
process.stdout.write(`port ${bench.running.port}\n`);
