import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';

const MODULE = new URL('../../../src/cli/idle-heap.js', import.meta.url).href;

/** What a process prints that keeps its compiled code at the end, as the launcher does, or has kept it. */
function run(path: string, late: boolean): string {
  const program = `
    import { existsSync, readFileSync, writeFileSync } from 'node:fs';
    import { Script } from 'node:vm';
    import { giveMemoryBackLate } from '${MODULE}';
    const path = ${JSON.stringify(path)};
    const cachedData = existsSync(path) ? readFileSync(path) : undefined;
    const script = new Script('(() => 1)()', { cachedData });
    process.once('exit', () => writeFileSync(path, script.createCachedData()));
    if (${late}) giveMemoryBackLate();
    process.stdout.write(String(script.cachedDataRejected));
  `;
  const given = ['--input-type=module', '--eval', program];
  return execFileSync(process.execPath, given, { encoding: 'utf8' });
}

it('memory that is given back late does not keep V8 from taking what was compiled before', () => {
  const folder = mkdtempSync(join(tmpdir(), 'idle-heap-'));
  try {
    const path = join(folder, 'compiled');
    expect([run(path, true), run(path, true), run(path, false)]).toEqual([
      'undefined',
      'false',
      'false',
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
