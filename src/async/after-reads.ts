let waiting: (() => void)[] = [];

/**
 * Calls `action` once everything that could be read when the event loop last looked has been read:
 * what others have written, to whatever they wrote it, before something that we have just read. One
 * turn for all who ask.
 */
export function afterReads(action: () => void): void {
  if (waiting.push(action) === 1) setImmediate(callAll);
}

function callAll(): void {
  const actions = waiting;
  waiting = [];
  for (const action of actions) action();
}
