/**
 * The endpoint as functions reach it: a listener beside the Runtime API's, at an address that AWS
 * clients take for what it is (an IP literal: S3 clients then leave the bucket in the path). It has
 * AWS's routes and nothing else of ours, for callers who show credentials that we gave them.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { Admission } from '../invoke-api/admission.js';
import { Http2Front } from '../invoke-api/http2.js';
import { INVOKE_LIMITS } from '../invoke-api/limits.js';
import { refuseMalformed } from '../invoke-api/malformed.js';
import type { AwsEndpoint, ServiceHandler } from './aws-endpoint.js';
import type { Callers } from './callers.js';
import { certificateFor } from './certificate.js';
import { protocolOf, sendFailure, type Failure } from './failure.js';
import { scopeOf, type Scope } from './scope.js';

export interface ContainerDoorParts {
  readonly endpoint: AwsEndpoint;
  readonly callers: Callers;
}

/** A name that leads there where the address is known to the engine only. */
const HOST_NAME = 'host.docker.internal';

const NO_TOKEN: Failure = {
  status: 403,
  code: 'MissingAuthenticationTokenException',
  message: 'Missing Authentication Token',
};
const UNKNOWN_TOKEN: Failure = {
  status: 403,
  code: 'UnrecognizedClientException',
  message: 'The security token included in the request is invalid.',
};
/** S3 has its own word for it, which its clients know. */
const UNKNOWN_S3_TOKEN: Failure = {
  status: 400,
  code: 'InvalidToken',
  message: 'The provided token is malformed or otherwise invalid.',
};
const NOT_YET: Failure = { status: 503, message: 'The orchestrator is starting or stopping.' };

export class ContainerDoor {
  /** The Lambda API; set once it is there. */
  lambda: ServiceHandler | undefined;
  readonly #parts: ContainerDoorParts;
  readonly #server: Server;
  readonly #http2: Http2Front;
  #admission = new Admission({ host: '127.0.0.1' });
  #host = '127.0.0.1';
  #context: SecureContext | undefined;

  constructor(parts: ContainerDoorParts) {
    this.#parts = parts;
    this.#server = createServer(
      {
        headersTimeout: INVOKE_LIMITS.headersMs,
        // A frozen environment may be in the middle of a request.
        requestTimeout: 0,
        keepAliveTimeout: INVOKE_LIMITS.keepAliveMs,
        maxHeaderSize: INVOKE_LIMITS.headerBytes,
        noDelay: true,
      },
      (request, response) => this.#serve(request, response),
    );
    this.#server.on('clientError', refuseMalformed);
    this.#http2 = new Http2Front(this.#server, {
      firstByteMs: INVOKE_LIMITS.headersMs,
      // They show who they are in each request.
      admits: () => true,
      certificate: () => this.#context,
    });
  }

  /** Listens on `listenAddress`; returns the URL containers call. */
  listen(listenAddress: string, hostAddress: string): Promise<string> {
    const isAddress = /^[\d.]+$|:/.test(hostAddress);
    const host = isAddress ? hostAddress : HOST_NAME;
    this.#admission = new Admission({ host });
    this.#host = host;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ port: 0, host: listenAddress, backlog: INVOKE_LIMITS.backlog }, () => {
        this.#server.removeListener('error', reject);
        // A connection that could not be taken, for want of descriptors say, is its caller's loss.
        this.#server.on('error', () => undefined);
        const { port } = this.#server.address() as AddressInfo;
        resolve(`http://${host.includes(':') ? `[${host}]` : host}:${port}`);
      });
    });
  }

  /** Takes TLS from now on as well; returns the certificate to trust, as PEM. */
  secure(nowMs: number): string {
    const { key, cert } = certificateFor(this.#host, nowMs);
    this.#context = createSecureContext({ key, cert });
    return cert;
  }

  /** Ends every connection. */
  destroy(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
      this.#http2.destroy();
    });
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { endpoint } = this.#parts;
    const scope = scopeOf(request);
    const refusal = this.#refusal(request, scope);
    const handler =
      endpoint.handlerFor(scope) ??
      (scope === undefined ? endpoint.handlerOfUnknown(request) : undefined) ??
      this.lambda;
    if (refusal === undefined && handler !== undefined) {
      handler(request, response);
      return;
    }
    sendFailure(response, protocolOf(request, scope?.service ?? 'lambda'), refusal ?? NOT_YET);
    request.resume();
  }

  #refusal(request: IncomingMessage, scope: Scope | undefined): Failure | undefined {
    const { endpoint, callers } = this.#parts;
    const foreign = this.#admission.check(request);
    if (foreign !== undefined || request.url?.startsWith('/') !== true) {
      const text = foreign?.body['Message'] ?? foreign?.body['message'];
      return { status: 403, message: String(text ?? 'The request target must be a path.') };
    }
    if (scope?.accessKeyId !== undefined) {
      if (callers.knows(request, scope)) return undefined;
      return scope.service === 's3' ? UNKNOWN_S3_TOKEN : UNKNOWN_TOKEN;
    }
    // Some calls of services are made by anyone: of public objects, to sign in.
    const anyone = scope === undefined ? endpoint.handlerOfUnknown(request) : undefined;
    const isForwarded = scope !== undefined && !endpoint.serves(scope.service);
    return anyone !== undefined || isForwarded ? undefined : NO_TOKEN;
  }
}
