/** Docker's failures → our codes. By status and errno, never by its English. */

import { OrchestratorError, messageOf, type ErrorCode } from '../../errors.js';

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'EACCES',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

export function engineError(thrown: unknown, doing: string): OrchestratorError {
  if (thrown instanceof OrchestratorError) return thrown;
  const { statusCode, code } = thrown as { statusCode?: number; code?: string };
  const reason = reasonOf(thrown);
  // Whatever the network or TLS says has a code of theirs and no status of the engine's.
  if (statusCode === undefined && code !== undefined && isTransport(code)) {
    return engineUnreachable(thrown);
  }
  return new OrchestratorError(codeOf(statusCode, doing), `${doing}: ${reason}`, { cause: thrown });
}

export function engineUnreachable(cause: unknown): OrchestratorError {
  if (cause instanceof OrchestratorError) return cause;
  const message = `the container engine does not answer (${messageOf(cause).trim()})`;
  return new OrchestratorError('engine-unreachable', message, { remedy: remedyFor(cause), cause });
}

function isTransport(code: string): boolean {
  return UNREACHABLE.has(code) || isWrongProtocol(code) || isCertificateTrouble(code, {});
}

const START_IT =
  'Start it (make engine does where Debian has it), or point DOCKER_HOST at one that runs.';

function remedyFor(cause: unknown): string {
  const { code, statusCode } = cause as { code?: string; statusCode?: number };
  if (code === 'EACCES') return 'Add yourself to the docker group, or run as root.';
  if (statusCode === 400 || isWrongProtocol(code)) {
    return 'DOCKER_HOST and DOCKER_TLS_VERIFY disagree with the engine: it speaks TLS and we do not, or the other way round.';
  }
  if (isCertificateTrouble(code, cause)) {
    return 'The certificates of the engine and of DOCKER_CERT_PATH (ca.pem, cert.pem, key.pem) must be signed by the same authority, be in date and name the host in DOCKER_HOST.';
  }
  return START_IT;
}

/** Plain words to a door that wants TLS, or the reverse. */
function isWrongProtocol(code: string | undefined): boolean {
  return code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG';
}

/** OpenSSL's verdicts on the engine's certificate, its alerts about ours, and Node's own. */
function isCertificateTrouble(code: string | undefined, cause: unknown): boolean {
  if (code === undefined) return false;
  if (/^(ERR_SSL|ERR_TLS|ERR_OSSL|EPROTO|CERT_|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO)/.test(code)) {
    return true;
  }
  return 'library' in (cause as object);
}

export function isNotFound(thrown: unknown): boolean {
  return (thrown as { statusCode?: number }).statusCode === 404;
}

/** The object is in the wanted state already, or in one that makes the call pointless. */
export function isConflict(thrown: unknown): boolean {
  const { statusCode } = thrown as { statusCode?: number };
  return statusCode === 409 || statusCode === 304;
}

/** Resolves when `call` has ended well or found that what it would remove is gone, or going already. */
export async function unlessGone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
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
