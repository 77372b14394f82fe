import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import type Docker from 'dockerode';
import { containerOptions } from '../../../src/engine/docker/container-options.js';
import { engineError, isConflict, isNotFound } from '../../../src/engine/docker/errors.js';
import { OutputFrames, outputOf } from '../../../src/engine/docker/output.js';
import { parseCgroup } from '../../../src/engine/host/cgroup.js';
import { cpuQuotaUs } from '../../../src/engine/host/cpu-limit.js';
import { contractSpec } from '../../contract/engine.contract.js';

function frame(stream: number, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

describe('the attach stream', () => {
  it('gives the same output wherever it is cut', () => {
    const bytes = Buffer.concat([
      frame(1, 'out'),
      frame(2, 'error'),
      frame(1, ''),
      frame(1, 'x'.repeat(40)),
    ]);
    for (let first = 0; first <= bytes.length; first += 1) {
      for (let second = first; second <= bytes.length; second += 1) {
        const got = { stdout: '', stderr: '' };
        const frames = new OutputFrames((chunk, stream) => (got[stream] += chunk.toString()));
        for (const piece of [
          bytes.subarray(0, first),
          bytes.subarray(first, second),
          bytes.subarray(second),
        ]) {
          frames.write(piece);
        }
        expect(got).toEqual({ stdout: `out${'x'.repeat(40)}`, stderr: 'error' });
      }
    }
  });
});

describe('the connection of an attach', () => {
  const container = (attach: (options: object) => unknown): Docker.Container =>
    ({ attach: (options: object) => Promise.resolve(attach(options)) }) as never;
  const { signal: abortSignal } = new AbortController();

  it('is asked for bare, and is written to only where somebody reads it', async () => {
    const asked: object[] = [];
    const engine = container((options) => {
      asked.push(options);
      return new PassThrough();
    });
    await outputOf(engine, { abortSignal });
    await outputOf(engine, { input: true, abortSignal });
    const output = { stream: true, stdout: true, stderr: true, hijack: true, abortSignal };
    expect(asked).toEqual([output, { ...output, stdin: true }]);
  });

  it('may break while nobody reads it', async () => {
    const stream = new PassThrough();
    const output = await outputOf(
      container(() => stream),
      { abortSignal },
    );
    const closed = new Promise((resolve) => output.once('close', resolve));
    stream.destroy(new Error('reset'));
    await closed;
    expect(output.destroyed).toBe(true);
  });
});

describe('control groups', () => {
  it('are read for v1, v2 and hybrid hosts', () => {
    const hybrid = parseCgroup('9:freezer:/docker/a\n5:cpu,cpuacct:/docker/a\n0::/docker/a\n');
    expect(hybrid.v1.get('cpu')).toBe('/docker/a');
    expect([...hybrid.v1.keys()]).toEqual(['freezer', 'cpu']);
    expect(hybrid.v2).toBe('/docker/a');
    const v2 = parseCgroup('0::/system.slice/docker-a.scope\n');
    expect([v2.v1.size, v2.v2]).toEqual([0, '/system.slice/docker-a.scope']);
    expect(parseCgroup('3:freezer:/a:b\n').v1.get('freezer')).toBe('/a:b');
  });

  it('never get a processor share the kernel refuses', () => {
    expect(cpuQuotaUs(128 / 1769)).toBe(7236);
    expect(cpuQuotaUs(0.0001)).toBe(1000);
  });
});

describe('Docker’s errors', () => {
  it('become our codes by status and errno, never by their words', () => {
    const error = (fields: object): Error => Object.assign(new Error('no such container'), fields);
    expect(engineError(error({ statusCode: 404 }), 'removing').code).toBe('engine-not-found');
    expect(engineError(error({ statusCode: 404 }), 'creating a container').code).toBe(
      'image-missing',
    );
    expect(engineError(error({ statusCode: 409 }), 'pausing').code).toBe('engine-conflict');
    expect(engineError(error({ statusCode: 500, json: { message: 'why' } }), 'x').message).toBe(
      'x: why',
    );
    const unreachable = engineError(error({ code: 'ECONNREFUSED' }), 'x');
    expect([unreachable.code, typeof unreachable.remedy]).toEqual(['engine-unreachable', 'string']);
    expect(isNotFound(error({}))).toBe(false);
    expect(isConflict(error({ statusCode: 304 }))).toBe(true);
  });
});

describe('the options of a container', () => {
  it('take network, host name and hosts from a holder where there is one', () => {
    const options = containerOptions(contractSpec({ hosts: { a: '1.2.3.4' } }), {
      network: 'n',
      holder: 'h',
      hostAddress: '1.1.1.1',
      labels: {},
      liftCpu: true,
      mostOpenFiles: 10,
      logPipe: undefined,
      scratchDirectory: '/s',
    });
    expect(options.HostConfig?.NetworkMode).toBe('container:h');
    // The engine refuses these together with another container's network.
    expect([options.Hostname, options.HostConfig?.ExtraHosts]).toEqual([undefined, undefined]);
  });

  const context = {
    network: 'n',
    holder: undefined,
    hostAddress: '10.0.0.1',
    labels: { run: 'r' },
    liftCpu: true,
    mostOpenFiles: 512,
    logPipe: undefined,
  };

  it('harden it, and pass on no more open files than we have', () => {
    const options = containerOptions(contractSpec({ image: 'i' }), {
      ...context,
      scratchDirectory: '/disk',
    });
    expect(options.HostConfig).toMatchObject({
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      IpcMode: 'none',
      Memory: 128 * 2 ** 20,
      MemorySwap: 128 * 2 ** 20,
      Ulimits: [{ Name: 'nofile', Soft: 512, Hard: 512 }],
      Binds: ['/disk:/tmp'],
      LogConfig: { Type: 'none' },
    });
    expect(options.HostConfig).not.toHaveProperty('CpuQuota');
    expect(options.Labels).toMatchObject({ run: 'r' });
  });

  it('raise the memory by a /tmp that is kept in it', () => {
    const options = containerOptions(contractSpec({ image: 'i' }), {
      ...context,
      liftCpu: false,
      scratchDirectory: undefined,
    });
    expect(options.HostConfig?.Memory).toBe((128 + 512) * 2 ** 20);
    expect(options.HostConfig?.Tmpfs).toEqual({
      '/tmp': 'rw,exec,nosuid,nodev,mode=1777,size=512m',
    });
    expect(options.HostConfig?.CpuQuota).toBe(100_000);
  });
});
