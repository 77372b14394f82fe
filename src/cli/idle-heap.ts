/**
 * When V8 gives memory back that a pause has left unused: once nothing has happened for a minute. Left
 * to itself it does so after eight seconds, several times, and what comes then, such as the first
 * events after a start, waits for some milliseconds.
 */

const PAUSE_MS = 60_000;
const USUAL_PAUSE_MS = 8_000;

export function giveMemoryBackLate(): void {
  // To load it takes longer than much of a start.
  const v8 = process.getBuiltinModule('node:v8');
  const pause = (ms: number): void =>
    v8.setFlagsFromString(`--gc-memory-reducer-start-delay-ms=${ms}`);
  pause(PAUSE_MS);
  // What the launcher keeps of the compiled program at the end V8 takes with the same flags only.
  process.prependOnceListener('exit', () => pause(USUAL_PAUSE_MS));
}
