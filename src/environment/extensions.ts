/**
 * The extensions of one environment (contract 2.1): who has registered, what each was sent and
 * whether it has asked for more. As the channel does for the runtime, it owns the order of calls;
 * whatever is out of order is refused in the contract's words and changes nothing.
 *
 * External extensions are processes whose names are known before they start; whoever registers
 * under another name is internal, part of the runtime's own process.
 */

import { randomUUID } from 'node:crypto';
import { LIMITS } from '../config/defaults.js';
import type { Telemetry } from '../telemetry/telemetry.js';

export type ExtensionEventType = 'INVOKE' | 'SHUTDOWN';
export type ShutdownReason = 'SPINDOWN' | 'TIMEOUT' | 'FAILURE';

/** What an extension is sent (contract 2.2), in the order of its fields. */
export type ExtensionEvent =
  | {
      readonly eventType: 'INVOKE';
      readonly deadlineMs: number;
      readonly requestId: string;
      readonly invokedFunctionArn: string;
      readonly tracing?: { readonly type: 'X-Amzn-Trace-Id'; readonly value: string };
    }
  | {
      readonly eventType: 'SHUTDOWN';
      readonly shutdownReason: ShutdownReason;
      readonly deadlineMs: number;
    };

/** An open `GET event/next`. */
export interface ExtensionPoll {
  deliver(event: ExtensionEvent): void;
}

/** The contract's names. */
export type ExtensionState =
  | 'Started'
  | 'Registered'
  | 'Ready'
  | 'Running'
  | 'InitError'
  | 'ExitError'
  | 'Exited'
  | 'LaunchError';

/** An extension as others may see it. */
export interface Extension {
  readonly name: string;
  readonly external: boolean;
  readonly state: ExtensionState;
  readonly events: readonly ExtensionEventType[];
  /** Of its own report, or why the platform takes it for failed. */
  readonly errorType?: string;
}

export interface ExtensionFailure {
  readonly name: string;
  readonly errorType:
    'Extension.InitError' | 'Extension.ExitError' | 'Extension.Crash' | 'Extension.LaunchError';
  /** The text after `RequestId: … Error: `. */
  readonly reason: string;
}

export interface ExtensionsListener {
  /** Every external extension has registered: the runtime may start. */
  allRegistered(): void;
  /** One asked for its next event, and none has anything left to do. */
  settled(): void;
  /** It is ready for the first time, or has failed: what `platform.extension` tells. */
  noted(extension: Extension): void;
  failed(failure: ExtensionFailure): void;
  /** During the shutdown phase: the process of an external extension has ended. */
  gone(): void;
}

export interface Refusal {
  readonly kind: 'refused';
  readonly errorType: string;
  readonly message: string;
}

export interface FunctionFacts {
  readonly functionName: string;
  readonly functionVersion: string;
  readonly handler: string;
  readonly accountId: string;
}

interface Entry {
  readonly name: string;
  readonly external: boolean;
  identifier: string | undefined;
  state: ExtensionState;
  events: readonly ExtensionEventType[];
  errorType?: string;
  /** Was ready once: only the first time is noted. */
  noted: boolean;
  polls: ExtensionPoll[];
  /** Sent while it was not asking. */
  owed: ExtensionEvent | undefined;
}

/** Of most environments: maps of their own are a fifth of a kilobyte each. */
const NOBODY: ReadonlyMap<string, Entry> = new Map();

export class Extensions {
  /** What they may subscribe to; absent where nothing can be delivered. */
  telemetry: Telemetry | undefined;
  readonly #facts: () => FunctionFacts;
  readonly #listener: ExtensionsListener;
  #life: 'closed' | 'open' | 'ending' = 'closed';
  #byName = NOBODY;
  #byIdentifier = NOBODY;

  constructor(facts: () => FunctionFacts, listener: ExtensionsListener) {
    this.#facts = facts;
    this.#listener = listener;
  }

  /** What they run beside. */
  get facts(): FunctionFacts {
    return this.#facts();
  }

  /** There are some: their processes were started, or they have registered. */
  get present(): boolean {
    return this.#byName.size > 0;
  }

