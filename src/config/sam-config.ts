/**
 * `samconfig.toml`, or `.yaml`, as far as it says something to a local run: where the template is,
 * the values of its parameters, region, ports and variables.
 */

import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { messageOf } from '../errors.js';
import type { SettingNotice } from './config.js';
import { isMap, map, own, type Map as Named } from './map.js';
import { textOf } from './parameters.js';
import { nearestOf, type Problems } from './problems.js';
import { settingsShape, type FileSettings } from './schema.js';
import { checked } from './shape.js';
import { readSource } from './source.js';

export interface SamConfig {
  /** Absolute path; absent: there is none. */
  readonly file?: string;
  /** Absolute path. */
  readonly template?: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly settings: FileSettings;
  /** Absolute path of a file of variables. */
  readonly envVars?: string;
}

export interface SamConfigRequest {
  /** Of the project. */
  readonly folder: string;
  /** Absolute path, when one was named. */
  readonly file?: string;
  readonly environment?: string;
  readonly problems: Problems;
  readonly notices: SettingNotice[];
}

export const SAM_CONFIG = 'samconfig.toml';
const FILES = [SAM_CONFIG, 'samconfig.yaml', 'samconfig.yml'];
const DEFAULT_ENVIRONMENT = 'default';
/** In order: what stands in a later one is in force. */
const COMMANDS = [
  'global',
  'deploy',
  'local_invoke',
  'local_start_api',
  'local_start_lambda',
] as const;
/** What else these commands take means nothing here, which is told. */
const LOCAL = /^local_/;
const TAKEN = [
  'template_file',
  'template',
  'parameter_overrides',
  'region',
  'env_vars',
  'port',
  'host',
  'docker_network',
];

export async function readSamConfig(request: SamConfigRequest): Promise<SamConfig> {
  const { folder, problems } = request;
  const file =
    request.file ?? FILES.map((name) => join(folder, name)).find((one) => existsSync(one));
  if (file === undefined) {
    if (request.environment !== undefined) {
      problems.add({
        path: `--config-env ${request.environment}`,
        expected: `a samconfig.toml in ${folder} that has it`,
        remedy: 'Name the file with --config-file.',
      });
    }
    return { parameters: {}, settings: {} };
  }
  const document = await parse(file, problems);
  const sections = sectionOf(document, file, request);
  return { file, ...readSections(sections, file, request) };
}

async function parse(file: string, problems: Problems): Promise<unknown> {
  try {
    const text = readSource(file);
    if (!file.endsWith('.toml')) {
      const { readDocument } = await import('./document.js');
      return readDocument(text, problems);
    }
    const { parse: parseToml } = await import('smol-toml');
    return parseToml(text);
  } catch (error) {
    const { line } = error as { line?: number };
    const [reason = ''] = messageOf(error).split('\n');
    problems.add({
      path: line === undefined ? file : `${file}, line ${line}`,
      expected: `a configuration file of SAM (${reason})`,
      remedy: 'Correct it.',
    });
    return undefined;
  }
}

function sectionOf(document: unknown, file: string, request: SamConfigRequest): Named {
  const name = request.environment ?? DEFAULT_ENVIRONMENT;
  const section = own(map(document), name);
  if (isMap(section)) return section;
  if (request.environment !== undefined && document !== undefined) {
    const known = Object.keys(map(document)).filter((key) => key !== 'version');
    const nearest = nearestOf(name, known);
    request.problems.add({
      path: `--config-env ${name}`,
      expected: `one of ${known.join(', ') || 'the environments of the file, which has none'}`,
      remedy: nearest === undefined ? `Add it to ${file}.` : `Did you mean '${nearest}'?`,
    });
  }
  return {};
}

function readSections(sections: Named, file: string, request: SamConfigRequest): SamConfig {
  const { problems, notices } = request;
  const environment = request.environment ?? DEFAULT_ENVIRONMENT;
  const directory = dirname(file);
  const settings: Record<string, unknown> = {};
  const parameters: Record<string, string> = {};
  const paths: { template?: string; envVars?: string } = {};
  for (const command of COMMANDS) {
    const place = `${basename(file)} ${environment}.${command}.parameters`;
    const values = map(map(own(sections, command))['parameters']);
    for (const [key, value] of Object.entries(values)) {
      switch (key) {
        case 'template_file':
        case 'template':
          paths.template = resolve(directory, String(value));
          break;
        case 'env_vars':
          paths.envVars = resolve(directory, String(value));
          break;
        case 'parameter_overrides':
          Object.assign(parameters, overrides(value, `${place}.${key}`, problems));
          break;
        case 'region':
        case 'host':
          settings[key] = value;
          break;
        case 'docker_network':
          settings['network'] = value;
          break;
        case 'port':
          settings[command === 'local_start_api' ? 'httpPort' : 'port'] = value;
          break;
        default:
          if (!LOCAL.test(command)) break;
          notices.push({
            path: `${place}.${key}`,
            treatment: 'ignored',
            reason: `of SAM's settings only ${TAKEN.join(', ')} mean something here`,
          });
      }
    }
  }
  const result = checked(settingsShape, settings);
  if (!result.ok) problems.addIssues(basename(file), settings, result.issues);
  return { ...paths, parameters, settings: result.ok ? result.value : {} };
}

/** A text of `Name=value` or `ParameterKey=Name,ParameterValue=value`, a list of these, or a map. */
export function overrides(
  written: unknown,
  path: string,
  problems: Problems,
): Record<string, string> {
  if (isMap(written)) {
    const entries = Object.entries(written).map(([name, value]) => [name, textOf(value)] as const);
    return Object.fromEntries(
      entries.filter((entry): entry is readonly [string, string] => entry[1] !== undefined),
    );
  }
  const found: Record<string, string> = {};
  for (const text of [written].flat()) {
    if (typeof text === 'string' && takeAll(text, found)) continue;
    problems.add({
      path,
      value: text,
      expected: 'Name=value for each parameter, values with blanks in quotes',
      remedy: 'Write it as "Stage=dev Name=\'two words\'".',
    });
  }
  return found;
}

const VALUE = String.raw`("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\S*)`;
const OVERRIDE = new RegExp(
  String.raw`\s*(?:ParameterKey=([A-Za-z0-9]+),ParameterValue=|([A-Za-z0-9]+)=)${VALUE}`,
  'y',
);

/** False when something in the text is no parameter. */
function takeAll(text: string, found: Record<string, string>): boolean {
  const end = text.trimEnd().length;
  OVERRIDE.lastIndex = 0;
  while (OVERRIDE.lastIndex < end) {
    const match = OVERRIDE.exec(text);
    if (match === null) return false;
    const [, key, name, value = ''] = match;
    const quoted = /^(["'])([\s\S]*)\1$/.exec(value);
    found[(key ?? name) as string] =
      quoted === null ? value : (quoted[2] ?? '').replace(/\\(.)/gs, '$1');
  }
  return true;
}
