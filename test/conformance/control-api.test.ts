/** Unmodified AWS clients against the control API of a whole orchestrator. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import * as lambda from '@aws-sdk/client-lambda';
import { ControlSubject } from '../support/aws-clients/control-subject.js';
import { packageRoot } from '../../src/package-root.js';
import { startProject, type Project } from '../support/project.js';
import { noteForSummary } from '../support/summary-note.js';
import { describeControlConformance } from './control-clients.contract.js';
import { UNSERVED } from './unserved-operations.js';

const LIMIT_MS = 120_000;
let project: Project;

beforeAll(async () => {
  project = await startProject({}, { spares: 0 });
}, LIMIT_MS);
afterAll(() => project.stop(), LIMIT_MS);

describeControlConformance(() => ({
  url: project.endpoint,
  region: 'us-east-1',
  accountId: '123456789012',
}));

/** What the suites of Invoke and of streams call. */
const ELSEWHERE = ['Invoke', 'InvokeAsync', 'InvokeWithResponseStream'];

it('is asked for every operation of the model by some client', () => {
  const all = Object.keys(lambda).flatMap((name) => /^(\w+)Command$/.exec(name)?.[1] ?? []);
  const asked = [...ControlSubject.called, ...ELSEWHERE];
  expect(asked.sort()).toEqual(expect.arrayContaining(all.sort()));
  const served = all.length - UNSERVED.length;
  noteForSummary('conformance', 'operations', `${served} of ${all.length} operations served`);
});

it('names in docs/fidelity.md what is not served', async () => {
  const fidelity = await readFile(join(packageRoot(), 'docs/fidelity.md'), 'utf8');
  const missing = UNSERVED.map(([operation]) => operation).filter(
    (operation) => !fidelity.includes(operation),
  );
  expect(missing).toEqual([]);
});
