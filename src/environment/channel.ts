/**
 * Where an invocation meets a polling bootstrap. Each environment has one channel; the Runtime API
 * decides which channel a call belongs to and then only relays.
 *
 * The channel owns the order of Runtime API calls (contract 1.7): next, then a response or an
 * error for that very id, then next. Anything else is refused with the contract's status, body
 * and wording, and changes nothing.
 */

import type { Posted, PostedBody, Verdict, PostHeaders } from './post.js';
import { LIMITS } from '../config/defaults.js';
import type { Extensions } from './extensions.js';
import type { StreamedResponse } from './streamed-response.js';

/** What the runtime gets as the answer to its poll (contract 1.2). */
export interface Delivery {
  readonly requestId: string;
  /** Of this delivery alone: a retry of an asynchronous event has the same request id. */
  readonly invocationId: string;
  readonly deadlineMs: number;
  readonly invokedFunctionArn: string;
  readonly traceId: string;
  readonly clientContext?: string | undefined;
  readonly tenantId?: string | undefined;
  readonly contentType: string;
  readonly payload: Buffer;
}

/** An open `GET next`. */
export interface Poll {
  deliver(delivery: Delivery): void;
  /** True once the runtime has closed the connection. */
  readonly lost: boolean;
}

/** An open `GET restore/next`. */
export interface RestorePoll {
  restored(): void;
  readonly lost: boolean;
}

export interface ChannelListener {
  runtimePolled(): void;
  pollLost(): void;
  /** A response begins to arrive piece by piece; `ended` is to be called with the whole. */
  responding(contentType: string, ended: (posted: Posted | 'too-large') => void): StreamedResponse;
  responded(posted: Posted | 'too-large'): void;
  initFailed(payload: Buffer, contentType: string): void;
  /** The runtime waits to be restored. */
  snapshotReady(): void;
  restoreFailed(payload: Buffer, contentType: string, errorType?: string): void;
}

/** Names of contract 1.7, for the wording of refusals. */
export type ChannelPhase =
  | 'Started'
  | 'InitError'
  | 'RestoreReady'
  | 'Restoring'
  | 'RuntimeRestoreErrorState'
  | 'Ready'
  | 'Running'
  | 'InvocationResponse'
  | 'RuntimeResponseSentState'
  /** Ours: the processes are gone or going; nothing they still say counts. */
  | 'Closed';

export interface SnapStart {
  /** Proves that the caller is the runtime. */
  readonly credentialsToken: string;
}

export class Channel {
  /** Those of the same environment: they call at the same address. */
  readonly extensions: Extensions | undefined;
  readonly #listener: ChannelListener;
  #phase: ChannelPhase = 'Started';
  #polls: Poll[] = [];
  #restorePolls: RestorePoll[] = [];
  /** Stays after the response: a post for it while Ready is out of order, not unknown. */
  #current: Delivery | undefined;
  #streamed: StreamedResponse | undefined;

  /** Present when the environment initialises for SnapStart; otherwise there are no such routes. */
  readonly snapStart: SnapStart | undefined;

  constructor(listener: ChannelListener, snapStart?: SnapStart, extensions?: Extensions) {
    this.#listener = listener;
    this.snapStart = snapStart;
    this.extensions = extensions;
  }

  get phase(): ChannelPhase {
    return this.#phase;
  }

  /** The runtime has not asked for its first event: extensions and subscriptions may register. */
  get registrationOpen(): boolean {
    return this.#phase === 'Started';
  }

  /** True while a runtime waits in `GET next`. */
  get polled(): boolean {
    return this.#phase === 'Ready' && this.#polls.length > 0;
  }

  /** True while a runtime waits to be restored. */
  get awaitsRestore(): boolean {
    return this.#phase === 'RestoreReady' && this.#restorePolls.length > 0;
  }

  /** New processes are about to start. */
  reset(): void {
    this.close();
    this.#phase = 'Started';
  }

  /** The processes end: whatever they have open or owe is void, whatever they say is refused. */
  close(): void {
    this.#phase = 'Closed';
    this.#polls = [];
    this.#restorePolls = [];
    this.#current = undefined;
    this.#streamed?.abandon();
    this.#streamed = undefined;
  }

