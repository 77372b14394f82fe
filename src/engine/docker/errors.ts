/** Docker's failures → our codes. By status and errno, never by its English. */

import { OrchestratorError, messageOf, type ErrorCode } from '../../errors.js';

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'EACCES',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
]);

export function engineError(thrown: unknown, doing: string): OrchestratorError {
  if (thrown instanceof OrchestratorError) return thrown;
  const { statusCode, code } = thrown as { statusCode?: number; code?: string };
  const reason = reasonOf(thrown);
  if (statusCode === undefined && code !== undefined && UNREACHABLE.has(code)) {
    return engineUnreachable(thrown);
  }
  return new OrchestratorError(codeOf(statusCode, doing), `${doing}: ${reason}`, { cause: thrown });
}

export function engineUnreachable(cause: unknown): OrchestratorError {
  const { code } = cause as { code?: string };
  const message = `the container engine does not answer (${messageOf(cause)})`;
  const remedy =
    code === 'EACCES'
      ? 'Add yourself to the docker group, or run as root.'
      : 'Start it (make engine does where Debian has it), or point DOCKER_HOST at one that runs.';
  return new OrchestratorError('engine-unreachable', message, { remedy, cause });
}

export function isNotFound(thrown: unknown): boolean {
  return (thrown as { statusCode?: number }).statusCode === 404;
}

/** The object is in the wanted state already, or in one that makes the call pointless. */
export function isConflict(thrown: unknown): boolean {
  const { statusCode } = thrown as { statusCode?: number };
  return statusCode === 409 || statusCode === 304;
}

/** The engine has answered, and would not: what it says of its state may be wrong. */
export function isRefusal(thrown: unknown): boolean {
  return (thrown as { statusCode?: number }).statusCode !== undefined && !isNotFound(thrown);
}

function codeOf(statusCode: number | undefined, doing: string): ErrorCode {
  if (statusCode === 404)
    return doing.startsWith('creating') ? 'image-missing' : 'engine-not-found';
  if (statusCode === 409) return 'engine-conflict';
  return 'engine-refused';
}

/** dockerode keeps the engine's own sentence apart from its wrapping. */
function reasonOf(thrown: unknown): string {
  const { json } = thrown as { json?: { message?: unknown } };
  return typeof json?.message === 'string' ? json.message : messageOf(thrown);
}
