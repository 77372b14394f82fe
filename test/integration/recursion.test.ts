import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PutFunctionRecursionConfigCommand } from '@aws-sdk/client-lambda';
import { startProject, until, type Project } from '../support/project.js';
import { lambdaClient } from '../support/aws-clients/lambda-client.js';

const LIMIT_MS = 120_000;
const files = {
  'index.js': `exports.handler = async () => {
  console.log('RAN');
  return process.env._X_AMZN_TRACE_ID;
};`,
};

describe('a recursive loop', () => {
  let project: Project;
  beforeAll(async () => {
    project = await startProject(
      {
        self: { files },
        ping: { files, async: { onSuccess: 'pong', onFailure: 'told' } },
        pong: { files, async: { onSuccess: 'ping' } },
        round: { files, async: { onSuccess: 'about', onFailure: 'about' } },
        about: { files, async: { onSuccess: 'round', onFailure: 'round' } },
        told: {
          files: {
            'index.js':
              'exports.handler = async (e) => console.log("TOLD " + JSON.stringify(e.requestContext));',
          },
        },
      },
      { watch: false },
    );
  }, LIMIT_MS);
  afterAll(() => project.stop(), LIMIT_MS);

  const lines = async (functionName: string, text: string): Promise<string[]> =>
    (await project.orchestrator.logs({ functionName }))
      .map((line) => line.text)
      .filter((line) => line.includes(text));

  /** Sends on what the function was given, as AWS SDKs do inside it. */
  const chain = async (most: number): Promise<{ ran: number; error: unknown }> => {
    let headers: Record<string, string> = {};
    for (let ran = 0; ran < most; ran += 1) {
      const { status, json, headers: answered } = await project.invoke('self', {}, { headers });
      if (status !== 200) return { ran, error: [status, answered['x-amzn-errortype'], json] };
      headers = { 'x-amzn-trace-id': String(json) };
    }
    return { ran: most, error: undefined };
  };

  it(
    'of calls is stopped after sixteen invocations, unless the function allows it',
    async () => {
      expect(await chain(40)).toEqual({
        ran: 16,
        error: [
          400,
          'RecursiveInvocationException',
          { Type: 'User', Message: expect.stringContaining('recursive loop') },
        ],
      });
      const client = lambdaClient(project.endpoint);
      await client.send(
        new PutFunctionRecursionConfigCommand({ FunctionName: 'self', RecursiveLoop: 'Allow' }),
      );
      client.destroy();
      expect(await chain(40)).toEqual({ ran: 40, error: undefined });
    },
    LIMIT_MS,
  );

  it(
    'of destinations is stopped, and its last event told to the on-failure destination',
    async () => {
      const headers = { 'x-amz-invocation-type': 'Event' };
      expect((await project.invoke('ping', {}, { headers })).status).toBe(202);
      await until(async () => (await lines('told', 'TOLD ')).length > 0);
      await until(() => project.orchestrator.events(10).queued === 0);
      expect(await lines('ping', 'RAN')).toHaveLength(16);
      expect(await lines('pong', 'RAN')).toHaveLength(16);
      const [told, ...more] = await lines('told', 'TOLD ');
      expect(more).toEqual([]);
      expect(JSON.parse(told?.slice(told.indexOf('{')) ?? '')).toMatchObject({
        functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:ping:$LATEST',
        condition: 'RetriesExhausted',
        approximateInvokeCount: 0,
      });
    },
    LIMIT_MS,
  );

  it(
    'of failures ends as well',
    async () => {
      const headers = { 'x-amz-invocation-type': 'Event' };
      expect((await project.invoke('round', {}, { headers })).status).toBe(202);
      await until(async () => (await lines('about', 'RAN')).length >= 16);
      await until(() => project.orchestrator.events(10).queued === 0);
      expect(await lines('round', 'RAN')).toHaveLength(16);
      expect(await lines('about', 'RAN')).toHaveLength(16);
    },
    LIMIT_MS,
  );
});
