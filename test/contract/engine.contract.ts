/**
 * What every container engine promises (engine.ts, rules 1 to 6): one suite, run unchanged against
 * the fake and against Docker with each of its freezers.
 */

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type {
  Container,
  ContainerEngine,
  ContainerExit,
  ContainerSpec,
} from '../../src/engine/engine.js';

/** What a container is to do; harnesses turn it into a command or a program. */
export type Behaviour =
  | { readonly kind: 'says'; readonly text: string; readonly exitCode: number }
  | { readonly kind: 'waits' }
  /** Writes each line it is given, after `got `. */
  | { readonly kind: 'answers' }
  /** Writes a line now and then, for ever. */
  | { readonly kind: 'ticks' }
  /** Adds a line to a file on its scratch disk and writes how many it has. */
  | { readonly kind: 'counts' };

export interface EngineHarness {
  readonly engine: ContainerEngine;
  spec(behaviour: Behaviour, changes?: Partial<ContainerSpec>): ContainerSpec;
  /** Lets things happen until `holds`. */
  until(holds: () => boolean): Promise<void>;
  /** Lets some time pass for the containers. */
  pass(): Promise<void>;
  close(): Promise<void>;
}

class Observed {
  text = '';
  readonly exits: ContainerExit[] = [];
  /** What had been written when the exit was told. */
  textAtExit = '';

  output(chunk: Buffer): void {
    this.text += chunk.toString();
  }
  exited(exit: ContainerExit): void {
    this.exits.push(exit);
    this.textAtExit = this.text;
  }
}

export function describeEngineContract(
  name: string,
  open: () => Promise<EngineHarness>,
  limitMs: number,
): void {
  describe(`the engine contract: ${name}`, () => {
    let harness: EngineHarness;
    beforeAll(async () => {
      harness = await open();
    }, limitMs);
    afterAll(() => harness.close(), limitMs);

    async function make(
      behaviour: Behaviour,
      changes: Partial<ContainerSpec> = {},
    ): Promise<{ container: Container; seen: Observed }> {
      const seen = new Observed();
      const container = await harness.engine.create(harness.spec(behaviour, changes), {
        output: (chunk) => seen.output(chunk),
        exited: (exit) => seen.exited(exit),
      });
      return { container, seen };
    }

    it(
      'tells the exit once, after everything that was written',
      async () => {
        const { container, seen } = await make({ kind: 'says', text: 'all of it', exitCode: 3 });
        await container.start();
        await harness.until(() => seen.exits.length > 0);
        expect(seen.exits).toEqual([{ exitCode: 3, outOfMemory: false }]);
        expect(seen.textAtExit.trim()).toBe('all of it');
        await container.remove();
        expect(seen.exits).toHaveLength(1);
      },
      limitMs,
    );

    it(
      'says when it started',
      async () => {
        const { container } = await make({ kind: 'waits' });
        expect(container.startedAtMs).toBeUndefined();
        await container.start();
        expect(container.startedAtMs).toBeGreaterThan(0);
        await container.remove();
      },
      limitMs,
    );

    it(
      'kills at once, and killing what is dead is no error',
      async () => {
        const { container, seen } = await make({ kind: 'waits' });
        await container.kill();
        await container.start();
        await container.kill();
        await harness.until(() => seen.exits.length > 0);
        await container.kill();
        expect(seen.exits).toEqual([{ exitCode: 137, outOfMemory: false }]);
        await container.remove();
      },
      limitMs,
    );

    it.each(['running', 'frozen'])(
      'asks a %s container to end',
      async (state) => {
        const { container, seen } = await make({ kind: 'waits' });
        await container.start();
        if (state === 'frozen') await container.freeze();
        await container.terminate();
        await harness.until(() => seen.exits.length > 0);
        expect(seen.exits).toEqual([{ exitCode: 143, outOfMemory: false }]);
        await container.terminate();
        await container.remove();
      },
      limitMs,
    );

    it(
      'passes on what is written to it, after each start',
      async () => {
        const { container, seen } = await make({ kind: 'answers' }, { input: true });
        container.write('too early\n');
        for (const count of [1, 2]) {
          await container.start();
          container.write(`${count}\n`);
          await harness.until(() => seen.text.includes(`got ${count}\n`));
          await container.kill();
          await harness.until(() => seen.exits.length === count);
        }
        expect(seen.text).toBe('got 1\ngot 2\n');
        container.write('too late\n');
        await container.remove();
      },
      limitMs,
    );

    it(
      'starts again after an exit, with what is on the scratch disk',
      async () => {
        const { container, seen } = await make({ kind: 'counts' });
        for (const count of [1, 2, 3]) {
          await container.start();
          await harness.until(() => seen.exits.length === count);
        }
        expect(seen.text.trim().split(/\s+/)).toEqual(['1', '2', '3']);
        await container.remove();
      },
      limitMs,
    );

    it(
      'stands still while frozen and goes on when thawed',
      async () => {
        const { container, seen } = await make({ kind: 'ticks' });
        await container.start();
        await harness.until(() => seen.text.length > 0);
        await container.freeze();
        await harness.pass();
        const before = seen.text.length;
        await harness.pass();
        expect(seen.text).toHaveLength(before);
        await container.thaw();
        await harness.until(() => seen.text.length > before);
        await container.remove();
      },
      limitMs,
    );

    it(
      'kills and removes what is frozen',
      async () => {
        const killed = await make({ kind: 'waits' });
        await killed.container.start();
        await killed.container.freeze();
        await killed.container.kill();
        await harness.until(() => killed.seen.exits.length > 0);
        await killed.container.remove();
        const removed = await make({ kind: 'waits' });
        await removed.container.start();
        await removed.container.freeze();
        await removed.container.remove();
        await removed.container.remove();
      },
      limitMs,
    );

    it(
      'freezes and thaws many times over',
      async () => {
        const { container, seen } = await make({ kind: 'ticks' });
        await container.start();
        for (let pair = 0; pair < 10; pair += 1) {
          await container.freeze();
          await container.thaw();
        }
        const before = seen.text.length;
        await harness.until(() => seen.text.length > before);
        await container.remove();
      },
      limitMs,
    );

    it(
      'gives back the memory of frozen processes, and what they have used stays what it was',
      async () => {
        const { container, seen } = await make({ kind: 'ticks' });
        await container.start();
        await container.reclaim?.();
        await container.freeze();
        const used = container.peakMemoryBytes();
        await container.reclaim?.();
        expect(container.peakMemoryBytes()).toBe(used);
        await container.thaw();
        const before = seen.text.length;
        await harness.until(() => seen.text.length > before);
        await container.freeze();
        await container.remove();
      },
      limitMs,
    );

    it(
      'says that an image is missing',
      async () => {
        const spec = harness.spec({ kind: 'waits' }, { image: 'orchestrator/none:none' });
        const observer = { output: () => undefined, exited: () => undefined };
        await expect(harness.engine.create(spec, observer)).rejects.toMatchObject({
          code: 'image-missing',
        });
      },
      limitMs,
    );
  });
}

export function contractSpec(changes: Partial<ContainerSpec>): ContainerSpec {
  return {
    name: `orchestrator-contract-${Math.random().toString(36).slice(2)}`,
    image: '',
    environment: {},
    workingDirectory: '/tmp',
    hostName: 'sandbox.localdomain',
    hosts: {},
    labels: {},
    mounts: [],
    memoryBytes: 128 * 2 ** 20,
    cpus: 1,
    liftCpuDuringStart: false,
    scratch: { target: '/tmp', sizeMb: 512 },
    pidsLimit: 100,
    openFilesLimit: 1024,
    ...changes,
  };
}
