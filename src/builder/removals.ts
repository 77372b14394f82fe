/**
 * Removing what several may use, each of whom asks when it has done with it: what was refused because
 * of one of them is tried again when that one has asked meanwhile.
 */
export class Removals {
  /** Whether the thing is gone. Must not reject. */
  readonly #remove: (id: string) => Promise<boolean>;
  /** What is being removed, and whether somebody has asked since that was begun. */
  readonly #underWay = new Map<string, boolean>();

  constructor(remove: (id: string) => Promise<boolean>) {
    this.#remove = remove;
  }

  ask(id: string): void {
    if (this.#underWay.has(id)) this.#underWay.set(id, true);
    else void this.#try(id);
  }

  async #try(id: string): Promise<void> {
    let isGone: boolean;
    do {
      this.#underWay.set(id, false);
      isGone = await this.#remove(id);
    } while (!isGone && this.#underWay.get(id) === true);
    this.#underWay.delete(id);
  }
}
