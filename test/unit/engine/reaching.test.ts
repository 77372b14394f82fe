import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../support/manual-clock.js';
import type Docker from 'dockerode';
import { isNewer } from '../../../src/engine/docker/connect.js';
import { within } from '../../../src/engine/docker/deadline.js';
import { engineError } from '../../../src/engine/docker/errors.js';
import { addresses, makeNetwork, refuseRemote } from '../../../src/engine/docker/network.js';

function dockerAt(modem: object): Docker {
  return { modem } as unknown as Docker;
}

describe('where containers reach us', () => {
  it('is the bridge, when its address is one of this machine', async () => {
    expect(await addresses('127.0.0.1')).toEqual({
      hostAddress: '127.0.0.1',
      listenAddress: '127.0.0.1',
    });
  });

  it('is what the engine calls its host, when the bridge is in a virtual machine', async () => {
    // An address of the range kept for examples: nobody has it.
    expect(await addresses('198.51.100.1')).toEqual({
      hostAddress: 'host-gateway',
      listenAddress: '127.0.0.1',
    });
  });
});

describe('an engine on another machine', () => {
  it('is refused with what to do instead', async () => {
    for (const modem of [
      { host: '198.51.100.1', protocol: 'http' },
      { host: 'localhost', protocol: 'ssh' },
    ]) {
      await expect(refuseRemote(dockerAt(modem))).rejects.toMatchObject({
        code: 'not-supported',
        remedy: expect.stringContaining('on that machine') as unknown,
      });
    }
  });

  it('is not mistaken for one reached by TCP on this machine, or by a socket', async () => {
    await refuseRemote(dockerAt({ host: '127.0.0.1', protocol: 'https' }));
    await refuseRemote(dockerAt({ host: 'localhost', protocol: 'http' }));
    await refuseRemote(dockerAt({ socketPath: '/var/run/docker.sock' }));
  });
});

describe('the network of a run', () => {
  it('is made again with the addresses it had when the engine has lost it', async () => {
    const range = { Subnet: '127.0.0.0/8', Gateway: '127.0.0.1' };
    const made: object[] = [];
    let present = false;
    const network = {
      inspect: () =>
        present
          ? Promise.resolve({ IPAM: { Config: [range] } })
          : Promise.reject(Object.assign(new Error('none'), { statusCode: 404 })),
    };
    const docker = {
      createNetwork: ({ IPAM }: { IPAM?: object }) => {
        made.push(IPAM ?? {});
        present = true;
        return Promise.resolve(network);
      },
      getNetwork: () => network,
    } as unknown as Docker;
    const run = await makeNetwork(docker, 'run', {});
    await run.restore();
    expect(made).toEqual([{}]);
    present = false;
    await run.restore();
    expect(made).toEqual([{}, { Driver: 'default', Config: [range] }]);
  });
});

describe('a call to the engine', () => {
  it('ends at its deadline, aborted, when no answer comes', async () => {
    let aborted = false;
    const call = within(1, (signal) => {
      signal.addEventListener('abort', () => (aborted = true));
      return new Promise(() => undefined);
    });
    await expect(call).rejects.toMatchObject({ code: 'engine-unreachable' });
    expect(aborted).toBe(true);
  });

  it('is not aborted once it was answered', async () => {
    const clock = new ManualClock();
    const signal = await within(1, (given) => Promise.resolve(given), { clock });
    clock.advance(5);
    expect([signal.aborted, clock.pending]).toEqual([false, 0]);
  });

  it('ends with the caller’s reason when the caller gives up', async () => {
    const given = new AbortController();
    const call = within(60_000, () => new Promise(() => undefined), {
      signal: given.signal,
    });
    given.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
  });
});

describe('what goes wrong on the way to the engine', () => {
  const failure = (fields: object): Error => Object.assign(new Error('why'), fields);

  it('gets the remedy that belongs to it', () => {
    const remedyOf = (fields: object): string => engineError(failure(fields), 'x').remedy ?? '';
    expect(remedyOf({ code: 'ECONNREFUSED' })).toContain('Start it');
    expect(remedyOf({ code: 'EACCES' })).toContain('docker group');
    expect(remedyOf({ code: 'ERR_SSL_WRONG_VERSION_NUMBER' })).toContain('disagree');
    for (const code of [
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'CERT_HAS_EXPIRED',
      'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    ]) {
      expect(remedyOf({ code })).toContain('DOCKER_CERT_PATH');
    }
  });
});

describe('versions of the engine’s API', () => {
  it('are compared by number', () => {
    expect(isNewer('1.51', '1.45')).toBe(true);
    expect(isNewer('1.45', '1.45')).toBe(false);
    expect(isNewer('1.9', '1.41')).toBe(false);
    expect(isNewer('2.0', '1.45')).toBe(true);
  });
});
