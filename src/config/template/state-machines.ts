/**
 * State machines of Step Functions (contract 12.4): SAM's and CloudFormation's. A definition is read
 * from where it stands, its substitutions made, and checked whole.
 */

import { resolve as resolvePath } from 'node:path';
import { messageOf } from '../../errors.js';
import { stateMachineArn, type Place } from '../../stack/arns.js';
import { validate } from '../../step-functions/interpreter/validate.js';
import { activityArn } from '../../step-functions/names.js';
import { readDocument } from '../document.js';
import { isMap, map, type Map } from '../map.js';
import { Problems } from '../problems.js';
import { readSource } from '../source.js';
import { UNRESOLVED, type Identity } from './intrinsics.js';
import type { DeclaredResource, TemplatePart } from './parts.js';
import { readMachineEvents } from './state-machine-events.js';

const IGNORED: Readonly<Record<string, string>> = {
  Role: 'permissions are not checked here',
  RoleArn: 'permissions are not checked here',
  Policies: 'permissions are not checked here',
  PermissionsBoundary: 'permissions are not checked here',
  RolePath: 'permissions are not checked here',
  Logging: 'no log group gets the events; `orchestrator executions` shows them',
  LoggingConfiguration: 'no log group gets the events; `orchestrator executions` shows them',
  Tracing: 'no traces are sent',
  TracingConfiguration: 'no traces are sent',
  EncryptionConfiguration: 'nothing is encrypted here',
  Tags: 'tags have no meaning here',
  PropagateTags: 'tags have no meaning here',
  DeploymentPreference: 'a change takes effect at once',
};
const VERSIONS = 'state machines have no versions here: the definition of now runs';
const APPROXIMATED: Readonly<Record<string, string>> = {
  AutoPublishAlias: VERSIONS,
  UseAliasAsEventTarget: VERSIONS,
};
const DEFINITIONS = ['Definition', 'DefinitionUri', 'DefinitionString', 'DefinitionS3Location'];
const READ = [
  ...DEFINITIONS,
  'DefinitionSubstitutions',
  'Name',
  'StateMachineName',
  'Type',
  'StateMachineType',
  'Events',
];

function identify(logicalId: string, properties: Map, place: Place): Identity {
  const arn = stateMachineArn(place, nameOf(logicalId, properties));
  return {
    ref: arn,
    attributes: {
      Arn: arn,
      Name: nameOf(logicalId, properties),
      StateMachineRevisionId: 'INITIAL',
    },
  };
}

function nameOf(logicalId: string, properties: Map): string {
  const name = properties['Name'] ?? properties['StateMachineName'];
  return typeof name === 'string' ? name : logicalId;
}

function read(resource: DeclaredResource): void {
  const { path, logicalId, properties, context } = resource;
  for (const property of Object.keys(properties)) {
    const where = `${path}.Properties.${property}`;
    if (READ.includes(property)) continue;
    const approximated = APPROXIMATED[property];
    context.notices.push(
      approximated === undefined
        ? {
            path: where,
            treatment: 'ignored',
            reason: IGNORED[property] ?? 'this property has no effect here',
          }
        : { path: where, treatment: 'approximated', reason: approximated },
    );
  }
  const type = properties['Type'] ?? properties['StateMachineType'] ?? 'STANDARD';
  if (type !== 'STANDARD' && type !== 'EXPRESS') {
    context.problems.add({
      path: `${path}.Properties.${properties['Type'] === undefined ? 'StateMachineType' : 'Type'}`,
      ...(type === UNRESOLVED ? {} : { value: type }),
      expected: 'STANDARD or EXPRESS',
      remedy: 'Change it to one of these.',
    });
    return;
  }
  const found = definitionOf(resource);
  if (found === undefined) return;
  const { definition, where } = found;
  if (!known(definition, where, resource)) return;
  for (const diagnostic of validate(definition, type)) {
    const { severity, message, path: inner, value, expected, remedy } = diagnostic;
    const full = inner === '' ? where : `${where}.${inner}`;
    if (severity === 'WARNING') {
      context.notices.push({ path: full, treatment: 'approximated', reason: message });
      continue;
    }
    context.problems.add({
      path: full,
      ...(value === undefined ? {} : { value }),
      expected: `${expected} (${message})`,
      remedy,
    });
  }
  const name = nameOf(logicalId, properties);
  context.stack.stateMachines.push({ path, name, type, definition });
  readMachineEvents(resource, name);
}

interface Found {
  readonly definition: Map;
  /** For problems: where the definition begins. */
  readonly where: string;
}

