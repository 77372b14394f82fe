/** Unmodified AWS clients against the control API of a whole orchestrator. */

import { afterAll, beforeAll } from '@jest/globals';
import { startProject, type Project } from '../support/project.js';
import { describeControlConformance } from './control-clients.contract.js';

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
