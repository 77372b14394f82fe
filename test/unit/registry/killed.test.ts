import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionCommand,
  InvokeCommand,
  type LambdaClient,
  PublishVersionCommand,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import { ControlBench, creation } from '../../support/control-bench.js';
import { lambdaClient } from '../../support/aws-clients/lambda-client.js';

const SERVER = join(dirname(fileURLToPath(import.meta.url)), '../../support/control-server.js');

/** What the process was asked for and answered before it died. */
class Victim {
  readonly created = new Set<string>();
  readonly published = new Set<string>();
  readonly deleted = new Set<string>();
  readonly #child;
  readonly #gone = new AbortController();
  #client: LambdaClient | undefined;

  constructor(directory: string) {
    this.#child = spawn(process.execPath, [SERVER, directory], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  }

  /** Changes functions until the process is killed, which comes `changes` answers from now. */
  async changeUntilKilled(changes: number, prefix: string): Promise<void> {
    const port = await new Promise<string>((resolve, reject) => {
      this.#child.stdout.on('data', (chunk: Buffer) => {
        const found = /port (\d+)/.exec(chunk.toString())?.[1];
        if (found !== undefined) resolve(found);
      });
      this.#child.once('exit', () => reject(new Error('it ended by itself')));
    });
    this.#client = lambdaClient(`http://127.0.0.1:${port}`);
    const gone = new Promise<void>((resolve) =>
      this.#child.once('exit', () => {
        // A waiter would go on asking a process that is no more.
        this.#gone.abort();
        resolve();
      }),
    );
    let answered = 0;
    let problem: unknown;
    const count = (): void => {
      answered += 1;
      if (answered === changes) this.#child.kill('SIGKILL');
    };
    // Several at once, so that the kill finds some in the middle.
    const lanes = [0, 1, 2].map((lane) =>
      this.#lane(`${prefix}-${lane}`, count).catch((error: unknown) => {
        if (answered < changes) problem ??= error;
      }),
    );
    await Promise.all(lanes);
    // None is left that would bring the count there.
    this.#child.kill('SIGKILL');
    await gone;
    this.#client.destroy();
    if (problem !== undefined) throw problem;
  }

  async #lane(prefix: string, count: () => void): Promise<void> {
    const client = this.#client as LambdaClient;
    for (let index = 0; ; index += 1) {
      const FunctionName = `${prefix}-${index}`;
      const source = `exports.handler = async () => '${FunctionName}';`;
      await client.send(new CreateFunctionCommand(creation(FunctionName, source)));
      this.created.add(FunctionName);
      count();
      await waitUntilFunctionActiveV2(
        {
          client,
          maxWaitTime: 60,
          minDelay: 0.01,
          maxDelay: 0.05,
          abortSignal: this.#gone.signal,
        },
        { FunctionName },
      );
      await client.send(new PublishVersionCommand({ FunctionName }));
      const alias = { FunctionName, Name: 'prod', FunctionVersion: '1' };
      await client.send(new CreateAliasCommand(alias));
      this.published.add(FunctionName);
      count();
      if (index % 3 !== 2) continue;
      await client.send(new DeleteFunctionCommand({ FunctionName }));
      this.deleted.add(FunctionName);
      count();
    }
  }
}

describe('a process that is killed while functions are made', () => {
  it('loses nothing that was answered', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'killed-'));
    const victims: Victim[] = [];
    for (const [round, changes] of [1, 4, 11].entries()) {
      const victim = new Victim(directory);
      victims.push(victim);
      await victim.changeUntilKilled(changes, `r${round}`);
    }
    const bench = await new ControlBench(directory).start();
    try {
      for (const { created, published, deleted } of victims) {
        for (const FunctionName of created) {
          const got = bench.client.send(new GetFunctionCommand({ FunctionName }));
          if (deleted.has(FunctionName)) {
            await expect(got).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
            continue;
          }
          // A deletion may have been under way when the process died.
          const { Configuration } = await got.catch((error: Error) => {
            const index = Number(FunctionName.split('-').at(-1));
            if (!published.has(FunctionName) || index % 3 !== 2) throw error;
            return { Configuration: undefined };
          });
          if (Configuration === undefined) continue;
          expect(Configuration.FunctionName).toBe(FunctionName);
          const answer = new InvokeCommand({ FunctionName, Qualifier: 'prod' });
          if (published.has(FunctionName)) {
            expect((await bench.client.send(answer)).ExecutedVersion).toBe('1');
          }
        }
      }
    } finally {
      await bench.close();
    }
  }, 180_000);
});
