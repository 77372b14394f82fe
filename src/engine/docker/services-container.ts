/**
 * The services container: moto's server, whose data is in its memory. It belongs to a state folder
 * rather than to a run, so that it outlives a crash of ours: the next start on that folder finds it
 * by its name. Neither watchdog nor reaper takes it for a run's.
 */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import type Docker from 'dockerode';
import { sleep, type Clock } from '../../async/clock.js';
import { OrchestratorError, messageOf } from '../../errors.js';
import { SERVICES_PORT } from '../../builder/services-image.js';
import { HARDENED } from './container-options.js';
import { DEADLINE_MS, within } from './deadline.js';
import { engineError, isNotFound } from './errors.js';
import { removeContainer } from './removal.js';
import { LABEL, OWNER } from '../labels.js';
import { hostOfProcesses } from '../orphans.js';

export interface ContainerRequest {
  readonly docker: Docker;
  readonly clock: Clock;
  readonly stateDirectory: string;
  readonly accountId: string;
  /** Makes the image when it is not there yet. */
  readonly ensureImage: () => Promise<string>;
}

export interface ServicesContainer {
  readonly id: string;
  readonly endpoint: string;
  /** It was there already, with its data. */
  readonly adopted: boolean;
}

const PORT = `${SERVICES_PORT}/tcp`;
const ACCOUNT = 'MOTO_ACCOUNT_ID';
const LOOK_EVERY_MS = 50;
/** A connection made while the network is being set up may lead nowhere: another one is tried. */
const ANSWER_MS = 1_000;
/** An import of moto on a slow disk under load takes a while. */
const LONGEST_START_MS = 60_000;
const PIDS = 1024;
const LAST_LINES = 5;

/** The container of one state folder. */
export function containerName(stateDirectory: string): string {
  const folder = createHash('sha256').update(stateDirectory).digest('hex').slice(0, 12);
  return `orchestrator-services-${folder}`;
}

/** Raises user errors. `port`: where it was before, so that clients find it again. */
export async function openContainer(
  request: ContainerRequest,
  signal: AbortSignal,
  port?: string,
): Promise<ServicesContainer> {
  try {
    const found = await inspect(request, containerName(request.stateDirectory));
    if (found !== undefined && isUsable(found, request)) {
      return await ready(request, found.Id, { signal, adopted: true });
    }
    if (found !== undefined) await removeContainer(request.docker.getContainer(found.Id));
    const image = await request.ensureImage();
    signal.throwIfAborted();
    const id = await start(request, image, port).catch((error: unknown) => {
      if (port === undefined) throw error;
      // Somebody else has the port by now.
      return start(request, image, undefined);
    });
    return await ready(request, id, { signal, adopted: false }).catch(async (error: unknown) => {
      // Nobody else has heard of it by now who could take it away.
      if (signal.aborted) await removeContainer(request.docker.getContainer(id));
      throw error;
    });
  } catch (error) {
    signal.throwIfAborted();
    throw engineError(error, 'starting the services container');
  }
}

