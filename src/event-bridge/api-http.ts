/** Requests of AWS' JSON protocols, read and answered. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { readJson, sendJson } from '../aws-endpoint/json-protocol.js';
import { isOrchestratorError, messageOf } from '../errors.js';
import { ApiFault } from './api-fault.js';
import type { Input } from './api-input.js';

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
  readInput(request, response)
    .then(work)
    .catch((error: unknown): Answer => {
      const fault = faultOf(error);
      response.setHeader('x-amzn-errortype', fault.code);
      return {
        status: fault.status,
        body: { __type: fault.code, message: fault.message, Message: fault.message },
      };
    })
    .then(({ status = 200, body }) => sendJson(response, status, { contentType, body }))
    .catch(() => response.destroy());
}

function faultOf(error: unknown): ApiFault {
  if (error instanceof ApiFault) return error;
  const text = isOrchestratorError(error) ? `${error.message}` : messageOf(error);
  return new ApiFault('InternalException', text, 500);
}

async function readInput(request: IncomingMessage, response: ServerResponse): Promise<Input> {
  const input = await readJson(request, response, MOST_BYTES);
  switch (input) {
    case 'too large':
      throw new ApiFault('RequestEntityTooLargeException', 'The request is too large.', 413);
    case 'no JSON':
      throw new ApiFault('SerializationException', 'The body is not JSON.');
    case 'no structure':
      throw new ApiFault('SerializationException', 'The body is no structure.');
    default:
      return input;
  }
}
