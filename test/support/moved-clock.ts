/** A clock that is moved on while somebody works: what was not due a moment ago is due now. */

import type { Clock } from '../../src/async/clock.js';

/** As `clock`, and `byMs` ahead of it from the `look`th time on that it is asked for the time of day. */
export function movedAtLook(clock: Clock, look: number, byMs: number): Clock {
  let looks = 0;
  return {
    now: () => {
      looks += 1;
      return clock.now() + (looks >= look ? byMs : 0);
    },
    monotonic: () => clock.monotonic(),
    setTimer: (delayMs, action) => clock.setTimer(delayMs, action),
  };
}
