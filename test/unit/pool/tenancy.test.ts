import { describe, expect, it } from '@jest/globals';
import { beyondTenants, placeTenant, sparesLast } from '../../../src/pool/tenancy.js';
import { PoolBench } from '../../support/pool-bench.js';

interface Named {
  readonly id: string;
  readonly tenant: string | undefined;
}

const nobody: Named = { id: 'nobody', tenant: undefined };
const red: Named = { id: 'red', tenant: 'red' };
const blue: Named = { id: 'blue', tenant: 'blue' };

describe('the environment for a tenant', () => {
  it('is its own, else one that is nobody’s, and never another tenant’s', () => {
    expect(placeTenant('red', [red, nobody, blue], [])).toBe(red);
    expect(placeTenant('red', [nobody, blue], [red])).toBe(nobody);
    expect(placeTenant('red', [blue], [red, nobody])).toBe(red);
    expect(placeTenant('red', [blue], [nobody])).toBe(nobody);
    expect(placeTenant('red', [blue], [blue])).toBeUndefined();
  });

  it('has to be started when what is free is of others', () => {
    expect(beyondTenants(['red', 'red', 'blue'], [red, nobody, blue])).toEqual({
      waiting: 1,
      ready: 1,
    });
    expect(beyondTenants(['red'], [blue, blue])).toEqual({ waiting: 1, ready: 0 });
    expect(beyondTenants([], [blue, nobody])).toEqual({ waiting: 0, ready: 1 });
  });

  it('is kept as a spare while it is nobody’s', () => {
    expect(sparesLast([nobody, red, blue])).toEqual([red, blue, nobody]);
  });
});

describe('a pool with tenant isolation', () => {
  const bench = (options = {}): PoolBench => new PoolBench({ tenancy: 'per-tenant', ...options });
  const tenants = ({ pool }: PoolBench): (string | undefined)[] =>
    [...pool.environments].map(({ tenant }) => tenant);

  it('gives each tenant environments of its own and uses them again', async () => {
    const it = bench();
    for (const tenant of ['red', 'blue', 'red', 'blue', 'red']) {
      it.submit(it.pool, tenant);
      await it.clock.advanceAsync(200);
    }
    expect(it.endings).toEqual(Array<string>(5).fill('succeeded'));
    expect(tenants(it)).toEqual(['red', 'blue']);
    expect([...it.pool.environments].map(({ served }) => served)).toEqual([3, 2]);
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
    expect(tenants(it)).toEqual(['red']);
  });

  it('keeps spares that are nobody’s, and one becomes its first tenant’s', async () => {
    const it = bench({ rules: { spares: 1 } });
    it.pool.warm();
    await it.clock.advanceAsync(1_000);
    expect(tenants(it)).toEqual([undefined]);
    it.submit(it.pool, 'red');
    await it.clock.advanceAsync(1_000);
    expect(tenants(it)).toEqual(['red', undefined]);
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
    expect(tenants(it)).toEqual(['red', 'blue']);
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
