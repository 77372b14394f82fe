/**
 * When V8 gives memory back that a pause has left unused: once nothing has happened for a minute. Left
 * to itself it does so after eight seconds, several times, and what comes then, such as the first
 * events after a start, waits for some milliseconds.
 */

import { setFlagsFromString } from 'node:v8';

const PAUSE_MS = 60_000;

export function giveMemoryBackLate(): void {
  setFlagsFromString(`--gc-memory-reducer-start-delay-ms=${PAUSE_MS}`);
}
