/**
 * What the Python bootstrap recognises it must have read as it reads in full: both readers, in Python, on
 * answers drawn from a seed.
 */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import { packageRoot } from '../../src/package-root.js';
import { noteForSummary } from '../support/summary-note.js';

const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const ANSWERS = Number(process.env['FUZZ_ANSWERS'] ?? 50_000);
const LIMIT_MS = 3_600_000;

it(
  'the Python bootstrap recognises nothing that it would read otherwise',
  async () => {
    const root = packageRoot();
    const program = join(root, 'test/fixtures/python-client/known_answers.py');
    const folder = join(root, 'runtimes/python');
    const { stdout } = await promisify(execFile)('python3', [
      '-B',
      program,
      folder,
      String(SEED),
      String(ANSWERS),
    ]);
    const { taken, wrong } = JSON.parse(stdout) as { taken: number; wrong: string[] };
    expect(wrong).toEqual([]);
    expect(taken).toBeGreaterThanOrEqual(ANSWERS);
    noteForSummary(
      'fuzz',
      'python-answers',
      `${taken} answers recognised by the Python bootstrap as it would have read them`,
    );
  },
  LIMIT_MS,
);
