import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { scriptFor } from '../../../src/engine/docker/blank.js';
import { releaseScript } from '../../../src/engine/docker/gate.js';
import { contractSpec } from '../../contract/engine.contract.js';

const VALUES = {
  PLAIN: 'x',
  EMPTY: '',
  QUOTES: `it's "so" \`cat\` $HOME $(id) \\n ; exit 3 # no`,
  LINES: 'one\ntwo\n\n',
  UMLAUTS: 'größer € 😀',
  _HANDLER: "a'b''c",
};

describe('what a container that was started ahead is told', () => {
  const workingDirectory = tmpdir();

  it('becomes the program, with the variables as they are and in its folder', () => {
    const program = ['/usr/bin/env', '-0', "X='$1'"];
    const script = releaseScript({ program, workingDirectory, environment: VALUES });
    const said = execFileSync('/bin/sh', { input: script, env: { OLD: '1' }, cwd: '/' });
    const seen = Object.fromEntries(
      said
        .toString()
        .split('\0')
        .filter((entry) => entry !== '')
        .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
    );
    expect(seen).toEqual({ ...VALUES, OLD: '1', PWD: workingDirectory, X: "'$1'" });
  });

  it('is nothing where a shell has no such names, or it is more than a pipe takes', () => {
    const program = ['/bin/true'];
    for (const environment of [{ 'A-B': '1' }, { '1A': '1' }, { A: 'x'.repeat(50_000) }]) {
      expect(releaseScript({ program, workingDirectory, environment }) === undefined).toBe(true);
    }
  });

  it('is nothing where a shell would stumble over a name, or take another value', () => {
    const tell = (name: string): string | undefined =>
      releaseScript({ program: ['/bin/true'], workingDirectory, environment: { [name]: 'abc' } });
    for (const name of ['OPTIND', 'UID', 'PPID', 'RANDOM', 'BASHOPTS', 'LINENO']) {
      expect([name, tell(name)]).toEqual([name, undefined]);
    }
    for (const name of ['MY_UID', 'UID_', 'SECONDS_LEFT', 'OPTARG', 'PWD', 'SHLVL']) {
      expect(tell(name)).toContain(`export ${name}='abc'`);
    }
  });

  it('is nothing for containers that may not be served so', () => {
    const ahead = { program: ['/bin/true'], slots: [] };
    expect(scriptFor(contractSpec({}))).toBeUndefined();
    expect(scriptFor(contractSpec({ ahead, input: true }))).toBeUndefined();
    expect(scriptFor(contractSpec({ ahead }))).toContain("exec '/bin/true'");
  });
});
