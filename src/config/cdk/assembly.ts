/**
 * What `cdk synth` leaves: a cloud assembly, whose manifest names the templates of its stacks. Of
 * several stacks one template is made that holds each as a nested stack.
 */

import { dirname, join } from 'node:path';
import { messageOf } from '../../errors.js';
import { map, type Map } from '../map.js';
import { nearestOf, type Problems } from '../problems.js';
import { readSource } from '../source.js';
import { MANIFEST } from './names.js';

export interface AssemblyStack {
  /** As `cdk deploy` takes it. */
  readonly name: string;
  /** Absolute path of its template. */
  readonly template: string;
  readonly region?: string;
  readonly accountId?: string;
}

const UNKNOWN = /^unknown-/;
const DEEPEST = 8;

/** All stacks, those of stages included. */
export function stacksOf(manifest: unknown, file: string, problems: Problems): AssemblyStack[] {
  return stacksIn(manifest, dirname(file), { problems, depth: 0 });
}

function stacksIn(
  manifest: unknown,
  directory: string,
  around: { readonly problems: Problems; readonly depth: number },
): AssemblyStack[] {
  const artifacts = Object.entries(map(map(manifest)['artifacts']));
  return artifacts.flatMap(([id, artifact]) => {
    const { type, environment, properties, displayName } = map(artifact);
    const { templateFile, stackName, directoryName } = map(properties);
    if (type === 'cdk:cloud-assembly' && typeof directoryName === 'string') {
      if (around.depth >= DEEPEST) return [];
      const inner = join(directory, directoryName);
      const nested = readJson(join(inner, MANIFEST), `artifacts.${id}`, around.problems);
      return stacksIn(nested, inner, { ...around, depth: around.depth + 1 });
    }
    if (type !== 'aws:cloudformation:stack' || typeof templateFile !== 'string') return [];
    const [, accountId = '', region = ''] =
      /^aws:\/\/([^/]+)\/(.+)$/.exec(String(environment)) ?? [];
    return [
      {
        name: String(stackName ?? displayName ?? id),
        template: join(directory, templateFile),
        ...(region === '' || UNKNOWN.test(region) ? {} : { region }),
        ...(/^\d{12}$/.test(accountId) ? { accountId } : {}),
      },
    ];
  });
}

function readJson(file: string, path: string, problems: Problems): unknown {
  try {
    return JSON.parse(readSource(file));
  } catch (error) {
    const expected = `a manifest that can be read (${messageOf(error)})`;
    problems.add({ path, value: file, expected, remedy: 'Run `cdk synth` again.' });
    return undefined;
  }
}

/** Those that `wanted` names, all when it names none. What it names in vain is a problem. */
export function chosen(
  stacks: readonly AssemblyStack[],
  wanted: readonly string[],
  problems: Problems,
): readonly AssemblyStack[] {
  const names = stacks.map(({ name }) => name);
  for (const name of wanted) {
    if (names.includes(name)) continue;
    const nearest = nearestOf(name, names);
    problems.add({
      path: `--stack ${name}`,
      expected: `one of ${names.join(', ') || 'no stack: there is none'}`,
      remedy: nearest === undefined ? 'Name one of these.' : `Did you mean '${nearest}'?`,
    });
  }
  if (stacks.length === 0) {
    problems.add({
      path: 'artifacts',
      expected: 'a stack at least',
      remedy: 'Run `cdk synth` again.',
    });
  }
  return wanted.length === 0 ? stacks : stacks.filter(({ name }) => wanted.includes(name));
}

/** One template of several stacks. */
export function together(stacks: readonly AssemblyStack[]): Map {
  return {
    Resources: Object.fromEntries(
      stacks.map(({ name, template }) => [
        name.replace(/[^A-Za-z0-9]/g, ''),
        {
          Type: 'AWS::CloudFormation::Stack',
          Metadata: { 'orchestrator:stack': name },
          Properties: { TemplateURL: template },
        },
      ]),
    ),
  };
}
