/** EventBridge as a source: it makes nothing until a stack, a client or an earlier run asks for it. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EventBridgeRuntime } from '../event-bridge/runtime.js';
import { messageOf } from '../errors.js';
import type { Source, SourceParts } from '../sources/source.js';
import { emptyStack, type Stack } from '../stack/stack.js';
import { TargetError } from '../targets/targets.js';

type Handler = 'events' | 'scheduler';

export function openEventBridge(parts: SourceParts): Source {
  const path = join(parts.settings.stateDirectory, 'event-bridge.db');
  let stack: Stack = emptyStack();
  let runtime: EventBridgeRuntime | undefined;
  let opening: Promise<EventBridgeRuntime> | undefined;
  let closed = false;

  const make = async (): Promise<EventBridgeRuntime> => {
    const { EventBridgeRuntime: Runtime } = await import('../event-bridge/runtime.js');
    if (closed) throw new TargetError('ServiceUnavailable', 'EventBridge has ended', true);
    const made = new Runtime(parts, path);
    made.setFiles(stack);
    made.start();
    runtime = made;
    return made;
  };
  const open = (): Promise<EventBridgeRuntime> => {
    opening ??= make().catch((error: unknown) => {
      // The next one who asks tries again.
      opening = undefined;
      throw error;
    });
    return opening;
  };
  const serve = (name: Handler): void => {
    parts.awsEndpoint.serve(name, (request: IncomingMessage, response: ServerResponse) => {
      open().then(
        (opened) => opened[name].handle(request, response),
        (error: unknown) => {
          const body = JSON.stringify({ __type: 'InternalException', message: messageOf(error) });
          response.writeHead(500, { 'content-type': 'application/x-amz-json-1.1' }).end(body);
        },
      );
    });
  };
  serve('events');
  serve('scheduler');
  parts.targets.serve('events', async (arn, message) => {
    await (await open()).bridge.sendToBus(arn, message);
  });

  return {
    name: 'EventBridge',
    async apply(next) {
      stack = next;
      const { buses, rules, schedules, scheduleGroups } = stack;
      const asked = [buses, rules, schedules, scheduleGroups].some(({ length }) => length > 0);
      if (runtime !== undefined) runtime.setFiles(stack);
      else if (asked || existsSync(path)) await open();
    },
    status: () => runtime?.status() ?? [],
    runSchedule: (name) => runtime?.run(name) ?? false,
    drain: async () => runtime?.drain(),
    async close() {
      closed = true;
      await opening?.catch(() => undefined);
      await runtime?.close();
    },
  };
}
