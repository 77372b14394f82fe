/**
 * Holds functions up until the test lets them go on: a request to it, from within a container or
 * not, is answered when the gate is opened, and says that the function has come so far.
 */

import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** JavaScript for handlers: waits at the gate whose port is in the event. */
export const WAIT_AT_GATE = `
const atGate = (port) => fetch('http://' + process.env.AWS_LAMBDA_RUNTIME_API.split(':')[0] + ':' + port);
`;

export class Gate {
  readonly #server: Server;
  readonly #held: ServerResponse[] = [];
  #onArrival: (() => void) | undefined;
  #arrivals = 0;

  constructor() {
    this.#server = createServer((_request, response) => {
      this.#held.push(response);
      this.#arrivals += 1;
      this.#onArrival?.();
    });
  }

  /** Containers reach it at the address of the Runtime API. */
  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.#server.listen(0, '0.0.0.0', () =>
        resolve((this.#server.address() as AddressInfo).port),
      );
    });
  }

  /** Resolves when one more has come than were waited for before. */
  async arrival(): Promise<void> {
    while (this.#arrivals === 0) {
      await new Promise<void>((resolve) => (this.#onArrival = resolve));
    }
    this.#arrivals -= 1;
  }

  /** Lets those go on who wait. */
  open(): void {
    for (const response of this.#held.splice(0)) response.end();
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