  next(poll: Poll): Verdict {
    switch (this.#phase) {
      case 'InitError':
      case 'RestoreReady':
      case 'RuntimeRestoreErrorState':
      case 'InvocationResponse':
      case 'Closed':
        return 'invalid-state-transition';
      case 'Running':
        // Contract 1.7: next before responding answers at once with the same invocation.
        if (this.#current !== undefined) poll.deliver(this.#current);
        return 'accepted';
      case 'Ready':
        this.#polls.push(poll);
        return 'accepted';
      case 'Started':
      case 'Restoring':
      case 'RuntimeResponseSentState':
        this.#phase = 'Ready';
        this.#polls.push(poll);
        this.#listener.runtimePolled();
        return 'accepted';
    }
  }

  /** `GET restore/next`: everything is ready to be snapshotted. */
  restoreNext(poll: RestorePoll): Verdict {
    if (this.#phase !== 'Started') return 'invalid-state-transition';
    this.#phase = 'RestoreReady';
    this.#restorePolls.push(poll);
    this.#listener.snapshotReady();
    return 'accepted';
  }

  /** The processes are what they were when they asked to be snapshotted. */
  restore(): void {
    this.#phase = 'Restoring';
    for (const poll of this.#restorePolls.splice(0)) poll.restored();
  }

  restoreError(payload: Buffer, contentType: string, errorType?: string): Verdict {
    if (this.#phase !== 'Restoring') return 'invalid-state-transition';
    this.#phase = 'RuntimeRestoreErrorState';
    this.#listener.restoreFailed(payload, contentType, errorType);
    return 'accepted';
  }

  /** The connection of a parked `restore/next` closed. */
  loseRestore(poll: RestorePoll): void {
    if (!this.#restorePolls.includes(poll)) return;
    this.#restorePolls = this.#restorePolls.filter((other) => other !== poll);
    if (this.#restorePolls.length === 0) this.#listener.pollLost();
  }

  /** The connection of a parked poll closed. */
  lose(poll: Poll): void {
    const index = this.#polls.indexOf(poll);
    if (index < 0) return;
    this.#polls.splice(index, 1);
    // While an event is with the runtime nobody waits on the poll, a second one that was parked.
    if (this.#phase === 'Ready' && this.#polls.length === 0) this.#listener.pollLost();
  }

  /** Answers the oldest open poll. The caller has checked `polled` in the same turn. */
  deliver(delivery: Delivery): void {
    const poll = this.#polls.shift();
    if (poll === undefined || this.#phase !== 'Ready') {
      throw new Error(`no open poll to deliver to in phase ${this.#phase}`);
    }
    this.#phase = 'Running';
    this.#current = delivery;
    poll.deliver(delivery);
  }

  post(kind: Posted['kind'], requestId: string, body: PostedBody, headers: PostHeaders): Verdict {
    const refusal = this.#refusal(requestId, headers);
    if (refusal !== undefined) return refusal;
    this.#phase = 'RuntimeResponseSentState';
    if (!Buffer.isBuffer(body) || body.length > LIMITS.payloadBytes) {
      this.#listener.responded('too-large');
      return 'too-large';
    }
    this.#listener.responded({
      kind,
      payload: body,
      contentType: headers.contentType,
      errorTypeHeader: headers.errorType,
    });
    return 'accepted';
  }

  /** As `post`, for a response of which so far only the head has come. */
  stream(requestId: string, headers: PostHeaders): StreamedResponse | Verdict {
    const refusal = this.#refusal(requestId, headers);
    if (refusal !== undefined) return refusal;
    this.#phase = 'InvocationResponse';
    this.#streamed = this.#listener.responding(headers.contentType, (posted) => {
      this.#streamed = undefined;
      this.#phase = 'RuntimeResponseSentState';
      this.#listener.responded(posted);
    });
    return this.#streamed;
  }

  #refusal(requestId: string, { invocationId }: PostHeaders): Verdict | undefined {
    const current = this.#current;
    if (current?.requestId !== requestId) return 'invalid-request-id';
    if (this.#phase === 'RuntimeResponseSentState') return 'invalid-request-id';
    if ((invocationId ?? current.invocationId) !== current.invocationId) {
      return 'invalid-invocation-id';
    }
    return this.#phase === 'Running' ? undefined : 'invalid-state-transition';
  }

  initError(payload: Buffer, contentType: string): Verdict {
    // Contract 1.5: a hook that failed may be reported this way too.
    if (this.#phase === 'Restoring') return this.restoreError(payload, contentType);
    if (this.#phase !== 'Started') return 'invalid-state-transition';
    this.#phase = 'InitError';
    this.#listener.initFailed(payload, contentType);
    return 'accepted';
  }
}
