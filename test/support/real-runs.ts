/** Runs of the real binary on the real engine, for tests: how to start them, and what they leave. */

import { readFileSync } from 'node:fs';
import Docker from 'dockerode';

import type { StatusAnswer } from '../../src/admin-api/protocol.js';
import { LABEL, runFilter } from '../../src/engine/labels.js';
import { processesNaming } from './proc.js';
import { until } from './project.js';
import { startCli, type CliProcess, type CliRun } from './run-cli.js';

export interface RealCli {
  start(...args: string[]): CliProcess;
  run(...args: string[]): Promise<CliRun>;
}

/** `command` is the program and its first arguments; `cwd` the folder it is given in. */
export function realCli(command: readonly string[], cwd: string): RealCli {
  const engine = process.env['DOCKER_HOST'];
  const environment = engine === undefined ? {} : { DOCKER_HOST: engine };
  const start = (...args: string[]): CliProcess => startCli(args, { cwd, command, environment });
  return { start, run: (...args) => start(...args).ended };
}

const docker = new Docker();

/** The id of the run behind a `ps`, from the labels of the first environment that has a container. */
export async function runIdOf(cli: RealCli): Promise<string> {
  let containerId = '';
  await until(async () => {
    const { stdout } = await cli.run('ps', '--json');
    const { environments } = JSON.parse(stdout) as StatusAnswer;
    containerId = environments.find((one) => (one.containerId ?? '') !== '')?.containerId ?? '';
    return containerId !== '';
  });
  const { Config } = await docker.getContainer(containerId).inspect();
  return Config.Labels[LABEL.run] as string;
}

/** What there still is of a run: containers, networks, mounts and processes. */
export async function leftOf(runId: string): Promise<string[]> {
  const filters = { label: runFilter(runId) };
  const [containers, networks] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
  ]);
  return [
    ...containers.map(({ Id }) => `container ${Id}`),
    ...networks.map(({ Name }) => `network ${Name}`),
    ...readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .filter((line) => line.includes(runId)),
    ...processesNaming(runId).map(({ pid, commandLine }) => `process ${pid}: ${commandLine}`),
  ];
}
