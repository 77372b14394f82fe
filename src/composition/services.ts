/** The composition root's part for the services: their container, or whatever stands for it. */

import { systemClock } from '../async/clock.js';
import type { Teardown } from '../async/teardown.js';
import type { AwsEndpoint } from '../aws-endpoint/aws-endpoint.js';
import { forwardTo } from '../aws-endpoint/forward.js';
import { Builder } from '../builder/builder.js';
import { SERVICES_IMAGE } from '../builder/services-image.js';
import type { Settings } from '../config/config.js';
import type { DockerEngine } from '../engine/docker/docker-engine.js';
import { messageOf } from '../errors.js';
import {
  containerEnd,
  openContainer,
  removeForsaken,
  removeServices,
} from '../engine/docker/services-container.js';
import { Services, type ServicesHost } from '../services/services.js';
import type { StartHooks } from '../start-hooks.js';
import { told } from './told.js';

export interface ServicesRequest {
  readonly settings: Settings;
  readonly engine: Pick<DockerEngine, 'docker'>;
  readonly awsEndpoint: AwsEndpoint;
  readonly hooks: StartHooks;
  readonly teardown: Teardown;
}

export function openServices(request: ServicesRequest): Services {
  const { settings, engine, awsEndpoint, hooks, teardown } = request;
  const { region, awsProfile } = settings;
  const services = new Services({
    setting: settings.services,
    region,
    keep: settings.keepServices === true,
    host: servicesHost(request),
    clock: systemClock,
    log: hooks.log,
    ...(awsProfile === undefined ? {} : { awsCredentials: profileCredentials(awsProfile) }),
  });
  teardown.add(() => services.close());
  awsEndpoint.forward = forwardTo(services);
  awsEndpoint.hasServices = () => services.endpoint !== undefined;
  if (services.kind === 'aws') {
    hooks.log.warn('services: aws: what the template declares is made in AWS, and stays there');
  }
  // Nobody waits for this: it is in nobody's way.
  removeForsaken(engine.docker).catch((error: unknown) =>
    hooks.log.warn(`services of deleted projects could not be removed: ${messageOf(error)}`),
  );
  return services;
}

function servicesHost({ settings, engine, hooks }: ServicesRequest): ServicesHost {
  const { docker } = engine;
  const { stateDirectory, accountId, base } = settings;
  const builder = new Builder(docker);
  return {
    open: (signal, port) =>
      told(hooks, 'Services', async (tell) => {
        const ensureImage = (): Promise<string> =>
          builder.ensureImage(SERVICES_IMAGE, {
            base,
            signal: AbortSignal.any([signal, hooks.signal]),
            onProgress: ({ step, detail }) => tell(step === 'ready' ? 'starting' : detail),
          });
        const asked = { docker, clock: systemClock, stateDirectory, accountId, ensureImage };
        const opened = await openContainer(asked, AbortSignal.any([signal, hooks.signal]), port);
        return { ...opened, ended: (over) => containerEnd(docker, opened.id, over) };
      }),
    remove: async () => {
      await removeServices(docker, stateDirectory);
    },
  };
}

function profileCredentials(profile: string) {
  return async () => {
    const { fromIni } = await import('@aws-sdk/credential-provider-ini');
    return fromIni({ profile })();
  };
}
