/**
 * How event sources invoke functions: a target and the bytes of an event in, an outcome or the
 * acceptance of an asynchronous event out.
 */

import { randomUUID } from 'node:crypto';
import { OrchestratorError } from '../errors.js';
import { logGroupOf } from '../function/variables.js';
import type { Outcome } from '../invocation/outcome.js';
import type { ResponseSink } from '../invocation/response-sink.js';
import { traceIdOf } from '../invocation/trace-id.js';
import type { FunctionTarget } from '../stack/function-target.js';
import type { InvocationRouter } from './router.js';

export interface InvokerParts {
  /** Where invocations go in; looked up each time. */
  readonly door: () => InvocationRouter;
  /** Puts an event onto the queue of asynchronous events; resolves when the disk has it. */
  accept(event: AcceptedEvent): Promise<unknown>;
  /** Unix ms. */
  now(): number;
}

export interface AcceptedEvent {
  readonly requestId: string;
  readonly functionName: string;
  readonly qualifier?: string;
  readonly invokedFunctionArn: string;
  readonly traceId: string;
  readonly payload: Buffer;
}

export interface InvokeOptions {
  /** UUID; absent: a new one. */
  readonly requestId?: string;
  /** As the source was called with; absent: a new trace. */
  readonly traceId?: string;
  /** Takes a streamed response as it is made. */
  readonly sink?: ResponseSink;
  /** JSON; of synchronous invocations. */
  readonly clientContext?: string;
}

export class Invoker {
  readonly #parts: InvokerParts;

  constructor(parts: InvokerParts) {
    this.#parts = parts;
  }

  /** Whether there is such a function, version or alias now. */
  exists({ functionName, qualifier }: FunctionTarget): boolean {
    return this.#parts.door().find(functionName, qualifier) !== undefined;
  }

  /** The function's timeout; undefined when there is no such function. */
  timeoutSeconds({ functionName, qualifier }: FunctionTarget): number | undefined {
    return this.#parts.door().find(functionName, qualifier)?.timeoutSeconds;
  }

  /** Whether the log of a function is kept there. */
  writesTo(logGroup: string): boolean {
    return this.#parts
      .door()
      .list()
      .some((version) => logGroupOf(version) === logGroup);
  }

  /** Synchronous. Never rejects: what the platform cannot do is an outcome as well. */
  invoke(target: FunctionTarget, payload: Buffer, options: InvokeOptions = {}): Promise<Outcome> {
    const request = this.#request(target, options);
    if (request === undefined) return Promise.resolve({ kind: 'refused', error: missing(target) });
    return new Promise((resolve) => {
      this.#parts.door().invoke(
        target.functionName,
        {
          ...request,
          payload,
          contentType: 'application/json',
          ...(options.clientContext === undefined ? {} : { clientContext: options.clientContext }),
          tail: false,
          ...(options.sink === undefined ? {} : { sink: options.sink }),
        },
        resolve,
      );
    });
  }

  /**
   * Asynchronous (contract section 9). Resolves with the request id when the event is on disk.
   * Raises `function-not-found`, and what the queue raises.
   */
  async accept(
    target: FunctionTarget,
    payload: Buffer,
    options: InvokeOptions = {},
  ): Promise<string> {
    const request = this.#request(target, options);
    if (request === undefined) throw missing(target);
    await this.#parts.accept({ ...request, functionName: target.functionName, payload });
    return request.requestId;
  }

  #request(
    { functionName, qualifier }: FunctionTarget,
    { requestId = randomUUID(), traceId }: InvokeOptions,
  ) {
    const version = this.#parts.door().find(functionName, qualifier);
    if (version === undefined) return undefined;
    const { functionArn } = version;
    return {
      requestId,
      traceId: traceIdOf(traceId, this.#parts.now()),
      invokedFunctionArn: qualifier === undefined ? functionArn : `${functionArn}:${qualifier}`,
      ...(qualifier === undefined ? {} : { qualifier }),
    };
  }
}

function missing({ functionName, qualifier }: FunctionTarget): OrchestratorError {
  const name = qualifier === undefined ? functionName : `${functionName}:${qualifier}`;
  return new OrchestratorError('function-not-found', `there is no function ${name}`, {
    remedy: 'Correct the name where the event source names its function.',
  });
}
