/** Answers as bytes, as they come on a connection that stays open. */

import type { Socket } from 'node:net';

/** Reads whole answers off a socket, one after the other. */
export class RawAnswers {
  readonly #socket: Socket;
  #text = '';
  /** Less is no whole answer. */
  #wantedLength = 0;
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (piece: Buffer) => {
      this.#text += piece.toString('latin1');
      this.#wake();
    });
    socket.on('close', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  /** The next one, or what there was of it when the connection ended. */
  async next(): Promise<string> {
    for (;;) {
      if (this.#text.length >= this.#wantedLength) {
        const end = endOfAnswer(this.#text);
        if (end !== undefined && end <= this.#text.length) return this.#take(end);
        this.#wantedLength = end ?? 0;
      }
      if (this.#ended) return this.#take(this.#text.length);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** All that comes until the connection ends. */
  async rest(): Promise<string> {
    while (!this.#ended) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#text;
  }

  #take(length: number): string {
    const answer = this.#text.slice(0, length);
    this.#text = this.#text.slice(length);
    this.#wantedLength = 0;
    return answer;
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

function endOfAnswer(text: string): number | undefined {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(text.slice(0, headEnd + 2))?.[1] ?? '0';
  return headEnd + 4 + Number(length);
}

/** Without what is another one in each answer. */
export function comparable(answer: string): string {
  return answer
    .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uuid>')
    .replace(/Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16}/g, 'Root=<root>')
    .replace(/\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/, '\r\nDate: <date>\r\n');
}
