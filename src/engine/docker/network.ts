/**
 * The run's network: our own bridge on which containers reach this process and nobody else of
 * their kind, or an existing network the user named.
 */

import type Docker from 'dockerode';
import { OrchestratorError } from '../../errors.js';
import type { EngineNetwork } from '../engine.js';
import { engineError, isNotFound } from './errors.js';

export interface RunNetwork extends EngineNetwork {
  readonly name: string;
  remove(): Promise<void>;
}

interface NetworkDetails {
  readonly Driver?: string;
  readonly IPAM?: { readonly Config?: readonly { readonly Gateway?: string }[] };
}

export async function makeNetwork(
  docker: Docker,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<RunNetwork> {
  try {
    const network = await docker.createNetwork({
      Name: name,
      Driver: 'bridge',
      Labels: { ...labels },
      Options: { 'com.docker.network.bridge.enable_icc': 'false' },
    });
    const gateway = gatewayOf((await network.inspect()) as NetworkDetails);
    return {
      name,
      hostAddress: gateway,
      listenAddress: gateway,
      remove: () => removeNetwork(network),
    };
  } catch (error) {
    throw engineError(error, 'making the network of the run');
  }
}

/** Raises `config-invalid` when there is no such network. */
export async function joinNetwork(docker: Docker, name: string): Promise<RunNetwork> {
  try {
    const details = (await docker.getNetwork(name).inspect()) as NetworkDetails;
    const gateway = gatewayOf(details);
    return { name, hostAddress: gateway, listenAddress: gateway, remove: () => Promise.resolve() };
  } catch (error) {
    if (!isNotFound(error)) throw engineError(error, `looking at the network '${name}'`);
    throw new OrchestratorError('config-invalid', `the engine has no network '${name}'`, {
      remedy: 'Name one that docker network ls shows, or leave --network out.',
      cause: error,
    });
  }
}

function gatewayOf(details: NetworkDetails): string {
  const gateway = details.IPAM?.Config?.find((config) => config.Gateway !== undefined)?.Gateway;
  if (gateway === undefined) {
    throw new OrchestratorError('not-supported', 'the network has no gateway containers can call', {
      remedy: 'Use a bridge network.',
    });
  }
  return gateway.split('/')[0] ?? gateway;
}

async function removeNetwork(network: Docker.Network): Promise<void> {
  try {
    await network.remove();
  } catch (error) {
    if (!isNotFound(error)) throw engineError(error, 'removing the network of the run');
  }
}
