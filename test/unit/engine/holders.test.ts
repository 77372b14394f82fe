import { describe, expect, it } from '@jest/globals';
import type Docker from 'dockerode';
import { Holders } from '../../../src/engine/docker/holders.js';

const KIND = { image: 'image', hostName: 'host' };

describe('networks made ahead', () => {
  it('are made again once an engine is back that was away while some were made', async () => {
    let isThere = false;
    let asked = 0;
    const container = {
      id: 'c',
      start: () => Promise.resolve(),
      inspect: () => Promise.resolve({ HostsPath: '', NetworkSettings: {} }),
    };
    const createContainer = (): Promise<unknown> => {
      asked += 1;
      return isThere ? Promise.resolve(container) : Promise.reject(new Error('nobody is there'));
    };
    const holders = new Holders({ createContainer } as unknown as Docker, {
      network: 'net',
      hostAddress: '10.0.0.1',
      labels: {},
    });
    await holders.makeAhead(KIND);
    isThere = true;
    await holders.makeAhead(KIND);
    expect([asked, holders.take('host')]).toEqual([3, undefined]);
    holders.engineBack();
    await holders.makeAhead(KIND);
    expect(holders.take('host')).toBeDefined();
  });
});
