/** Processes inside one container of an image, started and ended from here. */

import type Docker from 'dockerode';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';

export interface DrivenProcess {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface ProcessEnd {
  readonly status: number | null;
  readonly signal: string | null;
  readonly output: Buffer;
}

export interface StartedProcess {
  readonly ended: Promise<ProcessEnd>;
  kill(): void;
}

export class ProcessDriver {
  readonly #container: Docker.Container;
  readonly #input: NodeJS.WritableStream;
  readonly #waiting = new Map<number, (end: ProcessEnd) => void>();
  #next = 0;

  private constructor(
    container: Docker.Container,
    input: NodeJS.WritableStream,
    output: NodeJS.ReadableStream,
  ) {
    this.#container = container;
    this.#input = input;
    createInterface({ input: output }).on('line', (line) => {
      const end = JSON.parse(line) as { id: number; output: string } & Omit<ProcessEnd, 'output'>;
      this.#waiting.get(end.id)?.({ ...end, output: Buffer.from(end.output, 'base64') });
      this.#waiting.delete(end.id);
    });
  }

  /** A container of `image` on the host's network, with folders of the host in it, read-only. */
  static async start(
    docker: Docker,
    image: string,
    command: readonly string[],
    folders: Readonly<Record<string, string>>,
  ): Promise<ProcessDriver> {
    const container = await docker.createContainer({
      Image: image,
      Cmd: [...command],
      OpenStdin: true,
      HostConfig: {
        NetworkMode: 'host',
        ReadonlyRootfs: true,
        Tmpfs: { '/tmp': 'exec' },
        Binds: Object.entries(folders).map(([inside, outside]) => `${outside}:${inside}:ro`),
      },
    });
    const stream = await container.attach({
      stream: true,
      stdin: true,
      stdout: true,
      stderr: true,
      hijack: true,
    });
    const output = new PassThrough();
    docker.modem.demuxStream(stream, output, process.stderr);
    await container.start();
    return new ProcessDriver(container, stream, output);
  }

  run(process: DrivenProcess): StartedProcess {
    const id = (this.#next += 1);
    const ended = new Promise<ProcessEnd>((resolve) => this.#waiting.set(id, resolve));
    this.#input.write(`${JSON.stringify({ id, ...process })}\n`);
    return { ended, kill: () => void this.#input.write(`${JSON.stringify({ id })}\n`) };
  }

  async remove(): Promise<void> {
    await this.#container.remove({ force: true });
  }
}
