import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LABEL } from '../../src/engine/labels.js';
import { NO_PRIVATE_ENGINE, PrivateEngine } from '../support/private-engine.js';
import { processesNaming } from '../support/proc.js';
import { until, type Answer } from '../support/project.js';
import {
  projectFolder,
  removeFolder,
  up,
  type RunningUp,
  type SeenEnvironment,
} from '../support/running-up.js';

const LIMIT_MS = 120_000;
const SCRATCH_ROOT = '/var/tmp/orchestrator';
const AWAY = 'the container engine has gone away; trying to reach it again';
const BACK = 'the container engine is back';
const CLIENTS = 4;

const WORK = `
let count = 0;
export const handler = async (event) => {
  count += 1;
  if (event.sleepMs) await new Promise((resolve) => setTimeout(resolve, event.sleepMs));
  return { count };
};
`;

/** Clients that invoke one after the other until they are told to stop. */
class Load {
  readonly answers: Answer[] = [];
  asked = 0;
  #stopped = false;
  readonly #clients: Promise<void>[];

  constructor(orchestrator: RunningUp) {
    this.#clients = Array.from({ length: CLIENTS }, async () => {
      while (!this.#stopped) {
        this.asked += 1;
        this.answers.push(await orchestrator.invoke('work', { sleepMs: 50 }));
      }
    });
  }

  get succeeded(): number {
    return this.answers.filter(isSuccess).length;
  }

  /** Resolves when every client has had its last answer. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients);
  }
}

function isSuccess(answer: Answer): boolean {
  return answer.status === 200 && answer.headers['x-amz-function-error'] === undefined;
}

/** As Lambda words what went wrong: the function's end, its own trouble, or no room. */
function isLambdaShaped(answer: Answer): boolean {
  if (isSuccess(answer)) return true;
  const body = answer.json as Record<string, unknown>;
  if (answer.status === 200) return body['errorType'] === 'Runtime.ExitError';
  return answer.headers['x-amzn-errortype'] === 'ServiceException' && body['Type'] === 'Service';
}

function served(environments: readonly SeenEnvironment[]): number {
  return environments.reduce((sum, { invocations }) => sum + invocations, 0);
}

const title = 'an engine that is restarted';
if (NO_PRIVATE_ENGINE !== undefined) {
  describe.skip(`${title} (skipped: ${NO_PRIVATE_ENGINE})`, () => it('is not tested', () => {}));
} else {
  describe(title, () => {
    let engine: PrivateEngine;
    let directory: string;
    let orchestrator: RunningUp;

    beforeAll(async () => {
      engine = await PrivateEngine.start();
      await engine.load('nodejs22.x');
      directory = await projectFolder({ work: { files: { 'index.mjs': WORK }, timeout: 20 } });
      orchestrator = await up(directory, { engine });
    }, LIMIT_MS);
    afterAll(async () => {
      await orchestrator?.end('SIGKILL');
      await engine?.close();
      if (directory !== undefined) await removeFolder(directory);
    }, LIMIT_MS);

    /** How often the orchestrator has said something. */
    function said(message: string): number {
      return orchestrator.messages.filter((text) => text === message).length;
    }

    /** The environments, once all of them and a spare rest. */
    async function allFrozen(): Promise<SeenEnvironment[]> {
      let seen: SeenEnvironment[] = [];
      await until(async () => {
        seen = await orchestrator.environments('work');
        return seen.length > 1 && seen.every(({ state }) => state === 'frozen');
      });
      return seen;
    }

    /** Runs `interrupt` under load; every invocation must have got one answer, and good ones last. */
    async function underLoad(interrupt: () => Promise<void>): Promise<void> {
      const backs = said(BACK);
      const load = new Load(orchestrator);
      await until(() => load.succeeded > 2 * CLIENTS);
      await interrupt();
      await until(
        () => said(BACK) === backs + 1,
        () => orchestrator.messages,
      );
      const before = load.succeeded;
      await until(
        () => load.succeeded > before + 2 * CLIENTS,
        () => orchestrator.messages,
      );
      await load.stop();
      expect(load.answers).toHaveLength(load.asked);
      expect(load.answers.filter((answer) => !isLambdaShaped(answer))).toEqual([]);
      expect(said(AWAY)).toBe(backs + 1);
    }

    it(
      'leaves frozen environments serving while it is gone, as their processes live on',
      async () => {
        await orchestrator.invoke('work');
        const before = await allFrozen();
        const backs = said(BACK);
        await engine.kill();
        await until(() => said(AWAY) === backs + 1);
        for (let call = 0; call < 3; call += 1) {
          expect(isSuccess(await orchestrator.invoke('work'))).toBe(true);
        }
        const after = await allFrozen();
        expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
        expect(served(after)).toBe(served(before) + 3);
        await engine.start();
        await until(() => said(BACK) === backs + 1);
        // It ended what it found running: new processes serve.
        await until(async () => isSuccess(await orchestrator.invoke('work')));
      },
      LIMIT_MS,
    );

    it(
      'under load is survived when its service manager stops and starts it',
      () =>
        underLoad(async () => {
          await engine.stop();
          await engine.start();
        }),
      LIMIT_MS,
    );

    it(
      'under load is survived when it crashes and comes back without the network of the run',
      () =>
        underLoad(async () => {
          await engine.kill();
          await engine.loseNetworks();
          await engine.start();
        }),
      LIMIT_MS,
    );

    it('is told of once for each break, and no environment is given up aloud', () => {
      expect(orchestrator.messages.filter((text) => text !== AWAY && text !== BACK)).toEqual([]);
    });

    async function runId(): Promise<string> {
      const [network] = await engine.docker.listNetworks({ filters: { label: [LABEL.run] } });
      return network?.Labels?.[LABEL.run] ?? '';
    }

    async function expectNothingOf(run: string): Promise<void> {
      expect(run).not.toBe('');
      expect(await engine.docker.listContainers({ all: true })).toEqual([]);
      expect(await engine.docker.listNetworks({ filters: { label: [LABEL.run] } })).toEqual([]);
      expect(await readFile('/proc/mounts', 'utf8')).not.toContain(run);
      expect(existsSync(join(SCRATCH_ROOT, run))).toBe(false);
      expect(processesNaming(run)).toEqual([]);
    }

    it(
      'leaves nothing behind once the orchestrator ends',
      async () => {
        const run = await runId();
        expect(await orchestrator.end('SIGTERM')).toBe(0);
        await expectNothingOf(run);
      },
      LIMIT_MS,
    );

    it(
      'that is gone when the orchestrator ends is cleared by the watchdog once it is back',
      async () => {
        orchestrator = await up(directory, { engine });
        await orchestrator.invoke('work');
        const run = await runId();
        await engine.kill();
        expect(await orchestrator.end('SIGTERM')).not.toBe(0);
        expect(orchestrator.errors).toContain('cleared');
        await engine.start();
        await until(() => processesNaming(run).length === 0);
        await expectNothingOf(run);
      },
      LIMIT_MS,
    );
  });
}
