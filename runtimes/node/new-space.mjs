// The space that V8 makes new objects in. It is collected when it is full: in the middle of an event,
// if the init phase has left it nearly so, and at once in all environments that were made alike.

const { hrtime } = process;
/** No more than the space has at first. */
const MOST_STEPS = 64;
/** Of 16 KiB each. */
const STEP_ELEMENTS = 2048;
/** A step takes a few; to collect takes hundreds. */
const COLLECTED_NS = 100_000;

/** Fills it until it is collected. Harmless where it is larger, or nothing is to be seen of that. */
export function emptyNewSpace() {
  // What has never run takes its time for another reason.
  new Array(STEP_ELEMENTS).fill(0);
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const [seconds, nanoseconds] = hrtime();
    new Array(STEP_ELEMENTS).fill(0);
    const [now, nanosecondsNow] = hrtime();
    if ((now - seconds) * 1e9 + nanosecondsNow - nanoseconds > COLLECTED_NS) return;
  }
}
