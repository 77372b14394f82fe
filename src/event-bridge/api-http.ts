/** Requests of AWS' JSON protocols, read and answered. */

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isOrchestratorError, messageOf } from '../errors.js';
import { ApiFault } from './api-fault.js';
import { isMap, type Input } from './api-input.js';

/** Larger than ten of the largest events, escaped. */
const MOST_BYTES = 4 * 1024 * 1024;

export interface Answer {
  readonly status?: number;
  readonly body: object;
}

/** Answers whatever happens. */
export function answer(
  request: IncomingMessage,
  response: ServerResponse,
  {
    contentType,
    work,
  }: { readonly contentType: string; work(body: Input): Promise<Answer> | Answer },
): void {
  readInput(request)
    .then(work)
    .catch((error: unknown): Answer => {
      const fault = faultOf(error);
      response.setHeader('x-amzn-errortype', fault.code);
      return {
        status: fault.status,
        body: { __type: fault.code, message: fault.message, Message: fault.message },
      };
    })
    .then(({ status = 200, body }) => {
      const bytes = Buffer.from(JSON.stringify(body));
      response.writeHead(status, {
        'content-type': contentType,
        'content-length': bytes.length,
        'x-amzn-requestid': randomUUID(),
      });
      response.end(bytes);
    })
    .catch(() => response.destroy());
}

function faultOf(error: unknown): ApiFault {
  if (error instanceof ApiFault) return error;
  const text = isOrchestratorError(error) ? `${error.message}` : messageOf(error);
  return new ApiFault('InternalException', text, 500);
}

async function readInput(request: IncomingMessage): Promise<Input> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) {
      request.resume();
      throw new ApiFault('RequestEntityTooLargeException', 'The request is too large.', 413);
    }
    chunks.push(chunk);
  }
  if (bytes === 0) return {};
  let input: unknown;
  try {
    input = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new ApiFault('SerializationException', 'The body is not JSON.');
  }
  if (!isMap(input)) throw new ApiFault('SerializationException', 'The body is no structure.');
  return input;
}
