/** `AWS::Kinesis::Stream`. */

import { streamArn } from '../../../stack/arns.js';
import type { ResourceType } from '../parts.js';
import { Properties } from '../properties.js';
import { nameOf } from './naming.js';

const NAME = { pattern: /^[\w.-]{1,128}$/, expected: '1 to 128 letters, digits, _, - and .' };
const SHARDS = [1, 10_000] as const;
const HOURS = [24, 8_760] as const;
/** What AWS begins with on demand. */
const ON_DEMAND_SHARDS = 4;

export const stream: ResourceType = {
  identify(logicalId, properties, place) {
    const name = nameOf(logicalId, properties, 'Name');
    return { ref: name, attributes: { Arn: streamArn(place, name) } };
  },

  read({ path, logicalId, properties, context }) {
    const own = new Properties(`${path}.Properties`, properties, context);
    own.text('Name', NAME);
    const shards = own.whole('ShardCount', SHARDS);
    const mode = own.map('StreamModeDetails')?.oneOf('StreamMode', ['PROVISIONED', 'ON_DEMAND']);
    const onDemand = mode === 'ON_DEMAND';
    if (onDemand && shards !== undefined) {
      own.refuse('ShardCount', 'no number of shards with StreamMode ON_DEMAND', 'Remove it.');
    }
    if (onDemand) {
      own.approximated('StreamModeDetails', `it stays at ${ON_DEMAND_SHARDS} shards`);
    }
    const hours = own.whole('RetentionPeriodHours', HOURS);
    own.ignore('records are not encrypted here', 'StreamEncryption');
    own.ignore('tags have no meaning here', 'Tags');
    own.rest();
    context.stack.streams.push({
      path,
      name: nameOf(logicalId, properties, 'Name'),
      shardCount: shards ?? (onDemand ? ON_DEMAND_SHARDS : 1),
      ...(hours === undefined ? {} : { retentionHours: hours }),
    });
  },
};
