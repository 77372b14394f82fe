/** What the source of a mapping has against it, in AWS's words, before there is a mapping. */

import { messageOf } from '../errors.js';
import type { MappingDefinition } from '../stack/mappings.js';
import { mappingOf } from './mapping.js';
import type { Readers } from './readers.js';

/** Undefined: nothing that can be told now; trouble shows once the mapping runs. */
export async function examined(
  definition: MappingDefinition,
  timeoutSeconds: number,
  readers: Readers,
): Promise<string | undefined> {
  const mapping = mappingOf({ uuid: '', definition, told: {}, tags: {}, modifiedAtMs: 0 });
  const reader = mapping.kind === 'sqs' ? readers.queue(mapping) : readers.stream(mapping);
  try {
    const found = await reader.open();
    if (!('visibilityMs' in found)) return undefined;
    const visibility = found.visibilityMs / 1000;
    if (visibility >= timeoutSeconds) return undefined;
    return `Queue visibility timeout: ${visibility} seconds is less than Function timeout: ${timeoutSeconds} seconds`;
  } catch (error) {
    if (!/NonExistentQueue|QueueDoesNotExist|ResourceNotFound/.test(messageOf(error))) {
      return undefined;
    }
    return mapping.kind === 'sqs'
      ? 'Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.'
      : `Stream not found: ${definition.sourceArn}`;
  } finally {
    reader.close();
  }
}
