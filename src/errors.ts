/**
 * The one catalogue of errors the orchestrator itself can raise.
 *
 * A function's own failure is never one of these: it is an `Outcome` and travels the success path.
 * Match on `code`, never on the message. `user` errors always carry a remedy the person can follow.
 */

export const ERROR_CODES = {
  'config-invalid': {
    kind: 'user',
    when: 'a configuration file or flag holds values we cannot use',
  },
  'config-not-found': { kind: 'user', when: 'no template or orchestrator.yaml is in the folder' },
  'function-not-found': { kind: 'user', when: 'no function of that name is loaded' },
  'runtime-unsupported': {
    kind: 'user',
    when: 'the runtime identifier is unknown or cannot run here',
  },
  'base-unavailable': {
    kind: 'user',
    when: 'no base image for the runtime can be had on this machine',
  },
  'image-unavailable': {
    kind: 'user',
    when: 'the image of a function is not in the engine and cannot be pulled',
  },
  'build-failed': { kind: 'user', when: 'an image build ended with an error' },
  'code-missing': {
    kind: 'user',
    when: 'the code folder of a function does not exist or cannot be read',
  },
  'port-in-use': { kind: 'user', when: 'another process listens on a port we were asked to use' },
  'already-running': { kind: 'user', when: 'another orchestrator runs on the same state folder' },
  'not-running': { kind: 'user', when: 'a command needs a running orchestrator and there is none' },
  'engine-unreachable': { kind: 'user', when: 'the container engine does not answer' },
  'engine-refused': { kind: 'platform', when: 'the engine answered a call with an error' },
  'engine-conflict': { kind: 'platform', when: 'the engine says the object is in another state' },
  'engine-not-found': { kind: 'platform', when: 'the engine does not know the object' },
  'image-missing': {
    kind: 'platform',
    when: 'the image of an environment is gone from the engine',
  },
  'not-supported': { kind: 'user', when: 'the engine or host cannot do what was asked' },
  'transition-refused': {
    kind: 'platform',
    when: 'an environment got an event its state does not accept',
  },
  'queue-full': { kind: 'platform', when: 'more invocations wait for an environment than we keep' },
  'function-pending': { kind: 'platform', when: 'a function is invoked while it is being created' },
  'recursive-invocation': {
    kind: 'platform',
    when: 'a chain of invocations has come back to a function too often',
  },
  'tenant-missing': {
    kind: 'platform',
    when: 'a function with tenant isolation is invoked without a tenant',
  },
  throttled: { kind: 'platform', when: 'a concurrency limit leaves no room for the invocation' },
  'environment-failed': {
    kind: 'platform',
    when: 'no environment could be started for the invocation',
  },
  'restore-failed': {
    kind: 'platform',
    when: 'an after-restore hook of a SnapStart function failed',
  },
  'restore-timed-out': {
    kind: 'platform',
    when: 'restoring a SnapStart function took too long',
  },
  'shutting-down': { kind: 'platform', when: 'the orchestrator is stopping and takes no new work' },
  'resource-refused': {
    kind: 'user',
    when: 'the services endpoint did not make a resource of the template',
  },
  'services-unavailable': {
    kind: 'user',
    when: 'the services endpoint does not answer, or there is none',
  },
  'state-unusable': { kind: 'user', when: 'the state folder cannot be written or read' },
} as const satisfies Record<string, { kind: 'user' | 'platform'; when: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface ErrorOptions {
  /** What the person can do about it. Required reading for every `user` code. */
  remedy?: string;
  /** Values a caller may act on, such as a throttle reason. */
  details?: Readonly<Record<string, unknown>>;
  cause?: unknown;
}

export class OrchestratorError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'OrchestratorError';
    this.code = code;
    this.remedy = options.remedy;
    this.details = options.details ?? {};
  }

  get kind(): 'user' | 'platform' {
    return ERROR_CODES[this.code].kind;
  }
}

export function isOrchestratorError(value: unknown, code?: ErrorCode): value is OrchestratorError {
  return value instanceof OrchestratorError && (code === undefined || value.code === code);
}

/** The text of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** What a call on the engine was refused with, whatever was thrown. */
export function engineFailure(thrown: unknown): OrchestratorError {
  return thrown instanceof OrchestratorError
    ? thrown
    : new OrchestratorError('engine-refused', messageOf(thrown), { cause: thrown });
}
