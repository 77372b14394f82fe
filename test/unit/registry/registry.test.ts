import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LATEST } from '../../../src/registry/records.js';
import { FunctionRegistry } from '../../../src/registry/registry.js';
import type { RegistryStore } from '../../../src/registry/registry-store.js';
import { fileFunction } from '../../support/control-bench.js';

/** Rows in memory, as JSON, that a test can make unwritable. */
class Rows implements RegistryStore {
  readonly rows = new Map<string, string>();
  full = false;

  read(kind: string): readonly unknown[] {
    return [...this.rows]
      .filter(([key]) => key.startsWith(`${kind}:`))
      .map(([, text]) => JSON.parse(text) as unknown);
  }

  write(kind: string, name: string, document: unknown): void {
    if (this.full) throw new Error('the disk is full');
    if (document === undefined) this.rows.delete(`${kind}:${name}`);
    else this.rows.set(`${kind}:${name}`, JSON.stringify(document));
  }

  close(): void {}
}

let rows: Rows;
let registry: FunctionRegistry;
let told: string[];
let now: number;

function open(pathOf = (file: string) => `/packages/${file}`): FunctionRegistry {
  let revisions = 0;
  const opened = new FunctionRegistry({
    store: rows,
    clock: { now: () => now },
    pathOf,
    newRevisionId: () => `revision-${(revisions += 1)}`,
  });
  opened.onChanged = (name) => told.push(name);
  return opened;
}

beforeEach(() => {
  rows = new Rows();
  told = [];
  now = 1000;
  registry = open();
});

afterEach(() => registry.close());

const code = { file: 'abc.zip', sha256: 'sha', size: 3 };
const made = (name: string, memoryMb = 128) =>
  registry.newRevision({
    definition: fileFunction(name, '/ignored', { memoryMb }),
    details: {},
    layers: [],
    code,
  });

describe('functions made through the API', () => {
  it('are there again with paths of the present state folder', () => {
    registry.setLatest('orders', made('orders'));
    expect(told).toEqual(['orders']);
    const again = open((file) => `/moved/${file}`);
    expect(again.names()).toEqual(['orders']);
    expect(again.latest('orders')).toMatchObject({ codePath: '/moved/abc.zip' });
    expect([...again.packages()]).toEqual(['abc.zip']);
  });

  it('are as before when a change cannot be written', () => {
    registry.setLatest('orders', made('orders'));
    rows.full = true;
    expect(() => registry.setLatest('orders', made('orders', 256))).toThrow('the disk is full');
    expect(() => registry.remove('orders')).toThrow('the disk is full');
    expect(registry.latest('orders')?.memoryMb).toBe(128);
    expect(told).toEqual(['orders']);
  });

  it('go with everything that hangs on them', () => {
    registry.setLatest('orders', made('orders'));
    registry.change('orders', (record) => {
      record.tags = { a: '1' };
    });
    registry.remove('orders');
    registry.setLatest('orders', made('orders'));
    expect(registry.record('orders').tags).toEqual({});
  });
});

describe('the dead-letter queue of an event', () => {
  it('is that of the version it is for', () => {
    const latest = registry.newRevision({
      definition: fileFunction('orders', '/ignored', { deadLetterTargetArn: 'new' }),
      details: {},
      layers: [],
      code,
    });
    const definition = fileFunction('orders', '/ignored', { deadLetterTargetArn: 'old' });
    registry.setLatest('orders', latest);
    registry.change('orders', (record) => {
      record.versions.push({ ...latest, definition, version: '1', fingerprint: 'f' });
      const alias = { version: '1', description: '', weights: {}, revisionId: 'r' };
      record.aliases['prod'] = { ...alias, name: 'prod' };
    });
    const targets = [undefined, '1', 'prod'].map(
      (qualifier) => registry.eventInvokeConfig('orders', qualifier).deadLetterTargetArn,
    );
    expect(targets).toEqual(['new', 'old', 'old']);
  });
});

describe('what a file says of a function’s events', () => {
  const says = (maximumRetryAttempts: number) =>
    fileFunction('orders', '/ignored', {
      eventInvoke: { maximumRetryAttempts, onFailureArn: 'arn:aws:sqs:us-east-1:1:failed' },
      autoPublish: { alias: 'live' },
    });
  const retries = (qualifier?: string) =>
    registry.eventInvokeConfig('orders', qualifier).maximumRetryAttempts;

  it('is for the alias that it is published for, and for no other', () => {
    registry.setFiles([says(0)]);
    expect([undefined, 'live', 'other', '1'].map(retries)).toEqual([0, 0, undefined, undefined]);
    expect(registry.eventInvokeConfig('orders', 'live').onFailureArn).toMatch(/failed$/);
    expect(registry.eventInvokeQualifiers('orders')).toEqual(['$LATEST', 'live']);
  });

  it('takes the place of what the API said of that alias, once it changes', () => {
    registry.setFiles([says(0)]);
    registry.change('orders', ({ eventInvoke }) => {
      eventInvoke['live'] = { maximumRetryAttempts: 2, modifiedAtMs: 1 };
      eventInvoke['other'] = { maximumRetryAttempts: 2, modifiedAtMs: 1 };
    });
    expect([undefined, 'live', 'other'].map(retries)).toEqual([0, 2, 2]);
    registry.setFiles([says(1)]);
    expect([undefined, 'live', 'other'].map(retries)).toEqual([1, 1, 2]);
  });
});

