/** EventBridge over a real file and HTTP, with a clock that is moved by hand and targets that record. */

import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { VirtualClock } from '../../src/async/virtual-clock.js';
import { EventBridgeRuntime } from '../../src/event-bridge/runtime.js';
import type { Logger } from '../../src/log/logger.js';
import type { SourceParts } from '../../src/sources/source.js';
import { emptyStack, type Stack } from '../../src/stack/stack.js';
import { Targets, type SendToTarget, type TargetMessage } from '../../src/targets/targets.js';
import { ManualClock } from './manual-clock.js';

export const PLACE = { region: 'eu-west-1', accountId: '000000000000' };

export interface Sent {
  readonly arn: string;
  readonly body: string;
  readonly message: TargetMessage;
}

export class EventBridgeBench {
  /** Real time, which stands still. */
  readonly real = new ManualClock();
  /** Queue time. */
  clock = new VirtualClock(this.real);
  readonly sent: Sent[] = [];
  readonly warnings: string[] = [];
  /** Decides what becomes of what is sent. */
  onSend: SendToTarget = () => Promise.resolve();
  runtime: EventBridgeRuntime;
  readonly #folder: string;
  readonly #server: Server;
  readonly #clients: { destroy(): void }[] = [];
  readonly #given: object;
  readonly #waiting = new Set<() => void>();

  private constructor(folder: string) {
    this.#folder = folder;
    const targets = new Targets();
    for (const service of ['lambda', 'sqs', 'sns', 'kinesis', 'states']) {
      targets.serve(service, async (arn, message) => {
        this.sent.push({ arn, body: message.body.toString(), message });
        this.#tell();
        await this.onSend(arn, message);
      });
    }
    const log = {
      info: () => undefined,
      error: () => undefined,
      warn: (message: string) => {
        this.warnings.push(message);
        this.#tell();
      },
    } as unknown as Logger;
    this.#given = { settings: PLACE, clock: this.real, targets, log };
    targets.serve('events', (arn, message) => this.runtime.bridge.sendToBus(arn, message));
    this.runtime = this.#open();
    this.#server = createServer((request, response) => {
      const { events, scheduler } = this.runtime;
      const service = request.headers['x-amz-target'] === undefined ? scheduler : events;
      service.handle(request, response);
    });
  }

  static async make(): Promise<EventBridgeBench> {
    const bench = new EventBridgeBench(await mkdtemp(join(tmpdir(), 'event-bridge-')));
    await new Promise<void>((resolve) => {
      bench.#server.listen(0, '127.0.0.1', resolve);
    });
    return bench;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  events(): EventBridgeClient {
    return this.#client((options) => new EventBridgeClient(options));
  }

  scheduler(): SchedulerClient {
    return this.#client((options) => new SchedulerClient(options));
  }

  setFiles(stack: Partial<Stack>): void {
    this.runtime.setFiles({ ...emptyStack(), ...stack });
  }

  /** As a new process finds it; what was being sent is not waited for. */
  async reopen(): Promise<void> {
    await this.runtime.close();
    await this.real.advanceAsync(1000);
    this.clock = new VirtualClock(this.real);
    this.runtime = this.#open();
    this.runtime.start();
  }

  /** As `orchestrator time advance` does. */
  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.real.advanceAsync(0);
  }

  /** Queue time since the start, as ISO 8601 of the first day of 2026. */
  time(text: string): number {
    return Date.parse(`2026-01-01T${text}Z`);
  }

  /** Resolves when so many have been sent in all. */
  async untilSent(count: number): Promise<readonly Sent[]> {
    await this.until(() => this.sent.length >= count);
    return this.sent;
  }

  /** Looks again whenever something was sent or said. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
    }
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.runtime.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #open(): EventBridgeRuntime {
    // What else sources are made of is not looked at here.
    const parts = { ...this.#given, queueClock: this.clock } as unknown as SourceParts;
    return new EventBridgeRuntime(parts, join(this.#folder, 'event-bridge.db'));
  }

  #client<Client extends { destroy(): void }>(
    make: (options: {
      region: string;
      endpoint: string;
      credentials: { accessKeyId: string; secretAccessKey: string };
      maxAttempts: number;
    }) => Client,
  ): Client {
    const client = make({
      region: PLACE.region,
      endpoint: this.url,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    });
    this.#clients.push(client);
    return client;
  }

  #tell(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}
