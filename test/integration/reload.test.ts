import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startProject, until, writeProject, type Project } from '../support/project.js';

const LIMIT_MS = 60_000;

const says = (word: string): Record<string, string> => ({
  'index.mjs': `export const handler = async () => ({ word: '${word}', memory: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE, set: process.env.SET });`,
});

describe('a project whose files change while it runs', () => {
  let project: Project;
  beforeAll(async () => {
    project = await startProject({ one: { files: says('one') }, two: { files: says('two') } });
  }, LIMIT_MS);
  afterAll(() => project.stop(), LIMIT_MS);

  const known = (): string[] => project.orchestrator.functions().map(({ name }) => name);

  it(
    'gives the next event the configuration that was saved before it',
    async () => {
      expect((await project.invoke('one')).json).toEqual({ word: 'one', memory: '128' });
      await writeProject(project.directory, {
        one: { files: says('one'), memory: 256, environment: { SET: 'yes' } },
        two: { files: says('two') },
      });
      expect((await project.invoke('one')).json).toEqual({
        word: 'one',
        memory: '256',
        set: 'yes',
      });
      const answer = await project.invoke('two', {}, { tail: true });
      const requestId = String(answer.headers['x-amzn-requestid']);
      await until(async () => (await project.orchestrator.invocation(requestId)) !== undefined);
      // A function whose configuration is as before keeps its environments.
      expect((await project.orchestrator.invocation(requestId))?.start).toBe('thawed');
    },
    LIMIT_MS,
  );

  it(
    'serves functions that are added, and no longer those that are removed',
    async () => {
      await writeProject(project.directory, {
        one: { files: says('one') },
        three: { files: says('three') },
      });
      await until(() => known().includes('three'));
      expect((await project.invoke('three')).json).toMatchObject({ word: 'three' });
      expect((await project.invoke('two')).status).toBe(404);
      await project.write('three/index.mjs', says('four')['index.mjs'] ?? '');
      expect((await project.invoke('three')).json).toMatchObject({ word: 'four' });
      await until(() => project.states('two').length === 0);
    },
    LIMIT_MS,
  );

  it(
    'goes on with what it has while the configuration cannot be used, and says why',
    async () => {
      await project.write('orchestrator.yaml', 'functions: {one: {runtime: cobol}}');
      await until(() => project.messages.some((message) => message.includes('cobol')));
      expect((await project.invoke('one')).json).toMatchObject({ word: 'one' });
      await writeProject(project.directory, { one: { files: says('one'), memory: 192 } });
      expect((await project.invoke('one')).json).toMatchObject({ memory: '192' });
    },
    LIMIT_MS,
  );

  it(
    'keeps no copy of code that no environment uses',
    async () => {
      for (const word of ['a', 'b', 'c', 'd']) {
        await project.write('one/index.mjs', says(word)['index.mjs'] ?? '');
        expect((await project.invoke('one')).json).toMatchObject({ word });
      }
      const copies = join(project.directory, '.orchestrator', 'code');
      await until(
        async () => (await readdir(copies)).length === 1,
        () => [project.orchestrator.environments(), project.messages],
      );
    },
    LIMIT_MS,
  );
});
