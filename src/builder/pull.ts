/** Pulling an image, given up when the registry shows no sign of life. */

import type Docker from 'dockerode';
import type { Clock } from '../async/clock.js';
import { messageOf } from '../errors.js';
import { ImageOperationFailure, pullImage, type ImageOperationOptions } from './engine-images.js';

/** A pull that shows no sign of life for this long is taken for a registry that cannot be reached. */
const SILENCE_MS = 15_000;

/** What an engine says when the registry, rather than the image, is the trouble. */
const UNREACHABLE =
  /no such host|i\/o timeout|connection refused|network is unreachable|no route to host|TLS handshake|server misbehaving|temporary failure|deadline exceeded|Client\.Timeout|proxyconnect|x509|connection reset|\bEOF\b/i;

/** The registry does not have the image, or cannot be reached. */
export class PullFailure extends Error {
  /** The registry is the trouble: it will not have other images either. */
  readonly unreachable: boolean;

  constructor(cause: unknown, unreachable: boolean) {
    super(messageOf(cause), { cause });
    this.name = 'PullFailure';
    this.unreachable = unreachable || UNREACHABLE.test(this.message);
  }
}

/** Rejects with a `PullFailure`, the signal's reason or an engine error. */
export async function pull(
  docker: Docker,
  reference: string,
  { clock, signal, onLine }: ImageOperationOptions & { readonly clock: Clock },
): Promise<void> {
  const silence = new AbortController();
  const watch = (): { cancel(): void } =>
    clock.setTimer(SILENCE_MS, () =>
      silence.abort(new Error(`the registry has been silent for ${SILENCE_MS / 1000} s`)),
    );
  let timer = watch();
  try {
    await pullImage(docker, reference, {
      signal: AbortSignal.any([signal, silence.signal]),
      onLine: (line) => {
        timer.cancel();
        timer = watch();
        onLine(line);
      },
    });
  } catch (error) {
    signal.throwIfAborted();
    if (!silence.signal.aborted && !(error instanceof ImageOperationFailure)) throw error;
    throw new PullFailure(error, silence.signal.aborted);
  } finally {
    timer.cancel();
  }
}