/** Resolves when its process has ended, or it is gone; rejects when the engine does not say. */
export async function containerEnd(docker: Docker, id: string, signal: AbortSignal): Promise<void> {
  try {
    await docker.getContainer(id).wait({ abortSignal: signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Where the container of a state folder answers, if it runs. */
export async function findServices(
  docker: Docker,
  stateDirectory: string,
): Promise<string | undefined> {
  try {
    const found = await inspect({ docker }, containerName(stateDirectory));
    return found?.State.Running === true ? endpointOf(found) : undefined;
  } catch (error) {
    throw engineError(error, 'looking for the services container');
  }
}

/** Removes the container of a state folder, if there is one. Says whether there was. */
export async function removeServices(docker: Docker, stateDirectory: string): Promise<boolean> {
  const container = docker.getContainer(containerName(stateDirectory));
  try {
    await within(DEADLINE_MS.look, (abortSignal) => container.inspect({ abortSignal }));
  } catch (error) {
    if (isNotFound(error)) return false;
    throw engineError(error, 'looking for the services container');
  }
  await removeContainer(container);
  return true;
}

/** Removes those of this machine whose state folder has been deleted. */
export async function removeForsaken(docker: Docker): Promise<void> {
  const label = [LABEL.state, `${LABEL.host}=${hostOfProcesses()}`];
  const containers = await within(DEADLINE_MS.look, (abortSignal) =>
    docker.listContainers({ all: true, filters: { label }, abortSignal }),
  );
  for (const { Id, Labels } of containers) {
    const folder = Labels[LABEL.state];
    if (folder !== undefined && !existsSync(folder)) await removeContainer(docker.getContainer(Id));
  }
}

async function start(
  { docker, stateDirectory, accountId }: ContainerRequest,
  image: string,
  port: string | undefined,
): Promise<string> {
  const container = await within(DEADLINE_MS.create, (abortSignal) =>
    docker.createContainer({
      name: containerName(stateDirectory),
      Image: image,
      Env: [`${ACCOUNT}=${accountId}`, 'S3_IGNORE_SUBDOMAIN_BUCKETNAME=true'],
      Labels: {
        [LABEL.owner]: OWNER,
        [LABEL.state]: stateDirectory,
        [LABEL.host]: hostOfProcesses(),
      },
      ExposedPorts: { [PORT]: {} },
      // Large objects go to its disk.
      Volumes: { '/tmp': {} },
      HostConfig: {
        ...HARDENED,
        // On the engine's own bridge, which functions' containers do not reach.
        PortBindings: { [PORT]: [{ HostIp: '127.0.0.1', HostPort: port ?? '' }] },
        LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '1' } },
        PidsLimit: PIDS,
        Init: true,
      },
      abortSignal,
    }),
  );
  try {
    await within(DEADLINE_MS.start, (abortSignal) => container.start({ abortSignal }));
  } catch (error) {
    await removeContainer(container).catch(() => undefined);
    throw error;
  }
  return container.id;
}

/** Waits until its API answers. */
async function ready(
  request: ContainerRequest,
  id: string,
  { signal, adopted }: { signal: AbortSignal; adopted: boolean },
): Promise<ServicesContainer> {
  const { clock } = request;
  const until = clock.monotonic() + LONGEST_START_MS;
  for (;;) {
    const details = await inspect(request, id);
    if (details?.State.Running !== true) throw await ended(request, id);
    const endpoint = endpointOf(details);
    if (endpoint !== undefined && (await answers(endpoint))) return { id, endpoint, adopted };
    if (clock.monotonic() > until) {
      throw new OrchestratorError(
        'services-unavailable',
        `the services container (${containerName(request.stateDirectory)}) does not answer`,
        { remedy: `See \`docker logs ${containerName(request.stateDirectory)}\`.` },
      );
    }
    await sleep(clock, LOOK_EVERY_MS, signal);
  }
}

function endpointOf({ NetworkSettings }: Docker.ContainerInspectInfo): string | undefined {
  const port = NetworkSettings.Ports[PORT]?.[0]?.HostPort;
  return port === undefined ? undefined : `http://127.0.0.1:${port}`;
}

async function answers(endpoint: string): Promise<boolean> {
  try {
    const answer = await fetch(`${endpoint}/moto-api/`, { signal: AbortSignal.timeout(ANSWER_MS) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

function isUsable(
  { State, Config }: Docker.ContainerInspectInfo,
  { accountId }: ContainerRequest,
): boolean {
  return State.Running && Config.Env.includes(`${ACCOUNT}=${accountId}`);
}

async function inspect(
  { docker }: Pick<ContainerRequest, 'docker'>,
  name: string,
): Promise<Docker.ContainerInspectInfo | undefined> {
  try {
    return await within(DEADLINE_MS.look, (abortSignal) =>
      docker.getContainer(name).inspect({ abortSignal }),
    );
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function ended({ docker }: ContainerRequest, id: string): Promise<OrchestratorError> {
  const lines = await lastLines(docker, id).catch((error: unknown) => [messageOf(error)]);
  return new OrchestratorError(
    'services-unavailable',
    ['the services container has ended:', ...lines].join('\n'),
    { remedy: 'Use a server of your own with --services <url>, or none with --services none.' },
  );
}

async function lastLines(docker: Docker, id: string): Promise<string[]> {
  const output = (await docker
    .getContainer(id)
    .logs({ stdout: true, stderr: true, tail: LAST_LINES })) as unknown as Buffer;
  // Each piece has a header of eight bytes in front.
  return (
    output
      .toString('utf8')
      .split('\n')
      // oxlint-disable-next-line no-control-regex
      .map((line) => line.replace(/[\u0000-\u0008\ufffd]/g, '').trim())
      .filter((line) => line !== '')
  );
}
