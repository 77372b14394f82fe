/** Whether a server answers where one should be. */

import { messageOf } from '../errors.js';

const PATIENCE_MS = 5_000;

/**
 * Any answer will do: what servers say to a request for nothing differs. Rejects with what the
 * network says.
 */
export async function probeEndpoint(endpoint: string): Promise<void> {
  const answer = await fetch(endpoint, {
    signal: AbortSignal.timeout(PATIENCE_MS),
    redirect: 'manual',
  });
  await answer.body?.cancel();
}

/** `fetch` says only that it has failed, and keeps why as the cause. */
export function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  return messageOf(cause ?? error) || String((cause as { code?: unknown }).code);
}
