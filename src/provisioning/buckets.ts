/** Buckets; what they notify of is notifications'. */

import {
  CreateBucketCommand,
  HeadBucketCommand,
  PutBucketVersioningCommand,
  type BucketLocationConstraint,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { BucketDefinition } from '../stack/service-resources.js';
import { isNamed, type ResourceMaker } from './resource-maker.js';

const NO_CONSTRAINT = 'us-east-1';

export const buckets: ResourceMaker<BucketDefinition> = {
  kind: 'bucket',
  async make({ name, versioning }, { clients, region }, before) {
    const s3 = await clients.s3();
    if (!(await exists(s3, name))) {
      const LocationConstraint = region as BucketLocationConstraint;
      await s3.send(
        new CreateBucketCommand({
          Bucket: name,
          ...(region === NO_CONSTRAINT
            ? {}
            : { CreateBucketConfiguration: { LocationConstraint } }),
        }),
      );
    }
    if (versioning !== true && before?.versioning !== true) return;
    const Status = versioning === true ? 'Enabled' : 'Suspended';
    await s3.send(
      new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration: { Status } }),
    );
  },
};

async function exists(s3: S3Client, name: string): Promise<boolean> {
  try {
    await s3.send(new HeadBucketCommand({ Bucket: name }));
    return true;
  } catch (error) {
    if (isNamed(error, 'NotFound', 'NoSuchBucket', '404')) return false;
    throw error;
  }
}
