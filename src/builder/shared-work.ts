/**
 * Work that several callers may ask for at the same time and that must happen once, and a gate on
 * how much of it happens together.
 */

interface Entry<T, P> {
  readonly result: Promise<T>;
  readonly abort: AbortController;
  readonly listeners: Set<(progress: P) => void>;
  waiters: number;
}

export interface WaitOptions<P> {
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: P) => void) | undefined;
}

export type Work<T, P> = (signal: AbortSignal, report: (progress: P) => void) => Promise<T>;

/**
 * Callers with the same key share one run. Each may leave through its own signal; the run is given
 * up only when the last one has left.
 */
export class SharedWork<T, P> {
  readonly #entries = new Map<string, Entry<T, P>>();

  async run(key: string, work: Work<T, P>, options: WaitOptions<P> = {}): Promise<T> {
    options.signal?.throwIfAborted();
    const entry = this.#entries.get(key) ?? this.#begin(key, work);
    entry.waiters += 1;
    if (options.onProgress !== undefined) entry.listeners.add(options.onProgress);
    let leave: (() => void) | undefined;
    try {
      return await Promise.race([
        entry.result,
        new Promise<never>((_resolve, reject) => {
          leave = () => reject(options.signal?.reason as Error);
          options.signal?.addEventListener('abort', leave, { once: true });
        }),
      ]);
    } finally {
      if (leave !== undefined) options.signal?.removeEventListener('abort', leave);
      if (options.onProgress !== undefined) entry.listeners.delete(options.onProgress);
      entry.waiters -= 1;
      if (entry.waiters === 0) {
        if (this.#entries.get(key) === entry) this.#entries.delete(key);
        entry.abort.abort(options.signal?.reason);
      }
    }
  }

  #begin(key: string, work: Work<T, P>): Entry<T, P> {
    const abort = new AbortController();
    const listeners = new Set<(progress: P) => void>();
    const report = (progress: P): void => {
      for (const listener of listeners) listener(progress);
    };
    // Begun a moment later, so that whoever asked hears of the first step too.
    const result = Promise.resolve()
      .then(() => work(abort.signal, report))
      .finally(() => {
        if (this.#entries.get(key) === entry) this.#entries.delete(key);
      });
    // When every caller has left, nobody hears of the end.
    result.catch(() => undefined);
    const entry: Entry<T, P> = { result, abort, listeners, waiters: 0 };
    this.#entries.set(key, entry);
    return entry;
  }
}

/** Lets a limited number of holders in; the others wait in order. */
export class Gate {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#free = limit;
  }

  async hold<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
