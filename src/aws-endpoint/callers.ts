/**
 * Whom the door for containers knows: each environment has credentials whose session token nobody
 * else has, and the services hand out others that are as good.
 */

import type { IncomingMessage } from 'node:http';
import { randomHex } from '../async/random.js';
import { sessionTokenOf, type Scope, type ScopedRequest } from './scope.js';

const TOKEN_BYTES = 32;
/** Addresses that a function has signed outlive it; those of so many are remembered. */
const MOST_TOKENS = 20_000;
const LARGEST_ANSWER_BYTES = 64 * 1024;
const IN_ANSWERS = /SessionToken(?:>|"\s*:\s*")([^<"]{16,4096})/;

export class Callers {
  readonly #tokens = new Set<string>();
  /** Of the user's own credentials, where functions have those. */
  readonly #accessKeyId: string | undefined;

  constructor(accessKeyId?: string) {
    this.#accessKeyId = accessKeyId;
  }

  /** A session token for one environment; undefined where all have the user's own credentials. */
  issue(): string | undefined {
    if (this.#accessKeyId !== undefined) return undefined;
    const token = randomHex(TOKEN_BYTES);
    this.#remember(token);
    return token;
  }

  knows(request: ScopedRequest, { accessKeyId }: Scope): boolean {
    if (accessKeyId !== undefined && accessKeyId === this.#accessKeyId) return true;
    const token = sessionTokenOf(request);
    if (token === undefined || !this.#tokens.delete(token)) return false;
    // Those in use stay, however many others are handed out.
    this.#tokens.add(token);
    return true;
  }

  /** Whoever was let in may use what STS and Cognito give out. */
  learn(answer: IncomingMessage): void {
    const pieces: Buffer[] = [];
    let bytes = 0;
    answer.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes <= LARGEST_ANSWER_BYTES) pieces.push(piece);
    });
    answer.once('end', () => {
      const token = IN_ANSWERS.exec(Buffer.concat(pieces).toString('utf8'))?.[1];
      if (token !== undefined) this.#remember(token);
    });
  }

  #remember(token: string): void {
    this.#tokens.add(token);
    if (this.#tokens.size <= MOST_TOKENS) return;
    for (const oldest of this.#tokens) {
      this.#tokens.delete(oldest);
      return;
    }
  }
}
