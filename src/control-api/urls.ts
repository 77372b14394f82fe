/** The five operations on function URL configs (contract 8.6, 8.10). */

import { randomBytes } from 'node:crypto';
import type { ControlCall } from '../invoke-api/call.js';
import { LATEST, type UrlRecord } from '../registry/records.js';
import { conflict, invalid, notFound } from './failure.js';
import { timestamp } from './configuration.js';
import type { Answer, ControlRequest } from './operation.js';
import { pageOf, type PageInput } from './paging.js';
import type { ControlParts } from './parts.js';
import { arnOf, existing, missing } from './target.js';

interface UrlInput {
  readonly FunctionName: string;
  readonly Qualifier?: string;
}

interface SettingsInput extends UrlInput {
  readonly AuthType?: UrlRecord['authType'];
  readonly InvokeMode?: UrlRecord['invokeMode'];
  readonly Cors?: Readonly<Record<string, unknown>>;
}

export function createFunctionUrlConfig({
  parts,
  input,
  call,
}: ControlRequest<SettingsInput>): Answer {
  const { registry } = parts;
  const target = targetOf(parts, input);
  if (registry.urls(target.name)[target.key] !== undefined) {
    throw conflict(
      `Failed to create function url config for [functionArn = ${arnOf(parts, target)}]. Error message:  FunctionUrlConfig exists for this Lambda function`,
    );
  }
  if (parts.registry.revision(target.name)?.definition.tenancy !== undefined) {
    throw invalid('Function URLs are not supported for functions with tenant isolation.');
  }
  const now = parts.now();
  return {
    body: keep(parts, call, target, {
      urlId: newUrlId(),
      authType: input.AuthType ?? 'NONE',
      invokeMode: input.InvokeMode ?? 'BUFFERED',
      ...(input.Cors === undefined ? {} : { cors: input.Cors }),
      createdAtMs: now,
      modifiedAtMs: now,
    }),
  };
}

export function getFunctionUrlConfig({ parts, input, call }: ControlRequest<UrlInput>): Answer {
  const target = targetOf(parts, input);
  const url = stored(parts, target);
  return {
    body: { ...shown(parts, call, target, url), LastModifiedTime: timeOf(url.modifiedAtMs) },
  };
}

export function updateFunctionUrlConfig({
  parts,
  input,
  call,
}: ControlRequest<SettingsInput>): Answer {
  const target = targetOf(parts, input);
  const before = stored(parts, target);
  const cors = input.Cors ?? before.cors;
  const url: UrlRecord = {
    urlId: before.urlId,
    authType: input.AuthType ?? before.authType,
    invokeMode: input.InvokeMode ?? before.invokeMode,
    ...(cors === undefined ? {} : { cors }),
    createdAtMs: before.createdAtMs,
    modifiedAtMs: parts.now(),
  };
  return {
    body: { ...keep(parts, call, target, url), LastModifiedTime: timeOf(url.modifiedAtMs) },
  };
}

export function deleteFunctionUrlConfig({ parts, input }: ControlRequest<UrlInput>): Answer {
  const target = targetOf(parts, input);
  stored(parts, target);
  if (parts.registry.record(target.name).urls[target.key] === undefined) {
    throw conflict(
      `The URL of ${target.name} is set where the function is defined. Remove it from that file.`,
    );
  }
  parts.registry.change(target.name, ({ urls }) => {
    delete urls[target.key];
  });
  return {};
}

const PAGE = 50;

export function listFunctionUrlConfigs({
  parts,
  input,
  call,
}: ControlRequest<UrlInput & PageInput>): Answer {
  const { name } = existing(parts, input.FunctionName);
  const urls = Object.entries(parts.registry.urls(name))
    .map(([key, url]) => ({ key, url }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const { page, next } = pageOf(urls, input, PAGE);
  return {
    body: {
      FunctionUrlConfigs: page.map(({ key, url }) => ({
        ...shown(parts, call, { name, key, ...(key === LATEST ? {} : { qualifier: key }) }, url),
        LastModifiedTime: timeOf(url.modifiedAtMs),
      })),
      ...next,
    },
  };
}

interface UrlTarget {
  readonly name: string;
  readonly qualifier?: string;
  /** Under which it is kept. */
  readonly key: string;
}

/** The function itself or an alias of it. */
function targetOf(parts: ControlParts, input: UrlInput): UrlTarget {
  const target = existing(parts, input.FunctionName, input.Qualifier);
  const { name, qualifier } = target;
  if (qualifier === undefined) return { name, key: LATEST };
  if (qualifier === LATEST || /^\d+$/.test(qualifier)) {
    throw invalid('Function URLs are for functions and aliases: a version cannot have one.');
  }
  if (parts.registry.alias(name, qualifier) === undefined) throw missing(parts, target);
  return { name, qualifier, key: qualifier };
}

function stored(parts: ControlParts, { name, key }: UrlTarget): UrlRecord {
  const url = parts.registry.urls(name)[key];
  if (url === undefined) throw notFound('The resource you requested does not exist.');
  return url;
}

function keep(parts: ControlParts, call: ControlCall, target: UrlTarget, url: UrlRecord): object {
  parts.registry.change(target.name, ({ urls }) => {
    urls[target.key] = url;
  });
  return shown(parts, call, target, url);
}

/** The address is one that leads here: names below `localhost` are this machine. */
function shown(parts: ControlParts, call: ControlCall, target: UrlTarget, url: UrlRecord): object {
  const { localPort = 80 } = call.request.socket;
  return {
    FunctionUrl: `http://${url.urlId}.lambda-url.${parts.region}.localhost:${localPort}/`,
    FunctionArn: arnOf(parts, target),
    AuthType: url.authType,
    ...(url.cors === undefined ? {} : { Cors: url.cors }),
    CreationTime: timeOf(url.createdAtMs),
    InvokeMode: url.invokeMode,
  };
}

/** With `Z`, other than times of functions. */
function timeOf(ms: number): string {
  return timestamp(ms).replace('+0000', 'Z');
}

/** Of the recorded form: 32 lower-case letters and digits. */
function newUrlId(): string {
  return [...randomBytes(32)].map((byte) => (byte % 36).toString(36)).join('');
}
