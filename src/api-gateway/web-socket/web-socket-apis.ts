/** WebSocket APIs of API Gateway on the HTTP port, as one source of events (contract 11.1). */

import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocketServer } from 'ws';
import { messageOf } from '../../errors.js';
import type { HttpSite } from '../../http-port/http-port.js';
import type { Outcome } from '../../invocation/outcome.js';
import type { Source, SourceAddress, SourceParts } from '../../sources/source.js';
import type { FunctionTarget } from '../../stack/function-target.js';
import type { Stack } from '../../stack/stack.js';
import type { WebSocketApiDefinition } from '../../stack/web-socket.js';
import { apiAt, isHostOf, pathOf } from './addresses.js';
import { errorFrame, replyOf } from './answers.js';
import { callFunction, type Call } from './call.js';
import { Connection, type ConnectionEnd } from './connection.js';
import { disconnectEvent, messageEvent, type ConnectionFacts } from './events.js';
import {
  headerOf,
  isHandshake,
  refuse,
  refused,
  shakeHands,
  type HandshakeParts,
  type Verdict,
} from './handshake.js';
import { newId } from './ids.js';
import { WEB_SOCKET_LIMITS } from './limits.js';
import { isManagement, serveManagement } from './management.js';
import { DISCONNECT, parseSelection, selectRoute } from './selection.js';

const GOING_AWAY = 1001;
const MALFORMED = { status: 400, headers: [], body: Buffer.alloc(0) };

export type WebSocketParts = Pick<
  SourceParts,
  'settings' | 'clock' | 'queueClock' | 'invoker' | 'awsEndpoint' | 'httpPort' | 'line' | 'log'
>;

export class WebSocketApis implements Source, HttpSite {
  readonly name = 'WebSocket APIs';
  readonly #parts: WebSocketParts;
  readonly #connections = new Map<string, Connection>();
  /** Invocations that have not ended. */
  readonly #running = new Set<Promise<unknown>>();
  /** What handshakes were answered with, for the parser's reply. */
  readonly #protocols = new WeakMap<IncomingMessage, string>();
  #apis: readonly WebSocketApiDefinition[] = [];
  #server: WebSocketServer | undefined;
  #ending = false;

  constructor(parts: WebSocketParts) {
    this.#parts = parts;
  }

  async apply({ webSocketApis }: Pick<Stack, 'webSocketApis'>): Promise<void> {
    if (webSocketApis.length > 0) await this.#open();
    this.#apis = webSocketApis;
    for (const connection of this.#connections.values()) {
      if (this.#apiOf(connection.facts) === undefined) connection.close(GOING_AWAY);
    }
  }

  addresses(): readonly SourceAddress[] {
    const url = this.#parts.httpPort.url?.replace(/^http/, 'ws');
    if (url === undefined) return [];
    return this.#apis.map((api) => {
      const path = pathOf(this.#apis, api);
      const keys = api.routes.map(({ routeKey }) => routeKey).join(', ');
      return { source: 'WebSocket API', address: `${url}${path}`, about: `${api.name}: ${keys}` };
    });
  }