function definitionOf(resource: DeclaredResource): Found | undefined {
  const { path, properties, context } = resource;
  const written = DEFINITIONS.filter((name) => properties[name] !== undefined);
  const [property] = written;
  const where = `${path}.Properties.${property ?? 'Definition'}`;
  if (property === undefined || written.length > 1) {
    context.problems.add({
      path: where,
      expected: 'exactly one of Definition, DefinitionUri and DefinitionString',
      remedy: property === undefined ? 'Add one of them.' : 'Remove all but one.',
    });
    return undefined;
  }
  const value = properties[property];
  const inS3 =
    property === 'DefinitionS3Location' || (property === 'DefinitionUri' && isMap(value));
  if (inS3 || value === UNRESOLVED) {
    const what = inS3 ? 'a definition in S3 is not read' : 'its value cannot be known here';
    const reason = `${what}, so the state machine does not run; a local DefinitionUri is read`;
    context.notices.push({ path: where, treatment: 'ignored', reason });
    return undefined;
  }
  const substitutions = substitutionsOf(resource);
  if (isMap(value)) return { definition: substituted(value, substitutions) as Map, where };
  if (typeof value !== 'string') {
    context.problems.add({
      path: where,
      value,
      expected: property === 'DefinitionUri' ? 'the path of a file' : 'a definition',
      remedy: 'Correct it.',
    });
    return undefined;
  }
  if (property === 'DefinitionUri') return fileOf(value, where, { resource, substitutions });
  return parsed(withText(value, substitutions), where, resource);
}

function fileOf(
  uri: string,
  where: string,
  around: { readonly resource: DeclaredResource; readonly substitutions: Map },
): Found | undefined {
  const { context } = around.resource;
  if (uri.startsWith('s3:')) {
    const reason = 'a definition in S3 is not read, so the state machine does not run';
    context.notices.push({ path: where, treatment: 'ignored', reason });
    return undefined;
  }
  const file = resolvePath(context.directory, uri);
  try {
    context.files.push(file);
    return parsed(
      withText(readSource(file), around.substitutions),
      `${where} (${uri})`,
      around.resource,
    );
  } catch (error) {
    context.problems.add({
      path: where,
      value: uri,
      expected: `a file that can be read (${messageOf(error)})`,
      remedy: 'Correct the path; it is relative to the template.',
    });
    return undefined;
  }
}

/** JSON and YAML alike. */
function parsed(text: string, where: string, { context }: DeclaredResource): Found | undefined {
  const problems = new Problems();
  const definition = readDocument(text, problems);
  for (const problem of problems.list) {
    context.problems.add({ ...problem, path: `${where} ${problem.path}` });
  }
  if (problems.list.length > 0) return undefined;
  if (isMap(definition)) return { definition, where };
  context.problems.add({
    path: where,
    expected: 'an object with StartAt and States',
    remedy: 'Write the machine as the Amazon States Language has it.',
  });
  return undefined;
}

function substitutionsOf({ path, properties, context }: DeclaredResource): Map {
  const written = map(properties['DefinitionSubstitutions']);
  return Object.fromEntries(
    Object.entries(written).filter(([name, value]) => {
      if (['string', 'number', 'boolean'].includes(typeof value)) return true;
      context.problems.add({
        path: `${path}.Properties.DefinitionSubstitutions.${name}`,
        ...(value === UNRESOLVED ? {} : { value }),
        expected: 'a text that can be known here',
        remedy: 'Give the value, or a reference to something of this template.',
      });
      return false;
    }),
  );
}

function withText(text: string, substitutions: Map): string {
  return text.replace(/\$\{(\w+)\}/g, (whole, name: string) =>
    substitutions[name] === undefined ? whole : String(substitutions[name]),
  );
}

function substituted(value: unknown, substitutions: Map): unknown {
  if (typeof value === 'string') return withText(value, substitutions);
  if (Array.isArray(value)) return value.map((item) => substituted(item, substitutions));
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, substituted(item, substitutions)]),
  );
}

/** Whether every value in it is known; problems are added for those that are not. */
function known(value: unknown, path: string, around: DeclaredResource): boolean {
  if (value === UNRESOLVED) {
    around.context.problems.add({
      path,
      expected: 'a value that can be known here',
      remedy: 'Name something of this template, or give the value by DefinitionSubstitutions.',
    });
    return false;
  }
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value)
    .map(([key, item]) => known(item, `${path}.${key}`, around))
    .every(Boolean);
}

export const stateMachinesPart: TemplatePart = {
  resources: {
    'AWS::Serverless::StateMachine': { identify, read },
    'AWS::StepFunctions::StateMachine': { identify, read },
    'AWS::StepFunctions::Activity': {
      identify(logicalId, { Name: name }, place) {
        const called = typeof name === 'string' ? name : logicalId;
        const arn = activityArn(place, called);
        return { ref: arn, attributes: { Arn: arn, Name: called } };
      },
      read({ path, logicalId, properties, context }) {
        const { Name: written } = properties;
        const name = typeof written === 'string' ? written : logicalId;
        context.stack.activities.push({ path, name });
      },
    },
    ...Object.fromEntries(
      ['AWS::StepFunctions::StateMachineVersion', 'AWS::StepFunctions::StateMachineAlias'].map(
        (type) => [
          type,
          {
            read({ path, context }: DeclaredResource) {
              context.notices.push({ path, treatment: 'approximated', reason: VERSIONS });
            },
          },
        ],
      ),
    ),
  },
  events: {},
};
