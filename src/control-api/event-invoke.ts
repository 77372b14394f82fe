/** The five operations on event invoke configs (contract 8.6, 9.3). */

import { parseFunctionReference } from '../function/arn.js';
import { LATEST, type EventInvokeRecord } from '../registry/records.js';
import { ofOwnConfig } from '../registry/registry.js';
import { invalid, notFound } from './failure.js';
import type { Answer, ControlRequest } from './operation.js';
import { pageOf, type PageInput } from './paging.js';
import type { ControlParts } from './parts.js';
import { arnOf, existing, missing } from './target.js';

interface ConfigInput {
  readonly FunctionName: string;
  readonly Qualifier?: string;
}

interface SettingsInput extends ConfigInput {
  readonly MaximumRetryAttempts?: number;
  readonly MaximumEventAgeInSeconds?: number;
  readonly DestinationConfig?: {
    readonly OnSuccess?: { readonly Destination?: string };
    readonly OnFailure?: { readonly Destination?: string };
  };
}

/** Replaces. */
export function putFunctionEventInvokeConfig({
  parts,
  input,
}: ControlRequest<SettingsInput>): Answer {
  const target = targetOf(parts, input);
  const config = configOf(parts, target, input);
  return { body: keep(parts, target, config) };
}

/** Merges. */
export function updateFunctionEventInvokeConfig({
  parts,
  input,
}: ControlRequest<SettingsInput>): Answer {
  const target = targetOf(parts, input);
  const { modifiedAtMs: _modified, ...before } = stored(parts, target);
  return { body: keep(parts, target, { ...before, ...configOf(parts, target, input) }) };
}

export function getFunctionEventInvokeConfig({
  parts,
  input,
}: ControlRequest<ConfigInput>): Answer {
  const target = targetOf(parts, input);
  return { body: shown(parts, target, stored(parts, target)) };
}

export function deleteFunctionEventInvokeConfig({
  parts,
  input,
}: ControlRequest<ConfigInput>): Answer {
  const target = targetOf(parts, input);
  stored(parts, target);
  parts.registry.change(target.name, ({ eventInvoke }) => {
    delete eventInvoke[target.qualifier];
  });
  // One that a file brought is hidden, until the file changes.
  const revision = parts.registry.revision(target.name);
  if (
    revision?.definition.eventInvoke !== undefined &&
    ofOwnConfig(revision.definition).includes(target.qualifier)
  ) {
    const { eventInvoke: _gone, ...definition } = revision.definition;
    parts.registry.setLatest(target.name, { ...revision, definition });
  }
  return {};
}

const PAGE = 50;

export function listFunctionEventInvokeConfigs({
  parts,
  input,
}: ControlRequest<ConfigInput & PageInput>): Answer {
  const { name } = existing(parts, input.FunctionName);
  const configs = parts.registry
    .eventInvokeQualifiers(name)
    .flatMap((key) => {
      const config = parts.registry.eventInvoke(name, key);
      return config === undefined ? [] : [{ key, config }];
    })
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const { page, next } = pageOf(configs, input, PAGE);
  return {
    body: {
      FunctionEventInvokeConfigs: page.map(({ key, config }) =>
        shown(parts, { name, qualifier: key }, config),
      ),
      ...next,
    },
  };
}

interface ConfigTarget {
  readonly name: string;
  readonly qualifier: string;
}

function targetOf(parts: ControlParts, input: ConfigInput): ConfigTarget {
  const target = existing(parts, input.FunctionName, input.Qualifier);
  const { name, qualifier = LATEST } = target;
  if (!parts.registry.exists(name, qualifier)) throw missing(parts, target);
  return { name, qualifier };
}

type Config = Omit<EventInvokeRecord, 'modifiedAtMs'>;

function configOf(parts: ControlParts, target: ConfigTarget, input: SettingsInput): Config {
  const { MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig } = input;
  const onSuccess = DestinationConfig?.OnSuccess?.Destination;
  const onFailure = DestinationConfig?.OnFailure?.Destination;
  const isEmpty = [
    MaximumRetryAttempts,
    MaximumEventAgeInSeconds,
    DestinationConfig?.OnSuccess,
    DestinationConfig?.OnFailure,
  ].every((value) => value === undefined);
  if (isEmpty) {
    throw invalid('You must specify at least one of error handling or destination setting.');
  }
  for (const arn of [onSuccess, onFailure]) {
    if (arn !== undefined && arn !== '') checkDestination(parts, target, arn);
  }
  return {
    ...(MaximumRetryAttempts === undefined ? {} : { maximumRetryAttempts: MaximumRetryAttempts }),
    ...(MaximumEventAgeInSeconds === undefined
      ? {}
      : { maximumEventAgeInSeconds: MaximumEventAgeInSeconds }),
    ...(onSuccess === undefined ? {} : { onSuccessArn: onSuccess }),
    ...(onFailure === undefined ? {} : { onFailureArn: onFailure }),
  };
}

function checkDestination(parts: ControlParts, { name }: ConfigTarget, arn: string): void {
  if (!/^arn:[^:]+:lambda:/.test(arn)) return;
  const reference = parseFunctionReference(arn);
  if (reference === undefined) throw invalid(`The destination ARN ${arn} is invalid.`);
  if (reference.name === name) {
    throw invalid("You can't specify the function as a destination for itself.");
  }
  if (!parts.registry.exists(reference.name, reference.qualifier)) {
    throw invalid(`The destination ARN ${arn} is invalid.`);
  }
}

function stored(parts: ControlParts, { name, qualifier }: ConfigTarget): EventInvokeRecord {
  const config = parts.registry.eventInvoke(name, qualifier);
  if (config !== undefined) return config;
  const arn = arnOf(parts, { name, qualifier });
  throw notFound(`The function ${arn} doesn't have an EventInvokeConfig`);
}

/** An empty destination takes away the one before. */
function keep(parts: ControlParts, { name, qualifier }: ConfigTarget, config: Config): object {
  const { onSuccessArn, onFailureArn, ...rest } = config;
  const record = {
    ...rest,
    ...((onSuccessArn ?? '') === '' ? {} : { onSuccessArn }),
    ...((onFailureArn ?? '') === '' ? {} : { onFailureArn }),
    modifiedAtMs: parts.now(),
  };
  parts.registry.change(name, ({ eventInvoke }) => {
    eventInvoke[qualifier] = record;
  });
  return shown(parts, { name, qualifier }, record);
}

function shown(parts: ControlParts, target: ConfigTarget, config: EventInvokeRecord): object {
  const { maximumRetryAttempts, maximumEventAgeInSeconds, onSuccessArn, onFailureArn } = config;
  return {
    // Seconds, as all times are that the model calls timestamps.
    LastModified: config.modifiedAtMs / 1000,
    FunctionArn: arnOf(parts, target),
    ...(maximumRetryAttempts === undefined ? {} : { MaximumRetryAttempts: maximumRetryAttempts }),
    ...(maximumEventAgeInSeconds === undefined
      ? {}
      : { MaximumEventAgeInSeconds: maximumEventAgeInSeconds }),
    DestinationConfig: {
      OnSuccess: onSuccessArn === undefined ? {} : { Destination: onSuccessArn },
      OnFailure: onFailureArn === undefined ? {} : { Destination: onFailureArn },
    },
  };
}
