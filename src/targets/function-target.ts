/** Functions as targets: what they are sent is an asynchronous event. */

import { isOrchestratorError, messageOf } from '../errors.js';
import { parseFunctionReference } from '../function/arn.js';
import type { Invoker } from '../router/invoker.js';
import { TargetError, type SendToTarget } from './targets.js';

export function functionSender(invoker: Invoker): SendToTarget {
  return async (arn, { body }) => {
    const reference = parseFunctionReference(arn);
    if (reference === undefined) {
      throw new TargetError('InvalidParameterException', `${arn} names no function`, false);
    }
    const { name: functionName, qualifier } = reference;
    const target = { functionName, ...(qualifier === undefined ? {} : { qualifier }) };
    try {
      await invoker.accept(target, body);
    } catch (error) {
      const code = isOrchestratorError(error) ? error.code : 'ServiceException';
      throw new TargetError(code, messageOf(error), code !== 'function-not-found');
    }
  };
}
