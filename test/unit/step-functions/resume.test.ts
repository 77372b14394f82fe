import { describe, expect, it } from '@jest/globals';
import { FUNCTION, MachineRun, only, type Work } from '../../support/state-machine-run.js';

describe('an execution', () => {
  it('goes on where it was: with the rest of its wait, and what branches have done', async () => {
    const machine = {
      StartAt: 'A',
      States: {
        A: {
          Type: 'Parallel',
          Branches: [
            { StartAt: 'T', States: { T: { Type: 'Task', Resource: FUNCTION, End: true } } },
            {
              StartAt: 'W',
              States: {
                W: { Type: 'Wait', Seconds: 100, Next: 'U' },
                U: { Type: 'Task', Resource: FUNCTION, End: true },
              },
            },
          ],
          End: true,
        },
      },
    };
    let calls = 0;
    const count: Work = () => {
      calls += 1;
      return calls;
    };
    const first = new MachineRun(machine, { work: count });
    await first.advance(60_000);
    first.suspend.abort();
    expect((await first.ended).error?.name).toBe('Suspended');
    expect(calls).toBe(1);
    const second = new MachineRun(machine, { work: count, cursors: first.journal.cursors });
    second.clock.advance(first.clock.now() - second.clock.now());
    await second.advance(39_999);
    expect(calls).toBe(1);
    await second.advance(1);
    expect(await second.ended).toEqual({ output: [1, 2] });
    expect(second.types).not.toContain('WaitStateEntered');
  });

  it('keeps the token of a callback, and an answer that came too late to be used', async () => {
    const machine = only({
      Type: 'Task',
      Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
      Parameters: {},
    });
    const first = new MachineRun(machine);
    await first.settle();
    const token = String(first.calls[0]?.token);
    first.suspend.abort();
    await first.ended;
    const second = new MachineRun(machine, { cursors: first.journal.cursors });
    await second.settle();
    expect(second.calls).toHaveLength(0);
    expect(second.desk.answer(token, { output: 5 })).toBe(true);
    const third = new MachineRun(machine, { cursors: new Map(second.journal.cursors) });
    expect(await second.ended).toEqual({ output: 5 });
    expect(await third.ended).toEqual({ output: 5 });
  });

  it('that goes round lets others have their turn', async () => {
    const run = new MachineRun({
      StartAt: 'A',
      States: { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', Next: 'A' } },
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(run.journal.events.length).toBeLessThan(200);
    run.stop.abort();
    expect((await run.ended).error?.name).toBe('Aborted');
  });

  it('that is stopped says what it was in', async () => {
    const run = new MachineRun(only({ Type: 'Wait', Seconds: 9 }));
    await run.settle();
    run.stop.abort();
    expect((await run.ended).error?.name).toBe('Aborted');
    expect(run.types).toEqual(['WaitStateEntered', 'WaitStateAborted']);
  });
});
