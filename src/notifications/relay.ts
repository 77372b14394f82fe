/**
 * Reads an internal queue by long poll and hands each message on. A message is deleted only once it
 * has been taken, so that nothing is lost when we are killed in between; then it comes again.
 */

import {
  DeleteMessageCommand,
  ReceiveMessageCommand,
  type Message,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { sleep, type Clock } from '../async/clock.js';
import { messageOf } from '../errors.js';
import type { Logger } from '../log/logger.js';

export interface RelayedMessage {
  readonly id: string;
  readonly body: string;
  /** Unix ms. */
  readonly sentMs: number;
}

export interface RelayParts {
  /** For messages to people, such as `notifications of buckets`. */
  readonly name: string;
  readonly sqs: () => Promise<SQSClient>;
  /** Of the queue. */
  readonly url: () => Promise<string>;
  /** Of the long poll. */
  readonly waitSeconds: number;
  /** Resolves when the message has been taken; what it rejects with may pass. */
  take(message: RelayedMessage): Promise<void>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn' | 'info'>;
}

const MOST_AT_ONCE = 10;
/** A message that was not taken comes again after this. */
const VISIBILITY_SECONDS = 10;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

export class Relay {
  readonly #parts: RelayParts;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #taken = 0;
  #trouble: string | undefined;

  constructor(parts: RelayParts) {
    this.#parts = parts;
    this.#running = this.#run();
  }

  /** Since the start. */
  get taken(): number {
    return this.#taken;
  }

  /** Why nothing comes; undefined when all is well. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Asks for nothing more; resolves when what was received has been taken or left. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('stopped'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const { clock, log, name } = this.#parts;
    let pauseMs = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      try {
        await this.#poll(signal);
        if (this.#trouble !== undefined) log.info(`${name} arrive again`);
        this.#trouble = undefined;
        pauseMs = FIRST_PAUSE_MS;
      } catch (error) {
        if (signal.aborted) return;
        if (this.#trouble === undefined) {
          log.warn(`${name} do not arrive: ${messageOf(error)}; trying again`);
        }
        this.#trouble = messageOf(error);
        await sleep(clock, pauseMs, signal).catch(() => undefined);
        pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
      }
    }
  }

  async #poll(signal: AbortSignal): Promise<void> {
    const [sqs, url] = await Promise.all([this.#parts.sqs(), this.#parts.url()]);
    const { Messages: messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: MOST_AT_ONCE,
        WaitTimeSeconds: this.#parts.waitSeconds,
        VisibilityTimeout: VISIBILITY_SECONDS,
        MessageSystemAttributeNames: ['SentTimestamp'],
      }),
      { abortSignal: signal },
    );
    await Promise.all(messages.map((message) => this.#hand(message, sqs, url)));
  }

  async #hand(message: Message, sqs: SQSClient, url: string): Promise<void> {
    const { MessageId: id = '', Body: body = '', Attributes: attributes } = message;
    const sentMs = Number(attributes?.SentTimestamp ?? this.#parts.clock.now());
    try {
      await this.#parts.take({ id, body, sentMs });
    } catch (error) {
      this.#parts.log.warn(
        `${this.#parts.name}: one is not taken, and comes again: ${messageOf(error)}`,
      );
      return;
    }
    this.#taken += 1;
    // A message that cannot be deleted comes again: it is delivered at least once.
    await sqs
      .send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message.ReceiptHandle }))
      .catch(() => undefined);
  }
}
