/** One call of a function for a WebSocket API, and the line its log gets. */

import { randomUUID } from 'node:crypto';
import type { Outcome } from '../../invocation/outcome.js';
import type { SourceParts } from '../../sources/source.js';
import type { FunctionTarget } from '../../stack/function-target.js';

export interface Call {
  readonly timeoutMs: number;
  /** Such as a route key. */
  readonly about: string;
}

/** A function that takes longer goes on; nobody waits for it. */
export function callFunction(
  { invoker, clock, line }: Pick<SourceParts, 'invoker' | 'clock' | 'line'>,
  target: FunctionTarget,
  event: object,
  { timeoutMs, about }: Call,
): Promise<Outcome | 'timed-out'> {
  const requestId = randomUUID();
  const startedAt = clock.monotonic();
  return new Promise((resolve) => {
    let over = false;
    const end = (outcome: Outcome | 'timed-out'): void => {
      if (over) return;
      over = true;
      const how = outcome === 'timed-out' ? outcome : outcome.kind;
      const ms = (clock.monotonic() - startedAt).toFixed(1);
      line({
        timestampMs: clock.now(),
        functionName: target.functionName,
        environmentId: '',
        requestId,
        source: 'platform',
        text: `WEBSOCKET RequestId: ${requestId} ${about} ${how} ${ms} ms`,
      });
      resolve(outcome);
    };
    const timer = clock.setTimer(timeoutMs, () => end('timed-out'));
    const payload = Buffer.from(JSON.stringify(event));
    void invoker.invoke(target, payload, { requestId }).then((outcome) => {
      timer.cancel();
      end(outcome);
    });
  });
}
