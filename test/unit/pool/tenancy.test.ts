import { describe, expect, it } from '@jest/globals';
import type { Assignment } from '../../../src/environment/assignment.js';
import type { EnvironmentState } from '../../../src/environment/lifecycle.js';
import { Tenants } from '../../../src/pool/tenancy.js';
import { PoolBench } from '../../support/pool-bench.js';

interface Fake {
  readonly id: string;
  readonly state: EnvironmentState;
}

const nobody: Fake = { id: 'nobody', state: 'frozen' };
const red: Fake = { id: 'red', state: 'frozen' };
const blue: Fake = { id: 'blue', state: 'reset' };

function owned(): Tenants<Fake> {
  const tenants = new Tenants<Fake>();
  tenants.bind(red, 'red');
  tenants.bind(blue, 'blue');
  return tenants;
}

const of = (tenantId: string): Assignment => ({ request: { tenantId } }) as unknown as Assignment;

describe('the environment for a tenant', () => {
  it('is its own, else one that is nobody’s, and never another tenant’s', () => {
    const tenants = owned();
    expect(tenants.place('red', [red, nobody, blue], [])).toBe(red);
    expect(tenants.place('red', [nobody, blue], [red])).toBe(nobody);
    expect(tenants.place('red', [blue], [red, nobody])).toBe(red);
    expect(tenants.place('red', [blue], [nobody])).toBe(nobody);
    expect(tenants.place('red', [blue], [blue])).toBeUndefined();
  });

  it('stays its own', () => {
    const tenants = owned();
    tenants.bind(red, 'red');
    expect(() => tenants.bind(red, 'blue')).toThrow('second tenant');
  });

  it('has to be started when what is free is of others', () => {
    const tenants = owned();
    const all = [of('red'), of('red'), of('blue')];
    expect(tenants.load(all, [red, nobody, blue])).toEqual({ waiting: 1, ready: 1 });
    expect(tenants.load([of('red')], [blue, { ...red, state: 'invoking' }])).toEqual({
      waiting: 1,
      ready: 0,
    });
    expect(tenants.load([], [blue, nobody], 'blue')).toEqual({ waiting: 0, ready: 1 });
    expect(tenants.load([of('blue')], [blue, nobody], 'blue')).toEqual({ waiting: 1, ready: 1 });
  });

  it('is kept as a spare while it is nobody’s', () => {
    expect(owned().sparesLast([nobody, red, blue])).toEqual([red, blue, nobody]);
  });
});

describe('a pool with tenant isolation', () => {
  const bench = (options = {}): PoolBench => new PoolBench({ tenancy: 'per-tenant', ...options });
  const served = ({ pool }: PoolBench): number[] =>
    [...pool.environments].map((environment) => environment.served);

  it('gives each tenant environments of its own and uses them again', async () => {
    const it = bench();
    for (const tenant of ['red', 'blue', 'red', 'blue', 'red']) {
      it.submit(it.pool, tenant);
      await it.clock.advanceAsync(200);
    }
    expect(it.endings).toEqual(Array<string>(5).fill('succeeded'));
    expect(served(it)).toEqual([3, 2]);
  });

  it('does not let one tenant’s waiting invocations hold up another’s', async () => {
    const it = bench();
    it.submit(it.pool, 'red');
    it.submit(it.pool, 'blue');
    await it.clock.advanceAsync(200);
    it.delayMs = (call) => (call === 'create' ? 5_000 : 0);
    it.handleMs = ({ tenantId }) => (tenantId === 'red' ? 2_000 : 1);
    for (const tenant of ['red', 'red', 'red', 'blue']) it.submit(it.pool, tenant);
    await it.clock.advanceAsync(50);
    expect(it.outcomes).toHaveLength(3);
    await it.clock.advanceAsync(20_000);
    expect(it.endings).toEqual(Array<string>(6).fill('succeeded'));
  });

  it('retires an idle environment of another tenant when there is no room beside it', async () => {
    const it = bench({ budgetMb: 128 });
    for (const tenant of ['red', 'blue', 'red']) {
      it.submit(it.pool, tenant);
      await it.clock.advanceAsync(5_000);
    }
    expect(it.endings).toEqual(Array<string>(3).fill('succeeded'));
    expect(it.count('create')).toBe(3);
    expect(served(it)).toEqual([1]);
  });

  it('keeps spares that are nobody’s, and one becomes its first tenant’s', async () => {
    const it = bench({ rules: { spares: 1 } });
    it.pool.warm();
    await it.clock.advanceAsync(1_000);
    expect(served(it)).toEqual([0]);
    it.submit(it.pool, 'red');
    await it.clock.advanceAsync(1_000);
    expect(served(it)).toEqual([1, 0]);
    expect(it.outcomes).toHaveLength(1);
  });

  it('starts the processes of an environment again for its own tenant only', async () => {
    const it = bench({ timeoutSeconds: 1 });
    it.handleMs = ({ requestId }) => (requestId === 'r1' ? 60_000 : 1);
    it.submit(it.pool, 'red');
    await it.clock.advanceAsync(2_000);
    it.submit(it.pool, 'blue');
    await it.clock.advanceAsync(1_000);
    it.submit(it.pool, 'red');
    await it.clock.advanceAsync(1_000);
    expect(it.endings).toEqual(['function-failed', 'succeeded', 'succeeded']);
    expect(served(it)).toEqual([2, 1]);
    expect(it.count('create')).toBe(2);
  });

  it('counts the scaling rate by the environments that are needed', async () => {
    const it = bench({ scalingRate: 2 });
    for (const tenant of ['red', 'blue', 'red', 'green', 'blue']) {
      it.submit(it.pool, tenant);
      await it.clock.advanceAsync(200);
    }
    expect(it.endings).toEqual(['succeeded', 'succeeded', 'succeeded', 'throttled', 'succeeded']);
  });

  it('refuses an invocation without a tenant', () => {
    const it = bench();
    it.submit();
    expect(it.endings).toEqual(['tenant-missing']);
  });
});
