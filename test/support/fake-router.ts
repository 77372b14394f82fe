/**
 * A router without environments: functions are handlers in this process. Records every request it
 * was given, and settles when the handler says so, at once or later.
 */

import type { FunctionVersion } from '../../src/function/function-version.js';
import type { InvocationRequest, Settle } from '../../src/invocation/invocation.js';
import type { Outcome } from '../../src/invocation/outcome.js';
import type { InvocationRouter } from '../../src/router/router.js';

export type FakeHandler = (request: InvocationRequest, settle: Settle) => void;

export class FakeRouter implements InvocationRouter {
  readonly requests: InvocationRequest[] = [];
  readonly #functions = new Map<string, { version: FunctionVersion; handler: FakeHandler }>();
  readonly #reserved = new Map<string, number>();

  /** Adds a function; without a handler it returns its event. */
  add(version: Partial<FunctionVersion> & { name: string }, handler: FakeHandler = echo): void {
    this.#functions.set(version.name, { version: fakeVersion(version), handler });
    if (version.reservedConcurrency !== undefined) {
      this.#reserved.set(version.name, version.reservedConcurrency);
    }
  }

  /** There is nothing but `$LATEST`. */
  find(functionName: string, qualifier = '$LATEST'): FunctionVersion | undefined {
    return qualifier !== '$LATEST' ? undefined : this.#functions.get(functionName)?.version;
  }

  list(): readonly FunctionVersion[] {
    return [...this.#functions.values()].map(({ version }) => version);
  }

  reservedConcurrency(functionName: string): number | undefined {
    return this.#reserved.get(functionName);
  }

  invoke(functionName: string, request: InvocationRequest, settle: Settle): void {
    // A copy: once it is answered, its bytes are nobody's.
    this.requests.push({ ...request, payload: Buffer.from(request.payload) });
    this.#functions.get(functionName)?.handler(request, settle);
  }
}

export function succeeded(payload: Buffer | string, logTail?: string): Outcome {
  return {
    kind: 'succeeded',
    payload: Buffer.from(payload),
    contentType: 'application/json',
    executedVersion: '$LATEST',
    ...(logTail === undefined ? {} : { logTail: Buffer.from(logTail) }),
  };
}

export function failed(payload: object, errorType: string): Outcome {
  return {
    kind: 'function-failed',
    payload: Buffer.from(JSON.stringify(payload)),
    contentType: 'application/json',
    executedVersion: '$LATEST',
    errorType,
  };
}

function echo(request: InvocationRequest, settle: Settle): void {
  settle(succeeded(request.payload));
}

export function fakeVersion(parts: Partial<FunctionVersion> & { name: string }): FunctionVersion {
  return {
    logicalId: parts.name,
    runtime: 'nodejs22.x',
    handler: 'index.handler',
    codePath: `/project/${parts.name}`,
    layerPaths: [],
    memoryMb: 128,
    timeoutSeconds: 3,
    ephemeralStorageMb: 512,
    environment: {},
    architecture: 'x86_64',
    description: '',
    version: '$LATEST',
    functionArn: `arn:aws:lambda:us-east-1:123456789012:function:${parts.name}`,
    key: `key of ${parts.name}`,
    codeSha256: '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
    codeSize: 1234,
    modifiedAtMs: Date.UTC(2026, 0, 5, 10),
    taskDirectory: '/state/code/1',
    imageReference: 'image:1',
    ...parts,
  };
}
