/** Step Functions as an event source: opened by the first machine, or the first who asks for one. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../errors.js';
import type { Source, SourceParts } from '../sources/source.js';
import type { Stack } from '../stack/stack.js';
import type { StepFunctionsService } from '../step-functions/service.js';

export function openStepFunctions(parts: SourceParts): Source {
  const path = join(parts.settings.stateDirectory, 'executions.db');
  let opening: Promise<StepFunctionsService> | undefined;
  let service: StepFunctionsService | undefined;
  let closed = false;
  const make = async (): Promise<StepFunctionsService> => {
    const { StepFunctionsService } = await import('../step-functions/service.js');
    const made = new StepFunctionsService(parts, path);
    // Before anybody has it, and whoever asks for it first: what runs then is of an earlier run.
    made.resume();
    service = made;
    return made;
  };
  const open = (): Promise<StepFunctionsService> => {
    if (closed) return Promise.reject(new Error('the orchestrator stops'));
    opening ??= make().catch((error: unknown) => {
      // The next one who asks tries again.
      opening = undefined;
      throw error;
    });
    return opening;
  };
  parts.awsEndpoint.serve('states', (request, response) => {
    open()
      .then((opened) => opened.serve(request, response))
      .catch((error: unknown) => {
        response.writeHead(500, { 'content-type': 'application/x-amz-json-1.0' });
        response.end(JSON.stringify({ __type: 'InternalServerError', message: messageOf(error) }));
      });
  });
  parts.targets.serve('states', async (arn, { body }) => (await open()).start(arn, body));
  return {
    name: 'Step Functions',
    async apply(stack: Stack) {
      if (
        opening === undefined &&
        stack.stateMachines.length + stack.activities.length === 0 &&
        !existsSync(path)
      )
        return;
      (await open()).apply(stack);
    },
    addresses: () => service?.addresses() ?? [],
    status: () => service?.status() ?? [],
    drain: async () => service?.drain(),
    async close() {
      closed = true;
      await (await opening?.catch(() => undefined))?.close();
    },
  };
}
