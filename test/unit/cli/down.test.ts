import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { EngineTools, Parts } from '../../../src/cli/parts.js';
import { OrchestratorError } from '../../../src/errors.js';
import { startInProcess } from '../../support/memory-host.js';

let folder: string;
let removed: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-down-'));
  mkdirSync(join(folder, '.orchestrator'));
  mkdirSync(join(folder, 'src'));
  removed = [];
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function down(openEngine: Parts['openEngine'], ...flags: string[]) {
  const refuse = () => Promise.reject(new Error('not asked for'));
  const parts: Parts = { loadConfig: refuse, startOrchestrator: refuse, openEngine };
  return startInProcess(['down', ...flags], { cwd: join(folder, 'src'), parts }).ended;
}

const engine = () =>
  Promise.resolve({
    services: {
      find: () => Promise.resolve(undefined),
      remove: (stateDirectory: string) => {
        removed.push(stateDirectory);
        return Promise.resolve(true);
      },
    },
  } as unknown as EngineTools);

it('with nothing running clears the services that a killed run left, of the nearest folder', async () => {
  const { code, stderr } = await down(engine);
  expect(code).toBe(0);
  expect(stderr).toBe(
    'No orchestrator is running here.\nThe services container that one had left is removed.\n',
  );
  expect(removed).toEqual([join(folder, '.orchestrator')]);
  expect((await down(engine, '--json')).stdout).toBe('{"stopped":false,"cleared":true}\n');
});

it('takes the state folder that is named', async () => {
  await down(engine, '--state', '../other');
  expect(removed).toEqual([join(folder, 'other')]);
});

it('leaves them when it is told to', async () => {
  expect((await down(engine, '--keep-services')).stderr).toBe('No orchestrator is running here.\n');
  expect(removed).toEqual([]);
});

it('needs no engine', async () => {
  const away = () => Promise.reject(new OrchestratorError('engine-unreachable', 'away'));
  expect(await down(away)).toMatchObject({ code: 0, stderr: 'No orchestrator is running here.\n' });
});
