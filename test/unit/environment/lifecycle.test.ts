import { describe, expect, it } from '@jest/globals';
import {
  accepts,
  ENVIRONMENT_EVENTS,
  ENVIRONMENT_STATES,
  isAvailable,
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
  'settleRestoreFailure',
  'settleRestoreTimeout',
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
        if (state === 'thawing' && event === 'thawRefused') continue;
        expect(transition(state, event).actions).not.toContain('handBack');
      }
    }
  });

  it('puts whatever can wait behind the event and the thaw it waits for, and START behind each event', () => {
    const deliveries = PAIRS.filter(([state, event]) => accepts(state, event))
      .map(([state, event]) => transition(state, event).actions)
      .filter((actions) => actions.includes('deliver'));
    expect(deliveries.length).toBeGreaterThan(0);
    for (const actions of deliveries) {
      const behind = actions.slice(actions.indexOf('deliver') + 1);
      expect(behind).toContain('recordStart');
      if (actions.includes('thaw')) expect(behind[0]).toBe('thaw');
    }
  });

  it('disarms its timer on every way out of a timed state except the timer’s own', () => {
    const timed: Partial<Record<EnvironmentState, EnvironmentEvent>> = {
      initializing: 'initTimedOut',
      invoking: 'deadlinePassed',
      completing: 'deadlinePassed',
      thawing: 'deadlinePassed',
      restoring: 'restoreTimedOut',
      restarting: 'deadlinePassed',
      reinitializing: 'deadlinePassed',
    };
    for (const state of Object.keys(timed) as EnvironmentState[]) {
      for (const event of accepted(state)) {
        const { to, actions } = transition(state, event);
        if (to in timed || event === timed[state]) continue;
        expect([state, event, actions]).toEqual([state, event, expect.arrayContaining(['disarm'])]);
      }
    }
  });

  it('accepts the answer to every engine call and all that processes say, whenever it comes', () => {
    for (const life of lives()) {
      for (const { event } of possible(life)) {
        expect([life, event, accepts(life.state, event)]).toEqual([life, event, true]);
      }
    }
  });

  it('never starts processes while others run or their start is under way', () => {
    for (const life of lives()) {
      for (const { event } of possible(life)) {
        if (!transition(life.state, event).actions.includes('startProcesses')) continue;
        expect([life, event, life.calls.includes('start')]).toEqual([life, event, false]);
      }
    }
  });
});

type Call = 'start' | 'freeze' | 'thaw';
type Runtime = 'started' | 'snapshot' | 'restoring' | 'polled' | 'running' | 'responded' | 'closed';

/** A state with what may still come: answers of the engine, and what the runtime may say. */
interface Life {
  readonly state: EnvironmentState;
  readonly calls: readonly Call[];
  readonly runtime: Runtime;
  readonly processes: boolean;
  readonly held: readonly EnvironmentEvent[];
}

const ANSWERS = { start: 'containerStarted', freeze: 'frozen', thaw: 'thawed' } as const;

function possible(life: Life): { event: EnvironmentEvent; next: Partial<Life> }[] {
  const { state, calls, runtime, processes } = life;
  const answered = (call: Call): Partial<Life> => ({
    calls: calls.filter((other) => other !== call),
  });
  const list: { event: EnvironmentEvent; next: Partial<Life> }[] = [
    { event: 'destroyed', next: {} },
  ];
  // A freeze that was asked for while a thaw was under way waits for it.
  for (const call of calls) {
    if (call === 'freeze' && calls.includes('thaw')) continue;
    list.push({ event: ANSWERS[call], next: answered(call) });
    if (accepts(state, 'engineFailed')) list.push({ event: 'engineFailed', next: answered(call) });
  }
  if (processes) {
    list.push({ event: 'processesExited', next: { processes: false, runtime: 'closed' } });
    if (runtime === 'started') {
      list.push({ event: 'runtimePolled', next: { runtime: 'polled' } });
      list.push({ event: 'initFailed', next: { runtime: 'closed' } });
      list.push({ event: 'snapshotReady', next: { runtime: 'snapshot' } });
    }
    if (runtime === 'restoring') {
      list.push({ event: 'runtimePolled', next: { runtime: 'polled' } });
      list.push({ event: 'restoreFailed', next: { runtime: 'closed' } });
    }
    if (runtime === 'polled' || runtime === 'snapshot')
      list.push({ event: 'pollLost', next: { runtime: 'closed' } });
    if (runtime === 'running') list.push({ event: 'responded', next: { runtime: 'responded' } });
    if (runtime === 'responded') list.push({ event: 'runtimePolled', next: { runtime: 'polled' } });
  }
  if (isAvailable(state) || state === 'reset') list.push({ event: 'assigned', next: {} });
  if (state === 'idle' || state === 'snapshotted') list.push({ event: 'quiet', next: {} });
  if (state === 'initializing') list.push({ event: 'initTimedOut', next: {} });
  if (state === 'restoring') list.push({ event: 'restoreTimedOut', next: {} });
  else if (isBusy(state)) list.push({ event: 'deadlinePassed', next: {} });
  else list.push({ event: 'retired', next: {} });
  if (state === 'stopping') list.push({ event: 'removed', next: { processes: false } });
  return list;
}

/** Every life there can be, as the environment performs the actions. */
function lives(): Life[] {
  const first: Life = {
    state: 'provisioning',
    calls: ['start'],
    runtime: 'started',
    processes: true,
    held: [],
  };
  const found = new Map<string, Life>([[JSON.stringify(first), first]]);
  for (const life of found.values()) {
    for (const { event, next } of possible(life)) {
      if (!accepts(life.state, event)) continue;
      const after = step({ ...life, ...next }, event);
      if (after !== undefined) found.set(JSON.stringify(after), after);
    }
  }
  return [...found.values()];
}

/** Undefined when what was held is refused: the first test of the two reports that. */
function step(life: Life, event: EnvironmentEvent): Life | undefined {
  let after = life;
  const pending = [event];
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    if (!accepts(after.state, next)) throw new Error(`${next} was held and refused`);
    const { to, actions } = transition(after.state, next);
    after = { ...after, state: to };
    for (const action of actions) {
      if (action === 'hold') {
        const gone = next === 'pollLost' || next === 'processesExited';
        const held = after.held.filter(
          (earlier) => !gone || (earlier !== 'runtimePolled' && earlier !== 'snapshotReady'),
        );
        after = { ...after, held: [...held, next] };
      } else if (action === 'replay') {
        pending.push(...after.held);
        after = { ...after, held: [] };
      } else after = performed(after, action);
    }
  }
  return after;
}

function performed(life: Life, action: EnvironmentAction): Life {
  const asked = (call: Call): readonly Call[] => [...new Set([...life.calls, call])].sort();
  switch (action) {
    case 'freeze':
      return { ...life, calls: asked('freeze') };
    case 'thaw':
      // What a freeze still answers is void.
      return { ...life, calls: asked('thaw').filter((call) => call !== 'freeze') };
    case 'deliver':
      expect(life.runtime === 'polled' || !life.processes).toBe(true);
      return { ...life, runtime: life.processes ? 'running' : 'closed' };
    case 'restore':
    case 'goOn':
      expect(life.runtime === 'snapshot' || !life.processes).toBe(true);
      return { ...life, runtime: life.processes ? 'restoring' : 'closed' };
    case 'killProcesses':
    case 'remove':
      return { ...life, runtime: 'closed' };
    case 'startProcesses':
      // What earlier calls still answer is void.
      return { ...life, calls: ['start'], runtime: 'started', processes: true, held: [] };
    default:
      return life;
  }
}