  status() {
    return this.#apis.flatMap((api) =>
      api.routes.map((route) => ({
        kind: 'WebSocket API',
        id: `${api.name} ${route.routeKey}`,
        from: `/${api.stage}`,
        to: route.target === undefined ? 'nothing' : nameOf(route.target),
        state: `${this.#count(api)} connected`,
      })),
    );
  }

  owns(request: IncomingMessage): boolean {
    if (request.headers.upgrade !== undefined) return this.#find(request) !== undefined;
    return this.#apis.length > 0 && isManagement(request);
  }

  ownsHost(name: string): boolean {
    return isHostOf(this.#apis, name);
  }

  serve(request: IncomingMessage, response: ServerResponse): void {
    serveManagement(request, response, (id) => this.#connections.get(id));
  }

  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const api = this.#find(request);
    if (this.#ending || api === undefined) return refuseWith(stream, refused('ACCESS_DENIED'));
    if (!isHandshake(request)) return refuse(stream, MALFORMED);
    const handshake = shakeHands(
      api,
      this.#factsOf(api, request),
      { target: request.url ?? '/', rawHeaders: request.rawHeaders },
      this.#handshakeParts(),
    );
    this.#track(
      handshake.then(
        (verdict) => {
          if (verdict.kind === 'accepted') this.#accept(verdict, request, stream, head);
          else refuseWith(stream, verdict);
        },
        (error: unknown) => {
          this.#parts.log.error(`${api.name}: a connection failed: ${messageOf(error)}`);
          refuseWith(stream, refused('INTERNAL_ERROR'));
        },
      ),
    );
  }

  /** Every connection is told to go, and the functions of `$disconnect` hear of it. */
  async drain(): Promise<void> {
    this.#ending = true;
    while (this.#running.size > 0 || this.#connections.size > 0) {
      for (const connection of this.#connections.values()) {
        connection.close(GOING_AWAY);
        this.#forget(connection, { code: GOING_AWAY, reason: 'Going away' });
      }
      await Promise.allSettled(this.#running);
    }
  }

  close(): Promise<void> {
    this.#ending = true;
    const open = [...this.#connections.values()];
    this.#connections.clear();
    for (const connection of open) connection.terminate();
    this.#server?.close();
    return Promise.resolve();
  }

  async #open(): Promise<void> {
    const { httpPort, awsEndpoint } = this.#parts;
    const { WebSocketServer } = await import('ws');
    if (this.#server !== undefined) {
      // The port may have been somebody else's the last time.
      await httpPort.open();
      return;
    }
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: WEB_SOCKET_LIMITS.messageBytes,
      handleProtocols: (_offered, request) => this.#protocols.get(request) ?? false,
    });
    httpPort.mount(this);
    awsEndpoint.serve('execute-api', (request, response) => this.serve(request, response));
    await httpPort.open();
  }

  #find({ headers, url = '' }: IncomingMessage): WebSocketApiDefinition | undefined {
    const [path = ''] = url.split('?');
    return apiAt(this.#apis, { host: headers.host, path });
  }

  #apiOf({ apiId, stage }: ConnectionFacts): WebSocketApiDefinition | undefined {
    return this.#apis.find((api) => api.id === apiId && api.stage === stage);
  }

  #count(api: WebSocketApiDefinition): number {
    return [...this.#connections.values()].filter(({ facts }) => this.#apiOf(facts) === api).length;
  }

  #factsOf(api: WebSocketApiDefinition, request: IncomingMessage): ConnectionFacts {
    const { settings, clock, awsEndpoint } = this.#parts;
    const userAgent = headerOf(request, 'user-agent');
    return {
      connectionId: newId(),
      apiId: api.id,
      stage: api.stage,
      stageVariables: api.stageVariables,
      domainName:
        awsEndpoint.containerAddress ?? `${api.id}.execute-api.${settings.region}.amazonaws.com`,
      connectedAtMs: clock.now(),
      sourceIp: (request.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
      ...(userAgent === undefined ? {} : { userAgent }),
    };
  }

  #handshakeParts(): HandshakeParts {
    const { settings, clock, log } = this.#parts;
    return {
      region: settings.region,
      accountId: settings.accountId,
      now: () => clock.now(),
      invoke: (target, event, call) => this.#invoke(target, event, call),
      tell: (message) => log.warn(message),
    };
  }

  #accept(
    { facts, protocol }: Verdict & { kind: 'accepted' },
    request: IncomingMessage,
    stream: Duplex,
    head: Buffer,
  ): void {
    const { clock, queueClock } = this.#parts;
    if (stream.destroyed || this.#server === undefined) {
      this.#disconnected(facts, { code: 1006, reason: 'Connection closed abnormally' });
      return;
    }
    if (protocol !== undefined) this.#protocols.set(request, protocol);
    this.#server.handleUpgrade(request, stream, head, (socket) => {
      const connection = new Connection({
        socket,
        stream,
        facts,
        clock,
        queueClock,
        message: (from, body) => this.#track(this.#message(from, body)),
        ended: (which, end) => this.#forget(which, end),
      });
      this.#connections.set(connection.id, connection);
      if (this.#ending) connection.close(GOING_AWAY);
    });
  }

  #forget(connection: Connection, end: ConnectionEnd): void {
    if (this.#connections.delete(connection.id)) this.#disconnected(connection.facts, end);
  }

  #disconnected(facts: ConnectionFacts, end: ConnectionEnd): void {
    const route = this.#apiOf(facts)?.routes.find(({ routeKey }) => routeKey === DISCONNECT);
    if (route?.target === undefined) return;
    const moment = { requestId: newId(), nowMs: this.#parts.clock.now() };
    const event = disconnectEvent(facts, moment, end);
    // Nobody waits for what comes of it; a failure stands in the function's log.
    this.#track(this.#invoke(route.target, event, { ...route, about: DISCONNECT }));
  }

  async #message(connection: Connection, body: string): Promise<void> {
    const { facts } = connection;
    const api = this.#apiOf(facts);
    const requestId = newId();
    const key = parseSelection(api?.routeSelectionExpression ?? '')?.evaluate(body);
    const route = selectRoute(api?.routes ?? [], key);
    if (route === undefined) {
      connection.send(
        errorFrame('Forbidden', { connectionId: facts.connectionId, requestId }),
        true,
      );
      return;
    }
    if (route.target === undefined) return;
    const moment = { requestId, messageId: newId(), nowMs: this.#parts.clock.now() };
    const event = messageEvent(facts, moment, { routeKey: route.routeKey, body });
    const outcome = await this.#invoke(route.target, event, { ...route, about: route.routeKey });
    const frame = replyOf(outcome, route, { connectionId: facts.connectionId, requestId });
    if (frame.length > 0) connection.send(frame, isUtf8(frame));
  }

  #invoke(target: FunctionTarget, event: object, call: Call): Promise<Outcome | 'timed-out'> {
    return callFunction(this.#parts, target, event, call);
  }

  #track(work: Promise<unknown>): void {
    const tracked = work
      .catch((error: unknown) => this.#parts.log.error(`${this.name}: ${messageOf(error)}`))
      .finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }
}

function refuseWith(stream: Duplex, verdict: Verdict): void {
  if (verdict.kind === 'refused') refuse(stream, verdict.refusal);
}

function nameOf({ functionName, qualifier }: FunctionTarget): string {
  return qualifier === undefined ? functionName : `${functionName}:${qualifier}`;
}
