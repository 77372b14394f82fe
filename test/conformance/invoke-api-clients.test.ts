/** The Invoke API alone, with functions played in this process. */

import { afterAll, beforeAll, describe } from '@jest/globals';
import { OrchestratorError } from '../../src/errors.js';
import type { Settle } from '../../src/invocation/invocation.js';
import { responseTooLarge } from '../../src/invocation/platform-errors.js';
import { endLine, reportLine, startLine } from '../../src/invocation/report.js';
import { failed, succeeded, type FakeHandler, type FakeRouter } from '../support/fake-router.js';
import { RunningInvokeApi } from '../support/running-invoke-api.js';
import { describeInvokeConformance } from './invoke-clients.contract.js';

const LIMIT = 6_291_556;

function settleSized(payload: Buffer, settle: Settle): void {
  const { errorType, payload: error } = responseTooLarge();
  const isTooLarge = payload.length > LIMIT;
  settle(
    isTooLarge ? failed(JSON.parse(error.toString()) as object, errorType) : succeeded(payload),
  );
}

const HANDLERS: Readonly<Record<string, FakeHandler>> = {
  'conformance-echo': (request, settle) => settleSized(request.payload, settle),
  'conformance-fails': (_request, settle) =>
    settle(failed({ errorType: 'TypeError', errorMessage: 'it broke', trace: [] }, 'TypeError')),
  'conformance-logs': ({ requestId, tail }, settle) => {
    const report = { durationMs: 1, billedMs: 1, memorySizeMb: 128, maxMemoryUsedMb: 30 };
    const lines = [
      startLine(requestId, '$LATEST'),
      'a line of the log',
      endLine(requestId),
      reportLine({ requestId, ...report }),
    ];
    settle(succeeded('null', tail ? `${lines.join('\n')}\n` : undefined));
  },
  'conformance-context': (request, settle) => {
    const clientContext: unknown = JSON.parse(request.clientContext ?? 'null');
    const { invokedFunctionArn } = request;
    settle(succeeded(JSON.stringify({ clientContext, invokedFunctionArn })));
  },
  'conformance-large': ({ payload }, settle) => {
    const { bytes } = JSON.parse(payload.toString()) as { bytes: number };
    settleSized(Buffer.from(JSON.stringify('a'.repeat(bytes - 2))), settle);
  },
  'conformance-stopped': (_request, settle) =>
    settle({
      kind: 'refused',
      error: new OrchestratorError('throttled', 'stopped', {
        details: { reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' },
      }),
    }),
};

function addFunctions(router: FakeRouter): void {
  for (const [name, handler] of Object.entries(HANDLERS)) router.add({ name }, handler);
}

describe('the Invoke API in front of a fake router, asked by', () => {
  const running = new RunningInvokeApi();
  beforeAll(async () => {
    addFunctions(running.router);
    await running.start();
  });
  afterAll(() => running.api.destroy());

  describeInvokeConformance(() => ({
    url: `http://127.0.0.1:${running.port}`,
    region: 'us-east-1',
    accountId: '123456789012',
  }));
});
