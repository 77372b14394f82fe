/**
 * The run's network: our own bridge on which containers reach this process and nobody else of
 * their kind, or an existing network the user named.
 */

import { lookup } from 'node:dns/promises';
import { createServer } from 'node:net';
import type Docker from 'dockerode';
import { OrchestratorError } from '../../errors.js';
import type { EngineNetwork } from '../engine.js';
import { DEADLINE_MS, within } from './deadline.js';
import { engineError, isNotFound } from './errors.js';
import { removeNetwork } from './removal.js';

export interface RunNetwork extends EngineNetwork {
  readonly name: string;
  /** Makes it again, with the same addresses, if the engine has lost it. */
  restore(): Promise<void>;
  remove(): Promise<void>;
}

interface AddressRange {
  readonly Subnet?: string;
  readonly Gateway?: string;
}

interface NetworkDetails {
  readonly IPAM?: { readonly Config?: readonly AddressRange[] | null };
}

/** Of a container, as its details say. */
export function addressIn(
  settings: Docker.ContainerInspectInfo['NetworkSettings'] | undefined,
): string | undefined {
  const networks = Object.values(settings?.Networks ?? {});
  return networks.map(({ IPAddress }) => IPAddress).find((address) => address !== '');
}

/** Stands for the address of the engine's host, where the engine itself knows it. */
export const HOST_GATEWAY = 'host-gateway';

export async function makeNetwork(
  docker: Docker,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<RunNetwork> {
  const create = (range?: AddressRange): Promise<Docker.Network> =>
    within(DEADLINE_MS.network, (abortSignal) =>
      docker.createNetwork({
        Name: name,
        Driver: 'bridge',
        Labels: { ...labels },
        Options: { 'com.docker.network.bridge.enable_icc': 'false' },
        ...(range === undefined ? {} : { IPAM: { Driver: 'default', Config: [{ ...range }] } }),
        abortSignal,
      }),
    );
  try {
    const network = await create();
    const range = rangeOf(await inspect(network));
    return {
      name,
      ...(await addresses(range.Gateway)),
      restore: async () => {
        try {
          await inspect(docker.getNetwork(name));
        } catch (error) {
          if (!isNotFound(error)) throw error;
          await create(range);
        }
      },
      // By name: the one made again has another id.
      remove: () => removeOurs(docker.getNetwork(name)),
    };
  } catch (error) {
    throw engineError(error, 'making the network of the run');
  }
}

/** Raises `config-invalid` when there is no such network. */
export async function joinNetwork(docker: Docker, name: string): Promise<RunNetwork> {
  try {
    const { Gateway: gateway } = rangeOf(await inspect(docker.getNetwork(name)));
    return {
      name,
      ...(await addresses(gateway)),
      restore: () => Promise.resolve(),
      remove: () => Promise.resolve(),
    };
  } catch (error) {
    if (!isNotFound(error)) throw engineError(error, `looking at the network '${name}'`);
    throw new OrchestratorError('config-invalid', `the engine has no network '${name}'`, {
      remedy: 'Name one that docker network ls shows, or leave --network out.',
      cause: error,
    });
  }
}

/**
 * Raises `not-supported` for an engine on another machine: the code of functions is bound into
 * containers from our disk, which that machine does not see.
 */
export async function refuseRemote(docker: Docker): Promise<void> {
  const { host, protocol } = docker.modem as { host?: string; protocol?: string };
  if (host === undefined) return;
  if (protocol !== 'ssh' && (await isThisMachine(host))) return;
  throw new OrchestratorError(
    'not-supported',
    `the container engine is on another machine (${host}), which cannot see the code here`,
    {
      remedy:
        'Run orchestrator on that machine, or unset DOCKER_HOST to use an engine on this one.',
    },
  );
}

/** Whether a host name or address leads to this machine. */
async function isThisMachine(host: string): Promise<boolean> {
  try {
    const { address } = await lookup(host.replace(/^\[|\]$/g, ''));
    return await isOurs(address);
  } catch {
    // A name nobody knows: the connection will say so.
    return true;
  }
}

/**
 * A bridge on this machine is listened on itself, where nobody else reaches us. An engine in a
 * virtual machine of this desktop has its bridges in there and leads its host's name to our
 * loopback.
 */
export async function addresses(gateway: string): Promise<EngineNetwork> {
  return (await isOurs(gateway))
    ? { hostAddress: gateway, listenAddress: gateway }
    : { hostAddress: HOST_GATEWAY, listenAddress: '127.0.0.1' };
}

/**
 * Whether an address is one of this machine's. Asked of the kernel by listening on it: the list of
 * interfaces leaves out a bridge that has no container yet.
 */
export function isOurs(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(0, address, () => server.close(() => resolve(true)));
  });
}

function inspect(network: Docker.Network): Promise<NetworkDetails> {
  return within(DEADLINE_MS.look, () => network.inspect() as Promise<NetworkDetails>);
}

function rangeOf(details: NetworkDetails): AddressRange & { Gateway: string } {
  const range = details.IPAM?.Config?.find((config) => config.Gateway !== undefined);
  if (range?.Gateway === undefined) {
    throw new OrchestratorError('not-supported', 'the network has no gateway containers can call', {
      remedy: 'Use a bridge network.',
    });
  }
  const Gateway = range.Gateway.split('/')[0] ?? range.Gateway;
  return { ...(range.Subnet === undefined ? {} : { Subnet: range.Subnet }), Gateway };
}

async function removeOurs(network: Docker.Network): Promise<void> {
  try {
    await removeNetwork(network);
  } catch (error) {
    throw engineError(error, 'removing the network of the run');
  }
}
