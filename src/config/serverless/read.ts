/** A project of the Serverless Framework as a template: its variables, its stage, its `.env` files. */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'dotenv';
import type { Flags, SettingNotice } from '../config.js';
import { DEFAULTS } from '../defaults.js';
import { map, type Map as Named } from '../map.js';
import type { Origin } from '../origin.js';
import { parametersOf } from '../parameters.js';
import type { Problems } from '../problems.js';
import { relocate } from '../relocate.js';
import { templateOf, type ServiceTemplate } from './service.js';
import { Variables } from './variables.js';

export interface ServiceOrigin {
  /** What the project is read as instead, from where. */
  readonly origin: Pick<Origin, 'document' | 'files' | 'place'>;
  /** Paths of the template become those a person wrote. */
  relocate(problems: Problems, notices: SettingNotice[]): void;
}

/** `read` is a file of the Serverless Framework. */
export async function serviceOf(
  read: Origin,
  { flags, environment }: { readonly flags: Flags; readonly environment: Environment },
  problems: Problems,
  notices: SettingNotice[],
): Promise<ServiceOrigin> {
  const files = [...read.files];
  const parameters = await parametersOf({
    flags: flags.parameters ?? {},
    files: flags.parameterFiles ?? [],
    samConfig: {},
    declared: {},
    problems,
    read: files,
  });
  const { template, placed, region } = readService({
    document: read.document,
    directory: dirname(read.source),
    ...(flags.stage === undefined ? {} : { stage: flags.stage }),
    ...(flags.region === undefined ? {} : { region: flags.region }),
    fallbackRegion: environment['AWS_REGION'] ?? DEFAULTS.region,
    accountId: DEFAULTS.accountId,
    environment,
    parameters: parameters.values,
    problems,
    notices,
    files,
  });
  return {
    origin: { document: template, files: [...new Set(files)], place: { region } },
    relocate(found, told) {
      relocate(placed, { problems: found, notices: told });
    },
  };
}

type Environment = Readonly<Record<string, string | undefined>>;

interface ServiceRequest {
  readonly document: unknown;
  /** Of the file; relative paths start here. */
  readonly directory: string;
  /** Given by flags. */
  readonly stage?: string;
  readonly region?: string;
  readonly fallbackRegion: string;
  readonly accountId: string;
  readonly environment: Environment;
  readonly parameters: Readonly<Record<string, string>>;
  readonly problems: Problems;
  readonly notices: SettingNotice[];
  /** Takes others that it is made of. */
  readonly files: string[];
}

const STAGE = 'dev';

function readService(request: ServiceRequest): ServiceTemplate & { readonly region: string } {
  const { document, directory, problems, notices, accountId, parameters, files } = request;
  const provider = map(map(document)['provider']);
  const dotenv = (name: string): Record<string, string> => {
    const file = join(directory, name);
    if (!existsSync(file)) return {};
    files.push(file);
    return parse(readFileSync(file));
  };
  // Its own stage and region may be made of variables, of anything but themselves.
  const plain = dotenv('.env');
  const first = (stage: string, region: string, environment: Environment) =>
    new Variables({
      document,
      directory,
      stage,
      region,
      accountId,
      environment,
      parameters,
      problems,
      files,
    });
  const before = first(request.stage ?? STAGE, request.region ?? request.fallbackRegion, {
    ...plain,
    ...request.environment,
  });
  const stage = request.stage ?? textOr(before.resolve(provider['stage'], 'provider.stage'), STAGE);
  const region =
    request.region ??
    textOr(before.resolve(provider['region'], 'provider.region'), request.fallbackRegion);
  const environment = { ...plain, ...dotenv(`.env.${stage}`), ...request.environment };
  const resolved = first(stage, region, environment).resolve(document, '') as Named;
  const template = templateOf(resolved, { stage, problems, notices });
  return { ...template, region };
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === 'string' && value !== '' ? value : fallback;
}