  /** Each has asked for its next event; true when there is none. */
  get isSettled(): boolean {
    if (this.#byName.size === 0) return true;
    return this.#every(({ state }) => state === 'Ready');
  }

  get list(): readonly Extension[] {
    return [...this.#byName.values()].map(seen);
  }

  /** New processes start; `externals` are the names of those that are extensions. */
  begin(externals: readonly string[]): void {
    this.close();
    this.#life = 'open';
    for (const name of externals) this.#add(name, true);
  }

  /** The processes have ended: nothing of what they had or owed counts. */
  close(): void {
    this.#life = 'closed';
    this.#byName = NOBODY;
    this.#byIdentifier = NOBODY;
  }

  /** Whom an identifier was given to; a refusal in the contract's words when nobody. */
  identify(identifier: string | undefined): Extension | Refusal {
    const entry = this.#find(identifier);
    return 'kind' in entry ? entry : seen(entry);
  }

  // What extensions ask.

  /** `open`: the runtime has not asked for its first event. */
  register(
    name: string,
    events: readonly string[],
    open: boolean,
  ): { readonly kind: 'registered'; readonly identifier: string } | Refusal {
    const known = this.#byName.get(name);
    const external = known?.external === true;
    if (!external && (!open || this.#life !== 'open')) {
      return refused('RegistrationClosed', 'Extension registration closed already');
    }
    if (known !== undefined && known.state !== 'Started') return stateRefused(known, 'Registered');
    for (const event of events) {
      const reason = eventProblem(event, external);
      if (reason !== undefined) return refused('InvalidEventType', `${event}: ${reason}`);
    }
    if (this.#byIdentifier.size >= LIMITS.extensions) return TOO_MANY;
    const entry = known ?? this.#add(name, false);
    const identifier = randomUUID();
    entry.identifier = identifier;
    entry.state = 'Registered';
    entry.events = [...new Set(events)] as ExtensionEventType[];
    this.#byIdentifier = new Map([...this.#byIdentifier, [identifier, entry]]);
    if (external && this.#allRegistered) this.#listener.allRegistered();
    return { kind: 'registered', identifier };
  }

  next(identifier: string | undefined, poll: ExtensionPoll): 'accepted' | Refusal {
    const entry = this.#find(identifier);
    if ('kind' in entry) return entry;
    const { state, owed } = entry;
    if (state !== 'Registered' && state !== 'Ready' && state !== 'Running') {
      return stateRefused(entry, 'Ready');
    }
    if (owed !== undefined) {
      entry.owed = undefined;
      poll.deliver(owed);
      return 'accepted';
    }
    entry.state = 'Ready';
    entry.polls.push(poll);
    if (!entry.noted) {
      entry.noted = true;
      this.#listener.noted(seen(entry));
    }
    if (state !== 'Ready' && this.#life === 'open' && this.isSettled) this.#listener.settled();
    return 'accepted';
  }

  /** The connection of an open `next` closed. Whether its process ended is told elsewhere. */
  lose(poll: ExtensionPoll): void {
    for (const { polls } of this.#byName.values()) {
      const index = polls.indexOf(poll);
      if (index >= 0) polls.splice(index, 1);
    }
  }

  reportError(
    kind: 'InitError' | 'ExitError',
    identifier: string | undefined,
    errorType: string | undefined,
  ): 'accepted' | Refusal {
    const entry = this.#find(identifier);
    if ('kind' in entry) return entry;
    if (errorType === undefined || errorType === '') {
      return refused('MissingHeader', 'Missing Lambda-Extension-Function-Error-Type header');
    }
    const { state } = entry;
    const allowed =
      state === 'Registered' ||
      (kind === 'ExitError' && (state === 'Ready' || state === 'Running'));
    if (!allowed) return stateRefused(entry, kind);
    entry.state = kind;
    this.#fail(entry, `Extension.${kind}`, errorType, errorType);
    return 'accepted';
  }

  // What the environment tells.

  /** Sends the event to all who want it; returns to how many. */
  send(event: ExtensionEvent): number {
    if (this.#byName.size === 0) return 0;
    let sent = 0;
    for (const entry of this.#byName.values()) {
      if (!entry.events.includes(event.eventType)) continue;
      if (entry.state !== 'Ready' && entry.state !== 'Running') continue;
      sent += 1;
      const poll = entry.polls.shift();
      entry.state = 'Running';
      if (poll === undefined) entry.owed = event;
      else poll.deliver(event);
    }
    return sent;
  }

  /** The shutdown phase begins: from now on an end is no failure. */
  end(): void {
    if (this.#life === 'open') this.#life = 'ending';
  }

  /** The program of an external extension could not be executed. */
  launchFailed(name: string, reason: string): void {
    const entry = this.#byName.get(name);
    if (entry === undefined || entry.state === 'LaunchError') return;
    entry.state = 'LaunchError';
    this.#fail(entry, 'Extension.LaunchError', 'Extension.LaunchError', reason);
    if (this.#life === 'ending') this.#listener.gone();
  }

  /** The process of an external extension has ended; `reason` says how. */
  exited(name: string, reason: string): void {
    const entry = this.#byName.get(name);
    if (entry === undefined || isOver(entry)) return;
    const said = entry.state === 'InitError' || entry.state === 'ExitError';
    entry.state = 'Exited';
    entry.polls = [];
    if (this.#life === 'ending') this.#listener.gone();
    else if (!said) this.#fail(entry, 'Extension.Crash', 'Extension.Crash', reason);
  }

  /** External extensions whose process has not ended. */
  get living(): readonly Extension[] {
    return [...this.#byName.values()]
      .filter((entry) => entry.external && !isOver(entry))
      .map((entry) => seen(entry));
  }

  #fail(
    entry: Entry,
    errorType: ExtensionFailure['errorType'],
    reported: string,
    reason: string,
  ): void {
    entry.errorType = reported;
    this.#listener.noted(seen(entry));
    if (this.#life === 'open') this.#listener.failed({ name: entry.name, errorType, reason });
  }

  #add(name: string, external: boolean): Entry {
    const entry: Entry = {
      name,
      external,
      identifier: undefined,
      state: 'Started',
      events: [],
      noted: false,
      polls: [],
      owed: undefined,
    };
    this.#byName = new Map([...this.#byName, [name, entry]]);
    return entry;
  }

  #find(identifier: string | undefined): Entry | Refusal {
    if (identifier === undefined || identifier === '') {
      return refused('MissingExtensionIdentifier', 'Missing Lambda-Extension-Identifier header');
    }
    if (!UUID.test(identifier)) {
      return refused('InvalidExtensionIdentifier', 'Invalid Lambda-Extension-Identifier');
    }
    return (
      this.#byIdentifier.get(identifier.toLowerCase()) ??
      refused('UnknownExtensionIdentifier', `Unknown extension ${identifier}`)
    );
  }

  get #allRegistered(): boolean {
    return this.#every(({ external, state }) => !external || SERVING.has(state));
  }

  #every(holds: (entry: Entry) => boolean): boolean {
    for (const entry of this.#byName.values()) if (!holds(entry)) return false;
    return true;
  }
}

const SERVING: ReadonlySet<ExtensionState> = new Set(['Registered', 'Ready', 'Running']);

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function seen({ name, external, state, events, errorType }: Entry): Extension {
  return { name, external, state, events, ...(errorType === undefined ? {} : { errorType }) };
}

function isOver({ state }: Entry): boolean {
  return state === 'Exited' || state === 'LaunchError';
}

function refused(errorType: string, message: string): Refusal {
  return { kind: 'refused', errorType: `Extension.${errorType}`, message };
}

const TOO_MANY = refused('TooManyExtensions', `Extension limit (${LIMITS.extensions}) reached`);

function stateRefused({ name, state }: Entry, wanted: ExtensionState): Refusal {
  return refused(
    'InvalidExtensionState',
    `State transition from ${state} to ${wanted} failed for extension ${name}. Error: State transition is not allowed`,
  );
}

function eventProblem(event: string, external: boolean): string | undefined {
  if (event === 'INVOKE') return undefined;
  if (event !== 'SHUTDOWN') return 'ErrorInvalidEventType';
  return external ? undefined : 'ShutdownEventNotSupportedForInternalExtension';
}
