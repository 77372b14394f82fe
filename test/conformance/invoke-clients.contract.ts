/**
 * What unmodified AWS clients find at the Invoke API. The endpoint must
 * serve the functions of `test/fixtures/invoke-clients` (its `orchestrator.yaml` and `index.mjs`).
 */

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CLIENTS } from '../support/aws-clients/clients.js';
import type { AwsLambdaClient, ClientKind, Endpoint } from '../support/aws-clients/client.js';

export const CONFORMANCE_FUNCTIONS = ['echo', 'fails', 'logs', 'context', 'large', 'stopped'].map(
  (name) => `conformance-${name}`,
);

const LIMIT = 6_291_556;
/** A CLI call is a Python process; the machine may be busy. */
const TIMEOUT_MS = 120_000;
/** The image of a client is made when it is first used. */
const OPEN_MS = 600_000;

/** `getEndpoint` is called in hooks and tests only, so what it needs may be started in a hook. */
export function describeInvokeConformance(getEndpoint: () => Endpoint): void {
  describe.each(CLIENTS)('$name', (kind) => {
    describeClient(kind, getEndpoint);
  });
}

function describeClient(kind: ClientKind, getEndpoint: () => Endpoint): void {
  let client: AwsLambdaClient;
  beforeAll(async () => {
    client = await kind.open(getEndpoint());
  }, OPEN_MS);
  afterAll(() => client.close());

  const test = (name: string, run: () => Promise<void>): void => it(name, run, TIMEOUT_MS);
  const arnOf = (name: string): string => {
    const { region, accountId } = getEndpoint();
    return `arn:aws:lambda:${region}:${accountId}:function:${name}`;
  };
  const jsonOf = ({ payload }: { payload: Buffer }): unknown => JSON.parse(payload.toString());

  test('invokes a function and gets its result', async () => {
    const payload = Buffer.from('{"text":"grüße 🌍","list":[1,2.5,null,true]}');
    const answer = await client.invoke({ name: 'conformance-echo', payload });
    expect(answer).toMatchObject({ status: 200, executedVersion: '$LATEST' });
    expect(answer.functionError).toBeUndefined();
    expect(jsonOf(answer)).toEqual({ text: 'grüße 🌍', list: [1, 2.5, null, true] });
  });

  test('invokes without an event', async () => {
    expect(jsonOf(await client.invoke({ name: 'conformance-echo' }))).toEqual({});
  });

  test('gets the error of a function as a result', async () => {
    const answer = await client.invoke({ name: 'conformance-fails' });
    expect(answer).toMatchObject({
      status: 200,
      functionError: 'Unhandled',
      executedVersion: '$LATEST',
    });
    expect(jsonOf(answer)).toMatchObject({ errorType: 'TypeError', errorMessage: 'it broke' });
  });

  test('gets the tail of the log when it asks for it', async () => {
    const { logTail, payload } = await client.invoke({ name: 'conformance-logs', tail: true });
    expect(payload.toString()).toBe('null');
    expect(logTail).toMatch(
      /^START RequestId: (\S+) Version: \$LATEST\n[^]*a line of the log[^]*\nEND RequestId: \1\nREPORT RequestId: \1\t/,
    );
    expect((await client.invoke({ name: 'conformance-logs' })).logTail).toBeUndefined();
  });

  test('makes a dry run', async () => {
    const answer = await client.invoke({ name: 'conformance-fails', type: 'DryRun' });
    expect([answer.status, answer.payload.length]).toEqual([204, 0]);
  });

  test('sends an event without waiting for it', async () => {
    const answer = await client.invoke({ name: 'conformance-echo', type: 'Event' });
    expect([answer.status, answer.payload.length]).toEqual([202, 0]);
  });

  test('gives the function a client context', async () => {
    const clientContext = { custom: { who: 'grüße' }, client: { app_title: 'test' } };
    const answer = await client.invoke({ name: 'conformance-context', clientContext });
    expect(jsonOf(answer)).toMatchObject({ clientContext });
  });

  test('names a function in every form', async () => {
    const arn = arnOf('conformance-context');
    const partial = `${getEndpoint().accountId}:function:conformance-context`;
    const forms: [string, string | undefined, string][] = [
      ['conformance-context', undefined, arn],
      [arn, undefined, arn],
      [partial, undefined, arn],
      [`${arn}:$LATEST`, undefined, `${arn}:$LATEST`],
      ['conformance-context', '$LATEST', `${arn}:$LATEST`],
    ];
    for (const [name, qualifier, expected] of forms) {
      const answer = await client.invoke({
        name,
        ...(qualifier === undefined ? {} : { qualifier }),
      });
      expect(jsonOf(answer)).toMatchObject({ invokedFunctionArn: expected });
    }
  });

  test('is told of functions and versions that do not exist', async () => {
    await expect(client.invoke({ name: 'conformance-eco' })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
      message: `Function not found: ${arnOf('conformance-eco')}:$LATEST`,
    });
    await expect(
      client.invoke({ name: 'conformance-echo', qualifier: 'prod' }),
    ).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
      message: `Function not found: ${arnOf('conformance-echo')}:prod`,
    });
  });

  test('is told of an event that is no JSON', async () => {
    const payload = Buffer.from('{oops');
    await expect(client.invoke({ name: 'conformance-echo', payload })).rejects.toMatchObject({
      code: 'InvalidRequestContentException',
      message: expect.stringContaining('Could not parse request body into json: '),
    });
  });

  test('sends 6 MB and no more', async () => {
    const eventOf = (bytes: number): Buffer => Buffer.from(`"${'a'.repeat(bytes - 2)}"`);
    const answer = await client.invoke({ name: 'conformance-echo', payload: eventOf(LIMIT) });
    expect(answer.payload.equals(eventOf(LIMIT))).toBe(true);
    await expect(
      client.invoke({ name: 'conformance-echo', payload: eventOf(LIMIT + 1) }),
    ).rejects.toMatchObject({ code: 'RequestTooLargeException' });
  });

  test('gets 6 MB and no more', async () => {
    const largeOf = (bytes: number) =>
      client.invoke({ name: 'conformance-large', payload: Buffer.from(JSON.stringify({ bytes })) });
    const answer = await largeOf(LIMIT);
    expect(answer.functionError).toBeUndefined();
    expect(answer.payload.length).toBe(LIMIT);
    const refused = await largeOf(LIMIT + 1);
    expect(refused).toMatchObject({ status: 200, functionError: 'Unhandled' });
    expect(jsonOf(refused)).toEqual({
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: `Response payload size exceeded maximum allowed payload size (${LIMIT} bytes).`,
    });
  });

  test('is throttled', async () => {
    await expect(client.invoke({ name: 'conformance-stopped' })).rejects.toMatchObject({
      code: 'TooManyRequestsException',
      message: 'Rate Exceeded.',
    });
  });

  test('lists functions page by page', async () => {
    const functions = await client.listFunctions();
    expect(functions.map(({ FunctionName }) => FunctionName)).toEqual(
      expect.arrayContaining(CONFORMANCE_FUNCTIONS),
    );
    expect(functions).toContainEqual(
      expect.objectContaining({ FunctionArn: arnOf('conformance-echo') }),
    );
  });

  test('reads a function and its configuration', async () => {
    const expected = {
      FunctionName: 'conformance-echo',
      FunctionArn: arnOf('conformance-echo'),
      Runtime: 'nodejs22.x',
      State: 'Active',
      LastModified: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/),
    };
    expect(await client.getFunction('conformance-echo')).toMatchObject(expected);
    expect(await client.getFunctionConfiguration(arnOf('conformance-echo'))).toMatchObject(
      expected,
    );
    await expect(client.getFunction('conformance-eco')).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
      message: `Function not found: ${arnOf('conformance-eco')}`,
    });
  });
}
