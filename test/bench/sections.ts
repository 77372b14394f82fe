/** Every part of the bench by its name on the command line, in the order they run. */

import { burst } from './sections/burst.js';
import { busy } from './sections/busy.js';
import { cold } from './sections/cold.js';
import { density } from './sections/density.js';
import { freezer, frozenInARow, spaced } from './sections/frozen.js';
import { http } from './sections/http.js';
import { logs } from './sections/logs.js';
import { peers } from './sections/peers.js';
import { prepared } from './sections/prepared.js';
import { queue } from './sections/queue.js';
import { replays } from './sections/replay.js';
import { short } from './sections/short.js';
import { startup } from './sections/startup.js';
import { warm } from './sections/warm.js';
import type { Section } from './tools/measure.js';

export const SECTIONS: Readonly<Record<string, Section>> = {
  warm,
  busy,
  row: frozenInARow,
  spaced,
  freezer,
  http,
  cold,
  prepared,
  burst,
  density,
  queue,
  replay: replays,
  startup,
  logs,
  peers,
  short,
};
