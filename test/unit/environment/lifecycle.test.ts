import { describe, expect, it } from '@jest/globals';
import {
  accepts,
  ENVIRONMENT_EVENTS,
  ENVIRONMENT_STATES,
  isBusy,
  transition,
  type EnvironmentAction,
  type EnvironmentEvent,
  type EnvironmentState,
} from '../../../src/environment/lifecycle.js';

const PAIRS = ENVIRONMENT_STATES.flatMap((state) =>
  ENVIRONMENT_EVENTS.map((event) => [state, event] as const),
);
const ENDINGS: readonly EnvironmentAction[] = [
  'settleResponse',
  'settleTimeout',
  'settleExit',
  'settleInitFailure',
  'settleLost',
  'handBack',
];

function accepted(state: EnvironmentState): EnvironmentEvent[] {
  return ENVIRONMENT_EVENTS.filter((event) => accepts(state, event));
}

describe('the lifecycle table', () => {
  it.each(PAIRS)('in %s, %s leads somewhere or is refused with both names', (state, event) => {
    if (accepts(state, event)) {
      expect(ENVIRONMENT_STATES).toContain(transition(state, event).to);
    } else {
      expect(() => transition(state, event)).toThrow(
        expect.objectContaining({ code: 'transition-refused', details: { state, event } }),
      );
    }
  });

  it('reaches every state from provisioning', () => {
    const reached = new Set<EnvironmentState>(['provisioning']);
    for (const state of reached) {
      for (const event of accepted(state)) reached.add(transition(state, event).to);
    }
    expect([...reached].sort()).toEqual([...ENVIRONMENT_STATES].sort());
  });

  it('ends every state by destroyed and removed', () => {
    for (const state of ENVIRONMENT_STATES) {
      const stopping = transition(state, 'destroyed');
      if (stopping.to === 'stopped') continue;
      expect(stopping.to).toBe('stopping');
      expect(transition('stopping', 'removed').to).toBe('stopped');
      if (state !== 'stopping') expect(stopping.actions).toContain('remove');
    }
  });

  it('settles or hands back an assigned invocation exactly once on every path', () => {
    // Which (state, owed answers) are possible; an answer is owed from `assigned` to its ending.
    const seen = new Set<string>();
    const visit = (state: EnvironmentState, owed: number): void => {
      const key = `${state} ${owed}`;
      if (seen.has(key)) return;
      seen.add(key);
      expect(owed).toBeGreaterThanOrEqual(0);
      expect(owed).toBeLessThanOrEqual(1);
      if (!isBusy(state)) expect([state, owed]).toEqual([state, 0]);
      if (state === 'completing') expect(owed).toBe(0);
      else if (isBusy(state)) expect([state, owed]).toEqual([state, 1]);
      for (const event of accepted(state)) {
        const { to, actions } = transition(state, event);
        const endings = actions.filter((action) => ENDINGS.includes(action)).length;
        visit(to, owed + (event === 'assigned' ? 1 : 0) - endings);
      }
    };
    visit('provisioning', 0);
  });

  it('never hands back what running processes may have begun', () => {
    for (const state of ['invoking', 'thawing', 'completing'] as const) {
      for (const event of accepted(state)) {
        if (event === 'thawRefused') continue;
        expect(transition(state, event).actions).not.toContain('handBack');
      }
    }
  });

  it('disarms its timer on every way out of a timed state except the timer’s own', () => {
    const timed: Partial<Record<EnvironmentState, EnvironmentEvent>> = {
      initializing: 'initTimedOut',
      invoking: 'deadlinePassed',
      completing: 'deadlinePassed',
      thawing: 'deadlinePassed',
      'thaw-due': 'deadlinePassed',
      restarting: 'deadlinePassed',
    };
    for (const state of Object.keys(timed) as EnvironmentState[]) {
      for (const event of accepted(state)) {
        const { to, actions } = transition(state, event);
        if (to in timed || event === timed[state]) continue;
        expect([state, event, actions]).toEqual([state, event, expect.arrayContaining(['disarm'])]);
      }
    }
  });
});
