/** Unmodified AWS clients that know InvokeWithResponseStream, against everything. */

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  bytes,
  type AwsLambdaClient,
  type Bytes,
  type ClientKind,
  type Members,
} from '../support/aws-clients/client.js';
import { boto3Of } from '../support/aws-clients/boto3.js';
import { SDK } from '../support/aws-clients/sdk.js';
import { startProject, type Project } from '../support/project.js';

/** The client's container may have to be made first. */
const BUILD_TIMEOUT_MS = 600_000;
const LIMIT_MS = 120_000;

const STREAMS = `
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.write('grüße ');
  if (event.fail) throw new RangeError(event.fail);
  stream.end(Buffer.from([0, 255]));
});`;

interface StreamEvent {
  readonly PayloadChunk?: { readonly Payload: Bytes };
  readonly InvokeComplete?: Readonly<Record<string, string>>;
}

let project: Project;
/** The AWS CLI has no command for it, and Debian bookworm's boto3 is too old. */
const CLIENTS: readonly ClientKind[] = [SDK, boto3Of('forky')];

beforeAll(async () => {
  project = await startProject({
    streams: { files: { 'index.mjs': STREAMS }, memory: 512, timeout: 30 },
    whole: { files: { 'app.py': 'def handler(event, context): return event' }, timeout: 30 },
    stopped: { files: { 'index.mjs': STREAMS }, reservedConcurrency: 0 },
  });
}, BUILD_TIMEOUT_MS);

afterAll(() => project.stop(), LIMIT_MS);

describe.each(CLIENTS)('$name', (kind: ClientKind) => {
  let client: AwsLambdaClient;
  beforeAll(async () => {
    client = await kind.open({
      url: project.endpoint,
      region: 'us-east-1',
      accountId: '123456789012',
    });
  }, BUILD_TIMEOUT_MS);
  afterAll(() => client.close(), LIMIT_MS);

  const test = (name: string, run: () => Promise<void>): void => it(name, run, LIMIT_MS);

  async function invoke(name: string, event: object, more: Members = {}) {
    const input = { FunctionName: name, Payload: bytes(JSON.stringify(event)), ...more };
    const answer = await client.call('InvokeWithResponseStream', input);
    const events = answer['EventStream'] as readonly StreamEvent[];
    const chunks = events.flatMap(({ PayloadChunk }) =>
      PayloadChunk === undefined ? [] : [Buffer.from(PayloadChunk.Payload.$bytes, 'base64')],
    );
    return {
      answer,
      payload: Buffer.concat(chunks),
      complete: events.at(-1)?.InvokeComplete,
    };
  }

  test('gets a response that is streamed', async () => {
    const { answer, payload, complete } = await invoke('streams', {}, { LogType: 'Tail' });
    expect(answer).toMatchObject({
      StatusCode: 200,
      ExecutedVersion: '$LATEST',
      ResponseStreamContentType: 'application/vnd.amazon.eventstream',
    });
    expect(payload).toEqual(Buffer.concat([Buffer.from('grüße '), Buffer.from([0, 255])]));
    expect(complete?.['ErrorCode']).toBeUndefined();
    expect(Buffer.from(complete?.['LogResult'] ?? '', 'base64').toString()).toContain('REPORT');
  });

  test('gets the error in the middle of one', async () => {
    const { payload, complete } = await invoke('streams', { fail: 'half way' });
    expect(payload.toString()).toBe('grüße ');
    expect(complete?.['ErrorCode']).toBe('Unhandled');
    expect(JSON.parse(complete?.['ErrorDetails'] ?? '')).toMatchObject({
      errorType: 'RangeError',
      errorMessage: 'half way',
    });
  });

  test('gets a response that is not streamed', async () => {
    const { payload, complete } = await invoke('whole', { n: 1 });
    expect([payload.toString(), complete]).toEqual(['{"n": 1}', {}]);
  });

  test('is throttled, and told of functions that are not there', async () => {
    await expect(invoke('stopped', {})).rejects.toMatchObject({ code: 'TooManyRequestsException' });
    await expect(invoke('nobody', {})).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
  });
});
