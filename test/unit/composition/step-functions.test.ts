import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openStepFunctions } from '../../../src/composition/step-functions.js';
import type { Source, SourceParts } from '../../../src/sources/source.js';
import { emptyStack } from '../../../src/stack/stack.js';
import type { StateMachineDefinition } from '../../../src/stack/state-machines.js';
import { ManualClock } from '../../support/manual-clock.js';

const MACHINE = 'arn:aws:states:eu-west-1:000000000000:stateMachine:patient';
const patient: StateMachineDefinition = {
  path: 'Resources.Patient',
  name: 'patient',
  type: 'STANDARD',
  definition: { StartAt: 'Wait', States: { Wait: { Type: 'Wait', Seconds: 3600, End: true } } },
};
const stack = { ...emptyStack(), stateMachines: [patient] };

type Start = (arn: string, message: { body: Buffer }) => Promise<void>;

let directory: string;
let clock: ManualClock;
let told: string[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'step-functions-'));
  clock = new ManualClock();
  told = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** The source of one run, and what rules and schedules start executions with. */
function opened(): { source: Source; start: Start } {
  let start: Start | undefined;
  const parts = {
    clock,
    queueClock: clock,
    settings: { stateDirectory: directory, region: 'eu-west-1', accountId: '000000000000' },
    log: { info: (text: string) => told.push(text), warn: () => undefined, error: () => undefined },
    services: { clients: undefined },
    awsEndpoint: { serve: () => undefined },
    targets: { serve: (_service: string, target: Start) => (start = target) },
    onTimeMoved: () => undefined,
  };
  const source = openStepFunctions(parts as unknown as SourceParts);
  if (start === undefined) throw new Error('it starts nothing');
  return { source, start };
}

describe('Step Functions as a source', () => {
  it('goes on with what an earlier run left, whoever asks for it first', async () => {
    const first = opened();
    await first.source.apply(stack);
    await first.start(MACHINE, { body: Buffer.from('{}') });
    await first.source.close?.();
    expect(told).toEqual([]);

    const second = opened();
    // Before the files are read.
    await second.start(MACHINE, { body: Buffer.from('{}') }).catch(() => undefined);
    await second.source.apply(stack);
    expect(told).toEqual(['1 execution of state machines from before goes on']);
    await second.source.close?.();
  });

  it('is opened by the next who asks when it could not be', async () => {
    const path = join(directory, 'executions.db');
    mkdirSync(path);
    const { source, start } = opened();
    await expect(source.apply(stack)).rejects.toMatchObject({ code: 'state-unusable' });
    rmSync(path, { recursive: true });
    await source.apply(stack);
    await start(MACHINE, { body: Buffer.from('{}') });
    await source.close?.();
  });
});
