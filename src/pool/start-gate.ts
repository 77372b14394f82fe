/**
 * Lets only a few environments start at a time: starting is processor work, and more at once make
 * all of them slow. Pools ask for a turn; when theirs comes they look at their demand again and
 * may decline. Waiting invocations go before what is provisioned, spares come last. Within a class
 * pools take turns; of those that want a spare, the one with the fewest environments comes first.
 */

export interface Starter {
  /** Those it has, starting or leaving ones included. */
  readonly environmentCount: number;
  /**
   * It is your turn. Start at most one environment and call `release` once it no longer needs the
   * processor to itself; return false to decline.
   */
  turn(kind: StartKind, release: () => void): boolean;
}

/** Those that come first stand first. */
const START_KINDS = ['demand', 'provisioned', 'spare'] as const;

export type StartKind = (typeof START_KINDS)[number];

export class StartGate {
  readonly #width: number;
  readonly #waiting: Record<StartKind, Set<Starter>> = {
    demand: new Set(),
    provisioned: new Set(),
    spare: new Set(),
  };
  #running = 0;
  #granting = false;

  constructor(width: number) {
    this.#width = width;
  }

  get running(): number {
    return this.#running;
  }

  /** Asks for a turn; asking twice is asking once. */
  request(starter: Starter, kind: StartKind): void {
    this.#waiting[kind].add(starter);
    this.#grant();
  }

  /** Takes back every request. */
  withdraw(starter: Starter): void {
    for (const kind of START_KINDS) this.#waiting[kind].delete(starter);
  }

  #grant(): void {
    if (this.#granting) return;
    this.#granting = true;
    try {
      while (this.#running < this.#width) {
        const kind = START_KINDS.find((one) => this.#waiting[one].size > 0);
        if (kind === undefined) return;
        const starter = next(kind, this.#waiting[kind]);
        if (starter === undefined) return;
        this.#waiting[kind].delete(starter);
        this.#running += 1;
        let released = false;
        const release = (): void => {
          if (released) return;
          released = true;
          this.#running -= 1;
          this.#grant();
        };
        if (!starter.turn(kind, release)) release();
      }
    } finally {
      this.#granting = false;
    }
  }
}

/** Whoever asked first; what nobody waits for goes to whoever has least. */
function next(kind: StartKind, waiting: ReadonlySet<Starter>): Starter | undefined {
  let chosen: Starter | undefined;
  for (const starter of waiting) {
    if (kind !== 'spare') return starter;
    if (chosen === undefined || starter.environmentCount < chosen.environmentCount) {
      chosen = starter;
    }
  }
  return chosen;
}