describe('what is being done to a function', () => {
  it('ends with it, and not what is done to the next one of its name', () => {
    const first = registry.begin('orders', 'creating');
    registry.setLatest('orders', made('orders'));
    registry.remove('orders');
    expect(registry.progress('orders')).toBeUndefined();
    const second = registry.begin('orders', 'creating');
    first();
    expect(registry.progress('orders')).toBe('creating');
    second();
    expect(registry.progress('orders')).toBeUndefined();
  });
});

describe('functions from files', () => {
  it('hide those of the API with their name, and give them back', () => {
    registry.setLatest('orders', made('orders', 512));
    expect(registry.setFiles([fileFunction('orders', '/project')]).hidden).toEqual(['orders']);
    expect(registry.latest('orders')).toMatchObject({ codePath: '/project', memoryMb: 128 });
    registry.setFiles([]);
    expect(registry.latest('orders')?.memoryMb).toBe(512);
  });

  it('are told of only when they change', () => {
    registry.setFiles([fileFunction('a', '/a'), fileFunction('b', '/b')]);
    told = [];
    registry.setFiles([fileFunction('a', '/a'), fileFunction('b', '/b', { memoryMb: 256 })]);
    expect(told).toEqual(['b']);
    told = [];
    registry.setFiles([fileFunction('b', '/b', { memoryMb: 256 })]);
    expect(told).toEqual(['a']);
    expect(registry.names()).toEqual(['b']);
  });

  it('are as the API changed them until their file changes', () => {
    registry.setFiles([fileFunction('a', '/a')]);
    registry.setLatest('a', made('a', 512));
    registry.setFiles([fileFunction('a', '/a')]);
    expect(registry.latest('a')?.memoryMb).toBe(512);
    expect(open().names()).toEqual([]);
    registry.setFiles([fileFunction('a', '/a', { memoryMb: 256 })]);
    expect(registry.latest('a')?.memoryMb).toBe(256);
  });

  it('get their own code back when it changes, unless only their configuration was replaced', () => {
    registry.setFiles([fileFunction('a', '/a')]);
    registry.setLatest('a', made('a', 512));
    registry.codeChanged('a');
    expect(registry.latest('a')).toMatchObject({ codePath: '/a', memoryMb: 128 });
    const definition = fileFunction('a', '/a', { memoryMb: 512 });
    registry.setLatest('a', registry.newRevision({ definition, details: {}, layers: [] }));
    registry.codeChanged('a');
    expect(registry.latest('a')).toMatchObject({ codePath: '/a', memoryMb: 512 });
  });

  it('that are deleted come back when their file changes', () => {
    registry.setFiles([fileFunction('a', '/a')]);
    registry.remove('a');
    expect(registry.names()).toEqual([]);
    registry.setFiles([fileFunction('a', '/a', { memoryMb: 256 })]);
    expect(registry.names()).toEqual(['a']);
  });

  it('keep what hangs on them by name', () => {
    registry.setFiles([fileFunction('a', '/a')]);
    registry.change('a', (record) => {
      record.aliases['prod'] = {
        name: 'prod',
        version: LATEST,
        description: '',
        weights: {},
        revisionId: '',
      };
    });
    const again = open();
    expect(again.alias('a', 'prod')).toBeUndefined();
    again.setFiles([fileFunction('a', '/a')]);
    expect(again.alias('a', 'prod')).toMatchObject({ version: LATEST });
  });
});

describe('what is watched', () => {
  it('is every folder of users, and no package of ours', () => {
    registry.setFiles([fileFunction('a', '/a', { layerPaths: ['/layer'] })]);
    registry.setLatest('zip', made('zip'));
    const definition = fileFunction('local', '/local');
    registry.setLatest('local', registry.newRevision({ definition, details: {}, layers: [] }));
    expect(registry.folders()).toEqual([
      { name: 'a', paths: ['/a', '/layer'] },
      { name: 'local', paths: ['/local'] },
    ]);
  });
});
