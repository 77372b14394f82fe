import { describe, expect, it } from '@jest/globals';
import type { FreezerKind } from '../../src/engine/engine.js';
import { startProject, until } from '../support/project.js';

const LIMIT_MS = 60_000;

/** Starts a timer of two seconds after it has answered, and tells when timers fired. */
const TIMERS = `
const fired = [];
export const handler = async (event) => {
  const seen = [...fired];
  if (event.arm) setImmediate(() => setTimeout(() => fired.push(Date.now()), 2_000));
  if (event.waitMs) await new Promise((resolve) => setTimeout(resolve, event.waitMs));
  return { seen, now: Date.now(), fired };
};
`;

describe.each<FreezerKind>(['cgroup-v1', 'cgroup-v2', 'engine'])('freezing by %s', (freezer) => {
  it(
    'stops a timer that was started after the answer, and lets it fire after the thaw',
    async () => {
      const project = await startProject(
        { timers: { files: { 'index.mjs': TIMERS } } },
        { spares: 0, freezeAfter: 0 },
        freezer,
      );
      try {
        expect(project.orchestrator.engine.freezer).toBe(freezer);
        const armed = (await project.invoke('timers', { arm: true })).json as { now: number };
        await until(() => project.states('timers').join() === 'frozen');
        // Long past the timer's time by the clock of the machine.
        await until(() => Date.now() > armed.now + 2_500);
        const thawedAt = Date.now();
        const { fired } = (await project.invoke('timers', { waitMs: 200 })).json as {
          fired: number[];
        };
        expect(fired).toHaveLength(1);
        expect(fired[0]).toBeGreaterThanOrEqual(thawedAt);
      } finally {
        await project.stop();
      }
    },
    LIMIT_MS,
  );

  it(
    'serves many events in a row, each from frozen',
    async () => {
      const project = await startProject(
        { timers: { files: { 'index.mjs': TIMERS } } },
        { spares: 0, freezeAfter: 0 },
        freezer,
      );
      try {
        for (let event = 0; event < 20; event += 1) {
          const { status } = await project.invoke('timers');
          expect([status, project.messages]).toEqual([200, []]);
        }
        await until(() => project.states('timers').every((state) => state === 'frozen'));
        expect([project.states('timers'), project.messages]).toEqual([['frozen'], []]);
      } finally {
        await project.stop();
      }
    },
    LIMIT_MS,
  );
});

it(
  'leaves environments running with --freeze-after never',
  async () => {
    const project = await startProject(
      { timers: { files: { 'index.mjs': TIMERS } } },
      { spares: 0, freezeAfter: 'never' },
    );
    try {
      const armed = (await project.invoke('timers', { arm: true })).json as { now: number };
      await until(() => Date.now() > armed.now + 2_500);
      const later = (await project.invoke('timers')).json as { seen: number[] };
      expect(later.seen).toHaveLength(1);
      expect(project.states('timers')).toEqual(['idle']);
    } finally {
      await project.stop();
    }
  },
  LIMIT_MS,
);
