import { randomBytes } from 'node:crypto';
import Docker from 'dockerode';
import { systemClock } from '../../src/async/clock.js';
import { Builder } from '../../src/builder/builder.js';
import { openDockerEngine } from '../../src/engine/docker/open.js';
import type { FreezerKind } from '../../src/engine/engine.js';
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

async function open(freezer: FreezerKind, ahead = false): Promise<EngineHarness> {
  const image = await new Builder(new Docker()).ensureImage('python3.13');
  const engine = await openDockerEngine({
    runId: randomBytes(5).toString('hex'),
    clock: systemClock,
    warn: () => undefined,
    freezer,
  });
  await engine.open();
  const { hostName, scratch } = contractSpec({ image });
  if (ahead) {
    engine.expectDisk(scratch.sizeMb);
    engine.expect({ image, hostName });
    await engine.makeAhead();
  }
  return {
    engine,
    spec: (behaviour, changes = {}) =>
      contractSpec({ image, command: command(behaviour), user: '993:990', ...changes }),
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
  () => open('cgroup-v1', true),
  LIMIT_MS,
);
