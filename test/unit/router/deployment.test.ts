import { describe, expect, it } from '@jest/globals';
import type { Assignment } from '../../../src/environment/assignment.js';
import { OrchestratorError } from '../../../src/errors.js';
import type {
  FunctionDefinition,
  FunctionVersion,
} from '../../../src/function/function-version.js';
import type { Outcome } from '../../../src/invocation/outcome.js';
import type { Pool } from '../../../src/pool/pool.js';
import { Deployment } from '../../../src/router/deployment.js';

const DEFINITION = { name: 'f' } as FunctionDefinition;

/** A deployment whose builds are answered by the test and whose pools only take note. */
class Bench {
  now = 0;
  readonly builds: { succeed: (key: string) => void; fail: () => void }[] = [];
  readonly pools: { key: string; submitted: string[]; closed: boolean }[] = [];
  readonly told: string[] = [];
  readonly discarded: string[] = [];
  readonly outcomes: Outcome[] = [];
  readonly deployment = new Deployment(DEFINITION, {
    build: () =>
      new Promise((resolve, reject) => {
        this.builds.push({
          succeed: (key) => resolve({ ...DEFINITION, key } as FunctionVersion),
          fail: () => reject(new OrchestratorError('build-failed', 'no')),
        });
      }),
    describeUnbuilt: () => ({ ...DEFINITION, key: '' }) as FunctionVersion,
    openPool: (version) => {
      const notes = { key: version.key, submitted: [] as string[], closed: false };
      this.pools.push(notes);
      return {
        version,
        waiting: 0,
        submit: ({ request }: Assignment) => notes.submitted.push(request.requestId),
        close: () => {
          notes.closed = true;
          return [];
        },
        empty: () => Promise.resolve(),
      } as unknown as Pool;
    },
    replaced: (version) => this.told.push(version.key),
    failed: (_definition, error) => this.told.push(error.code),
    monotonic: () => this.now,
    discarded: (version) => this.discarded.push(version.key),
  });

  submit(requestId: string): void {
    this.deployment.submit({
      request: { requestId } as Assignment['request'],
      waitedForInit: false,
      settle: (outcome) => void this.outcomes.push(outcome),
    });
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a deployment', () => {
  it('keeps events waiting while its version is made, then passes them on in order', async () => {
    const bench = new Bench();
    bench.submit('a');
    bench.submit('b');
    expect(bench.deployment.waiting).toBe(2);
    bench.builds[0]?.succeed('one');
    await turn();
    expect(bench.pools).toEqual([{ key: 'one', submitted: ['a', 'b'], closed: false }]);
    expect(bench.deployment.state).toBe('ready');
  });

  it('gives the next event what the files hold now, even when they change during a build', async () => {
    const bench = new Bench();
    bench.submit('a');
    bench.deployment.codeChanged();
    bench.builds[0]?.succeed('one');
    await turn();
    expect(bench.pools[0]?.submitted).toEqual([]);
    bench.builds[1]?.succeed('two');
    await turn();
    expect(bench.pools.map(({ key, submitted, closed }) => [key, submitted, closed])).toEqual([
      ['one', [], true],
      ['two', ['a'], false],
    ]);
    // No environment of the first one is left.
    expect(bench.discarded).toEqual(['one']);
  });

  it('keeps its pool when nothing that matters has changed', async () => {
    const bench = new Bench();
    bench.submit('a');
    bench.builds[0]?.succeed('one');
    await turn();
    bench.deployment.codeChanged();
    bench.submit('b');
    bench.builds[1]?.succeed('one');
    await turn();
    expect(bench.pools).toEqual([{ key: 'one', submitted: ['a', 'b'], closed: false }]);
    expect([bench.told, bench.discarded]).toEqual([['one'], ['one']]);
  });

  it('refuses events with what went wrong, and tries again later or after a change', async () => {
    const bench = new Bench();
    bench.submit('a');
    bench.builds[0]?.fail();
    await turn();
    bench.submit('b');
    expect(bench.outcomes).toEqual([
      { kind: 'refused', error: expect.objectContaining({ code: 'build-failed' }) },
      { kind: 'refused', error: expect.objectContaining({ code: 'build-failed' }) },
    ]);
    expect([bench.deployment.state, bench.builds.length]).toEqual(['failed', 1]);
    bench.now = 60_000;
    bench.submit('c');
    bench.builds[1]?.succeed('one');
    await turn();
    expect(bench.pools[0]?.submitted).toEqual(['c']);
  });

  it('does not build again for events that came while a build was failing', async () => {
    const bench = new Bench();
    bench.submit('a');
    bench.builds[0]?.fail();
    await turn();
    for (let build = 1; build <= 3; build += 1) {
      bench.now += 60_000;
      bench.submit('b');
      bench.now += 60_000;
      bench.submit('c');
      bench.builds[build]?.fail();
      await turn();
      expect([bench.builds.length, bench.outcomes.length]).toEqual([build + 1, 1 + 2 * build]);
    }
  });

  it('refuses what waits when it is closed', () => {
    const bench = new Bench();
    bench.submit('a');
    bench.deployment.close(new OrchestratorError('shutting-down', 'bye'));
    bench.submit('b');
    expect(bench.outcomes).toHaveLength(2);
  });
});

describe('a deployment that was removed', () => {
  it('says nothing of a build that its removal broke', async () => {
    const bench = new Bench();
    void bench.deployment.ready();
    bench.deployment.remove(new OrchestratorError('function-not-found', 'gone'));
    bench.builds[0]?.fail();
    await turn();
    expect(bench.told).toEqual([]);
  });
});
