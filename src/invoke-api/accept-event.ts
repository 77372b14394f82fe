/** An asynchronous invocation (contract 8.4): answered when the queue has it, and its from then on. */

import { isOrchestratorError, messageOf } from '../errors.js';
import type { InvocationRequest } from '../invocation/invocation.js';
import { send, sendError } from './answer.js';
import type { InvokeCall } from './call.js';
import { refusalError, serviceError } from './errors.js';
import type { ResolvedFunction } from './reference.js';

export function acceptEvent(
  call: InvokeCall,
  target: ResolvedFunction,
  { requestId, payload, traceId, tenantId }: InvocationRequest,
): void {
  const { qualifier } = target;
  const event = {
    requestId,
    functionName: target.version.name,
    ...(qualifier === undefined ? {} : { qualifier }),
    invokedFunctionArn: target.arn,
    traceId,
    ...(tenantId === undefined ? {} : { tenantId }),
    payload,
  };
  call.context.accept(event).then(
    () => send(call, 202, ['X-Amzn-Trace-Id', traceId], Buffer.alloc(0)),
    (error: unknown) => {
      const refusal = isOrchestratorError(error)
        ? refusalError(error, target.arn)
        : serviceError(messageOf(error));
      sendError(call, refusal);
    },
  );
}
