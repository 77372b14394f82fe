/** A door in front of the engine that a test opens, or takes away: until then nobody answers there. */

import { createServer, connect, type Server, type Socket } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ENGINE = process.env['DOCKER_HOST']?.replace(/^unix:\/\//, '') ?? '/var/run/docker.sock';

export class HeldEngine {
  readonly #server: Server;
  readonly #folder: string;
  readonly #sockets = new Set<Socket>();
  #open = false;

  static async listen(): Promise<HeldEngine> {
    const folder = await mkdtemp(join(tmpdir(), 'orchestrator-engine-'));
    const held = new HeldEngine(folder);
    await new Promise<void>((resolve) => held.#server.listen(held.#path, resolve));
    return held;
  }

  private constructor(folder: string) {
    this.#folder = folder;
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => this.#sockets.delete(socket));
      if (this.#open) lead(socket);
    });
  }

  /** For `DOCKER_HOST`. */
  get host(): string {
    return `unix://${this.#path}`;
  }

  /** It answers from now on, also those who wait. */
  open(): void {
    this.#open = true;
    for (const socket of this.#sockets) lead(socket);
  }

  /** It has gone. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #path(): string {
    return join(this.#folder, 'engine.sock');
  }
}

function lead(socket: Socket): void {
  const engine = connect({ path: ENGINE, allowHalfOpen: true });
  engine.on('error', () => socket.destroy());
  socket.once('close', () => engine.destroy());
  engine.once('close', () => socket.destroy());
  socket.pipe(engine);
  engine.pipe(socket);
}
