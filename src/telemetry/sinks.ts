/**
 * The way to a listener inside an environment (contract 2.5): JSON arrays by HTTP, or lines of
 * JSON over TCP, at the environment's own address.
 */

import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Sink } from './delivery.js';
import type { Destination } from './subscription.js';

/** `address` gives the environment's address, undefined while it has none. */
export type OpenSink = (destination: Destination, address: () => string | undefined) => Sink;

export const openSink: OpenSink = (destination, address) =>
  destination.protocol === 'HTTP'
    ? new HttpSink(destination, address)
    : new TcpSink(destination, address);

class HttpSink implements Sink {
  readonly #destination: Extract<Destination, { protocol: 'HTTP' }>;
  readonly #address: () => string | undefined;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(
    destination: Extract<Destination, { protocol: 'HTTP' }>,
    address: () => string | undefined,
  ) {
    this.#destination = destination;
    this.#address = address;
  }

  send(batch: readonly string[], signal: AbortSignal): Promise<void> {
    const { host, port, path, method } = this.#destination;
    const address = this.#address();
    if (address === undefined) return Promise.reject(new Error('there is no address yet'));
    const body = Buffer.from(`[${batch.join(',')}]`);
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          agent: this.#agent,
          host: address,
          port,
          path,
          method,
          headers: {
            Host: host,
            'Content-Type': 'application/json',
            'Content-Length': body.length,
          },
          signal,
        },
        (response) => {
          const { statusCode = 0 } = response;
          response.resume();
          response.on('error', reject);
          response.on('end', () => {
            if (statusCode >= 200 && statusCode < 300) resolve();
            else reject(new Error(`the listener answered ${statusCode}`));
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

class TcpSink implements Sink {
  readonly #destination: Extract<Destination, { protocol: 'TCP' }>;
  readonly #address: () => string | undefined;
  #socket: Socket | undefined;

  constructor(
    destination: Extract<Destination, { protocol: 'TCP' }>,
    address: () => string | undefined,
  ) {
    this.#destination = destination;
    this.#address = address;
  }

  /** Taken is what the connection has taken: nobody answers here. */
  send(batch: readonly string[], signal: AbortSignal): Promise<void> {
    const address = this.#address();
    if (address === undefined) return Promise.reject(new Error('there is no address yet'));
    const socket = (this.#socket ??= this.#open(address));
    return new Promise((resolve, reject) => {
      const ended = (): void => {
        socket.destroy();
        reject(new Error('the connection ended'));
      };
      socket.once('close', ended);
      signal.addEventListener('abort', ended, { once: true });
      socket.write(batch.map((text) => `${text}\n`).join(''), (error) => {
        socket.removeListener('close', ended);
        signal.removeEventListener('abort', ended);
        if (error === undefined || error === null) resolve();
        else reject(error);
      });
    });
  }

  close(): void {
    this.#socket?.destroy();
  }

  #open(address: string): Socket {
    const socket = connect(this.#destination.port, address);
    // A listener may say what it likes; nobody asked.
    socket.resume();
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined;
    });
    return socket;
  }
}
