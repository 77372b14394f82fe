import { FakeEngine, type FakeProcess } from '../support/fake-engine.js';
import { ManualClock } from '../support/manual-clock.js';
import {
  contractSpec,
  describeEngineContract,
  type Behaviour,
  type EngineHarness,
} from './engine.contract.js';

function act(process: FakeProcess, behaviour: Behaviour): void {
  switch (behaviour.kind) {
    case 'says':
      process.after(1, () => {
        process.write(behaviour.text);
        process.exit(behaviour.exitCode);
      });
      return;
    case 'counts':
      process.after(1, () => {
        const count = Number(process.scratch.get('count') ?? 0) + 1;
        process.scratch.set('count', String(count));
        process.write(`${count}\n`);
        process.exit(0);
      });
      return;
    case 'ticks': {
      const tick = (): void => {
        process.write('tick\n');
        process.after(10, tick);
      };
      process.after(10, tick);
      return;
    }
    case 'answers':
      process.onInput = (text) => process.write(`got ${text}`);
      return;
    case 'waits':
      return;
  }
}

function open(slowThaw: boolean): Promise<EngineHarness> {
  const clock = new ManualClock();
  const engine = new FakeEngine({
    clock,
    slowThaw,
    program: (spec) => {
      if (spec.image.endsWith(':none')) return undefined;
      const behaviour = JSON.parse(spec.environment['BEHAVIOUR'] ?? '{}') as Behaviour;
      return (process) => act(process, behaviour);
    },
  });
  return Promise.resolve({
    engine,
    spec: (behaviour, changes = {}) =>
      contractSpec({ environment: { BEHAVIOUR: JSON.stringify(behaviour) }, ...changes }),
    until: async (holds) => {
      while (!holds()) await clock.advanceAsync(10);
    },
    pass: async () => void (await clock.advanceAsync(500)),
    close: () => engine.close(),
  });
}

describeEngineContract('fake', () => open(false), 10_000);
describeEngineContract('fake with slow thaws', () => open(true), 10_000);
