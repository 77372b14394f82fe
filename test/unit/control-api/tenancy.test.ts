import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CreateFunctionCommand,
  CreateFunctionUrlConfigCommand,
  GetFunctionCommand,
  InvokeCommand,
  PublishVersionCommand,
  PutProvisionedConcurrencyConfigCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { ControlBench, creation } from '../../support/control-bench.js';

const FunctionName = 'shared';
const PER_TENANT = { TenantIsolationMode: 'PER_TENANT' } as const;
const INVALID = { name: 'InvalidParameterValueException' };
let bench: ControlBench;

beforeEach(async () => {
  bench = await new ControlBench().start();
  await bench.client.send(
    new CreateFunctionCommand({ ...creation(FunctionName), TenancyConfig: PER_TENANT }),
  );
  await waitUntilFunctionActiveV2(
    { client: bench.client, maxWaitTime: 20, minDelay: 0.02, maxDelay: 0.1 },
    { FunctionName },
  );
});
afterEach(() => bench.close());

describe('tenant isolation', () => {
  it('is set at creation, shown, and stays through updates and in versions', async () => {
    const shown = async (Qualifier?: string) =>
      (await bench.client.send(new GetFunctionCommand({ FunctionName, Qualifier }))).Configuration;
    expect((await shown())?.TenancyConfig).toEqual(PER_TENANT);
    await bench.client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Timeout: 9 }));
    const waiting = { client: bench.client, maxWaitTime: 20, minDelay: 0.02, maxDelay: 0.1 };
    await waitUntilFunctionUpdatedV2(waiting, { FunctionName });
    await bench.client.send(new PublishVersionCommand({ FunctionName }));
    expect(await shown('1')).toMatchObject({ Timeout: 9, TenancyConfig: PER_TENANT });
  });

  it('wants a tenant with each invocation, and none without it', async () => {
    await expect(bench.client.send(new InvokeCommand({ FunctionName }))).rejects.toMatchObject({
      ...INVALID,
      message: expect.stringContaining('Add a valid tenant ID'),
    });
    const answer = await bench.client.send(new InvokeCommand({ FunctionName, TenantId: 'blue' }));
    expect(answer.StatusCode).toBe(200);
    await bench.client.send(new CreateFunctionCommand(creation('plain')));
    await waitUntilFunctionActiveV2(
      { client: bench.client, maxWaitTime: 20, minDelay: 0.02, maxDelay: 0.1 },
      { FunctionName: 'plain' },
    );
    await expect(
      bench.client.send(new InvokeCommand({ FunctionName: 'plain', TenantId: 'blue' })),
    ).rejects.toMatchObject({ ...INVALID, message: expect.stringContaining('Remove the tenant') });
  });

  it('cannot be changed', async () => {
    const body = JSON.stringify({ TenancyConfig: PER_TENANT });
    const answer = await bench.running.ask('/2015-03-31/functions/shared/configuration', {
      method: 'PUT',
      body,
    });
    expect(answer.status).toBe(400);
    expect(answer.headers['x-amzn-errortype']).toBe('InvalidParameterValueException');
  });

  it('has no function URL, no provisioned concurrency and no SnapStart beside it', async () => {
    await bench.client.send(new PublishVersionCommand({ FunctionName }));
    const snapStart = { ...creation('snap'), SnapStart: { ApplyOn: 'PublishedVersions' as const } };
    const refused = [
      bench.client.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE' })),
      bench.client.send(
        new PutProvisionedConcurrencyConfigCommand({
          FunctionName,
          Qualifier: '1',
          ProvisionedConcurrentExecutions: 1,
        }),
      ),
      bench.client.send(
        new CreateFunctionCommand({
          ...snapStart,
          Runtime: 'python3.13',
          TenancyConfig: PER_TENANT,
        }),
      ),
    ];
    for (const call of refused) {
      await expect(call).rejects.toMatchObject({
        ...INVALID,
        message: expect.stringContaining('tenant isolation'),
      });
    }
  });
});
