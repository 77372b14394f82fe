/**
 * InvokeWithResponseStream (contract 7.7, 8.3): the response as an event stream, each piece when it
 * is made. What fails before the function has responded at all is an ordinary error answer if the
 * platform refused, else a stream that holds nothing but its end.
 */

import type { InvocationRequest } from '../invocation/invocation.js';
import type { Outcome } from '../invocation/outcome.js';
import type { ResponseHead, ResponseSink } from '../invocation/response-sink.js';
import { messageOf } from '../errors.js';
import { send, sendError } from './answer.js';
import { writeAtPace } from './back-pressure.js';
import type { Call } from './call.js';
import { serviceError } from './errors.js';
import { invokeComplete, payloadChunk, type Completion } from './event-stream.js';
import { checked, invocationOf, invocationType, refusalOf, type Options } from './invoke.js';
import type { ResolvedFunction } from './reference.js';

/** In the order of the model. */
const INVOCATION_TYPES: readonly string[] = ['RequestResponse', 'DryRun'];
/** Of a response that came whole. */
const CHUNK_BYTES = 64 * 1024;

export function invokeWithResponseStream(call: Call): void {
  checked(call, invocationType(call), INVOCATION_TYPES, handOver);
}

function handOver(call: Call, target: ResolvedFunction, options: Options, body: Buffer): void {
  if (options.type === 'DryRun') {
    send(call, 204, []);
    return;
  }
  const invocation = invocationOf(call, target, options, body);
  const stream = new EventStream(call, invocation.traceId);
  try {
    call.context.router.invoke(target.version.name, { ...invocation, sink: stream }, (outcome) =>
      stream.settle(invocation, outcome),
    );
  } catch (error) {
    sendError(call, serviceError(messageOf(error)));
  }
}

class EventStream implements ResponseSink {
  readonly #call: Call;
  readonly #traceId: string;

  constructor(call: Call, traceId: string) {
    this.#call = call;
    this.#traceId = traceId;
  }

  begin({ contentType, executedVersion }: ResponseHead): void {
    const { response, requestId } = this.#call;
    if (response.headersSent || response.destroyed) return;
    // The model binds the function's content type to the header that names the event stream.
    response.writeHead(200, {
      'Content-Type': 'application/vnd.amazon.eventstream',
      'x-amzn-Remapped-Content-Type': contentType,
      'X-Amz-Executed-Version': executedVersion,
      'X-Amzn-Trace-Id': this.#traceId,
      'x-amzn-RequestId': requestId,
    });
    response.flushHeaders();
  }

  write(chunk: Buffer, ready: () => void): boolean {
    const { response } = this.#call;
    return response.destroyed || writeAtPace(response, payloadChunk(chunk), ready);
  }

  settle(invocation: InvocationRequest, outcome: Outcome): void {
    const { response } = this.#call;
    if (outcome.kind === 'refused') {
      const refusal = refusalOf(invocation, outcome);
      if (!response.headersSent) {
        sendError(this.#call, refusal);
        return;
      }
      this.#complete({ ErrorCode: refusal.exception, ErrorDetails: outcome.error.message });
      return;
    }
    this.begin(outcome);
    if (outcome.kind === 'function-failed') {
      this.#complete(
        { ErrorCode: 'Unhandled', ErrorDetails: outcome.payload.toString('utf8') },
        outcome.logTail,
      );
      return;
    }
    const { payload } = outcome;
    for (let at = 0; at < payload.length; at += CHUNK_BYTES) {
      if (!response.destroyed) {
        response.write(payloadChunk(payload.subarray(at, at + CHUNK_BYTES)));
      }
    }
    this.#complete({}, outcome.logTail);
  }

  #complete(completion: Completion, logTail?: Buffer): void {
    const { response } = this.#call;
    if (response.destroyed) return;
    const logResult = logTail === undefined ? {} : { LogResult: logTail.toString('base64') };
    response.end(invokeComplete({ ...completion, ...logResult }));
  }
}
