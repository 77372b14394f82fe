/** The composition root's part for what functions reach of AWS: the endpoint, and their door to it. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../async/clock.js';
import type { Teardown } from '../async/teardown.js';
import type { AwsEndpoint } from '../aws-endpoint/aws-endpoint.js';
import { Callers } from '../aws-endpoint/callers.js';
import { ContainerDoor } from '../aws-endpoint/container-door.js';
import type { Settings } from '../config/config.js';
import type { EngineNetwork } from '../engine/engine.js';
import { expiringCredentials, functionCredentials } from '../function/credentials.js';
import type { RoleCredentials } from '../function/variables.js';
import type { RuntimeApi } from '../runtime-api/server.js';

export interface AwsSide {
  readonly door: ContainerDoor;
  readonly credentials: RoleCredentials;
  /** Of every function, unless it sets them itself. */
  readonly variables: Readonly<Record<string, string>>;
  /** The certificate of their door, where it has one. */
  readonly authorityPath?: string;
}

export interface AwsSideRequest {
  /** Whether handlers may ask by `https://` at the domain name of an event. */
  readonly webSockets: boolean;
  readonly endpoint: AwsEndpoint;
  readonly settings: Settings;
  readonly network: EngineNetwork;
  readonly runtimeApi: RuntimeApi;
  readonly teardown: Teardown;
}

/** What is ours to answer even where everything else is AWS itself. */
const OURS = ['LAMBDA', 'EVENTBRIDGE', 'SFN', 'SCHEDULER', 'APIGATEWAYMANAGEMENTAPI'] as const;

export async function openAwsSide(request: AwsSideRequest): Promise<AwsSide> {
  const { endpoint, settings, network, runtimeApi, webSockets, teardown } = request;
  const credentials = await functionCredentials(settings.awsProfile);
  const isUsers = settings.awsProfile !== undefined;
  const callers = new Callers(isUsers ? credentials.accessKeyId : undefined);
  runtimeApi.credentials = expiringCredentials(credentials, systemClock);
  runtimeApi.issueToken = () => callers.issue();
  endpoint.onCredentials = (answer) => callers.learn(answer);
  const door = new ContainerDoor({ endpoint, callers });
  teardown.add(() => door.destroy());
  const url = await door.listen(network.listenAddress, network.hostAddress);
  endpoint.containerAddress = new URL(url).host;
  const variables =
    isUsers || settings.services === 'aws'
      ? Object.fromEntries(OURS.map((service) => [`AWS_ENDPOINT_URL_${service}`, url]))
      : { AWS_ENDPOINT_URL: url };
  if (!webSockets) return { door, credentials, variables };
  const authorityPath = join(settings.stateDirectory, 'authority.pem');
  await writeFile(authorityPath, door.secure(systemClock.now()));
  return { door, credentials, variables, authorityPath };
}
