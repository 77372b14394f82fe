/** The AWS SDK's client as tests of ours use it: any credentials, no retries of its own. */

import { LambdaClient } from '@aws-sdk/client-lambda';

export function lambdaClient(endpoint: string, region = 'us-east-1'): LambdaClient {
  return new LambdaClient({
    endpoint,
    region,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
}
