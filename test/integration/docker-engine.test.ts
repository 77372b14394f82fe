import { randomBytes } from 'node:crypto';
import Docker from 'dockerode';
import { systemClock } from '../../src/async/clock.js';
import { Builder } from '../../src/builder/builder.js';
import { openDockerEngine } from '../../src/engine/docker/open.js';
import type { ContainerSpec, FreezerKind } from '../../src/engine/engine.js';
import {
  contractSpec,
  describeEngineContract,
  type Behaviour,
  type EngineHarness,
} from '../contract/engine.contract.js';
import { until } from '../support/project.js';

const LIMIT_MS = 60_000;

function command(behaviour: Behaviour): string[] {
  switch (behaviour.kind) {
    case 'says':
      return ['sh', '-c', `echo '${behaviour.text}'; exit ${behaviour.exitCode}`];
    case 'counts':
      return ['sh', '-c', 'echo x >> /tmp/lines; wc -l < /tmp/lines'];
    case 'ticks':
      return ['sh', '-c', 'while true; do echo tick; sleep 0.02; done'];
    case 'answers':
      return ['sh', '-c', 'while read -r line; do echo "got $line"; done'];
    case 'waits':
      return ['sleep', '600'];
  }
}

async function open(
  freezer: FreezerKind,
  ahead: 'nothing' | 'networks' | 'containers' = 'nothing',
): Promise<EngineHarness> {
  const image = await new Builder(new Docker()).ensureImage('python3.13');
  const engine = await openDockerEngine({
    runId: randomBytes(5).toString('hex'),
    clock: systemClock,
    warn: () => undefined,
    freezer,
  });
  await engine.open();
  const spec = (behaviour: Behaviour, changes: Partial<ContainerSpec> = {}): ContainerSpec => {
    const program = command(behaviour);
    return contractSpec({
      image,
      command: program,
      user: '993:990',
      ...(ahead === 'containers' ? { ahead: { program, slots: ['/var/task'] } } : {}),
      ...changes,
    });
  };
  if (ahead !== 'nothing') {
    const expected = spec({ kind: 'waits' });
    engine.expectDisk(expected.scratch.sizeMb);
    engine.expect(expected);
    await engine.makeAhead();
  }
  return {
    engine,
    spec,
    until,
    pass: () => {
      const end = Date.now() + 300;
      return until(() => Date.now() > end);
    },
    close: () => engine.close(),
  };
}

for (const freezer of ['cgroup-v1', 'cgroup-v2', 'engine'] as const) {
  describeEngineContract(`docker, freezing by ${freezer}`, () => open(freezer), LIMIT_MS);
}
describeEngineContract(
  'docker, with disks and networks made ahead',
  () => open('cgroup-v1', 'networks'),
  LIMIT_MS,
);
describeEngineContract(
  'docker, with containers started ahead',
  () => open('cgroup-v1', 'containers'),
  LIMIT_MS,
);
