/**
 * Who may ask at all. A web page must reach no function: neither through a name that its owner
 * points at us (the `Host` is then not ours) nor by posting across sites (the `Origin` is then not
 * the page's own host). Callers from beyond loopback must show the token.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { forbidden, malformedRequest, tokenMissing, tokenWrong, type ApiError } from './errors.js';

export interface AdmissionOptions {
  /** Address or name we were asked to listen on. */
  readonly host: string;
  readonly authToken?: string | undefined;
  /** Of the run file: whoever can read that owns the run, and its commands show this instead. */
  readonly ownerToken?: string | undefined;
}

/** A request, as far as it says who asks. */
export type Asking = Pick<IncomingMessage, 'headers'> & {
  readonly rawHeaders: readonly string[];
  readonly socket: Pick<Socket, 'localAddress' | 'remoteAddress'>;
};

const OWN_NAMES: ReadonlySet<string> = new Set([
  '127.0.0.1',
  'localhost',
  // AWS's clients put `sync-` in front for StartSyncExecution.
  'sync-localhost',
  '::1',
  'host.docker.internal',
]);
const EVERY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);
const HOST = /^(?:\[([0-9a-fA-F:.]+)\]|([a-zA-Z0-9._-]+))(?::\d{1,5})?$/;

export class Admission {
  readonly #options: AdmissionOptions;
  /** Empty: no token is asked for. */
  readonly #expected: readonly Buffer[];

  constructor(options: AdmissionOptions) {
    this.#options = options;
    const { authToken, ownerToken } = options;
    const tokens = authToken === undefined ? [] : [authToken, ownerToken ?? authToken];
    this.#expected = tokens.map(digest);
  }

  /** The refusal, if it is one. */
  check(request: Asking): ApiError | undefined {
    const { host } = request.headers;
    if (hasSecondHost(request.rawHeaders)) return malformedRequest('More than one Host header.');
    if (!this.knowsHost(request)) return forbidden(`Host '${host ?? ''}' is not served here.`);
    return crossSite(request) ?? this.#tokenProblem(request);
  }

  /** Whether the request names us as its host. */
  knowsHost({ headers, socket }: Asking): boolean {
    const name = hostName(headers.host);
    return name !== undefined && this.#isOurs(name, plainAddress(socket.localAddress));
  }

  /** For what has host names of its own and answers other sites by its own rules. */
  checkCaller(request: Asking): ApiError | undefined {
    if (hasSecondHost(request.rawHeaders)) return malformedRequest('More than one Host header.');
    return this.#tokenProblem(request);
  }

  /** Whether a caller from there needs no token. */
  isFree(remoteAddress: string | undefined): boolean {
    return this.#expected.length === 0 || isLoopback(plainAddress(remoteAddress));
  }

  #isOurs(name: string, localAddress: string): boolean {
    const { host } = this.#options;
    if (OWN_NAMES.has(name) || name === localAddress || name === host.toLowerCase()) return true;
    // An address cannot be pointed elsewhere, and behind a port mapping ours is not the one asked.
    return EVERY_ADDRESS.has(host) && isIP(name) !== 0;
  }

  /**
   * AWS's clients fill `Authorization` with their signature; they can carry the token as the
   * session token of their credentials.
   */
  #tokenProblem(request: Asking): ApiError | undefined {
    if (this.isFree(request.socket.remoteAddress)) return undefined;
    const bearer = /^Bearer +(.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const sent = bearer ?? request.headers['x-amz-security-token'];
    if (typeof sent !== 'string') return tokenMissing();
    const shown = digest(sent);
    return this.#expected.some((token) => timingSafeEqual(shown, token)) ? undefined : tokenWrong();
  }
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Browsers say where a request comes from; nothing else sends these headers. */
function crossSite({ headers }: Asking): ApiError | undefined {
  const { origin, host } = headers;
  if (origin !== undefined && origin.replace(/^https?:\/\//, '') !== host) {
    return forbidden(`Requests from the origin '${origin}' are not served.`);
  }
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return undefined;
  return forbidden('Requests from pages of other sites are not served.');
}

/** Node keeps the first of several; what stands before us might have looked at the last. */
function hasSecondHost(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts > 1;
}

/** The name in a `Host` header, in lower case; undefined when it is malformed. */
export function hostName(header: string | undefined): string | undefined {
  const match = HOST.exec(header ?? '');
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}

/** Without the prefix that IPv4 addresses have on a listener for both families. */
function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:/, '');
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
