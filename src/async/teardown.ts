/**
 * What was started, to be ended in reverse. Goes on after a failure and reports the first one at
 * the end. Ending twice is ending once.
 */

export class Teardown {
  readonly #steps: (() => unknown)[] = [];
  #ended: Promise<void> | undefined;

  /** Registers how to end what was just started. */
  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  end(): Promise<void> {
    this.#ended ??= this.#run();
    return this.#ended;
  }

  async #run(): Promise<void> {
    let failed = false;
    let failure: unknown;
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        failure = failed ? failure : error;
        failed = true;
      }
    }
    if (failed) throw failure;
  }
}
