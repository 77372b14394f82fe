/** Log groups of CloudWatch Logs. */

import {
  CreateLogGroupCommand,
  DeleteRetentionPolicyCommand,
  PutRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import type { LogGroupDefinition } from '../stack/service-resources.js';
import { isNamed, type ResourceMaker } from './resource-maker.js';

export const logGroups: ResourceMaker<LogGroupDefinition> = {
  kind: 'log group',
  async make({ name, retentionDays }, { clients }, before) {
    const logs = await clients.logs();
    await logs.send(new CreateLogGroupCommand({ logGroupName: name })).catch((error: unknown) => {
      if (!isNamed(error, 'ResourceAlreadyExistsException')) throw error;
    });
    if (retentionDays !== undefined) {
      await logs.send(
        new PutRetentionPolicyCommand({ logGroupName: name, retentionInDays: retentionDays }),
      );
    } else if (before?.retentionDays !== undefined) {
      await logs.send(new DeleteRetentionPolicyCommand({ logGroupName: name }));
    }
  },
};
