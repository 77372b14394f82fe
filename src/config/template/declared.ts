/** Hands the resources of a template and the events of its functions to the parts that read them. */

import { parseFunctionReference } from '../../function/arn.js';
import type { FunctionTarget } from '../../stack/function-target.js';
import type { FunctionDraft } from '../function-draft.js';
import { isMap, map, type Map } from '../map.js';
import { nearestOf } from '../problems.js';
import type { TemplateContext } from './context.js';
import { propertiesOf } from './identities.js';
import { resolve, shown, type Scope } from './intrinsics.js';
import { EVENT_TYPES, PARTS, RESOURCE_TYPES } from './all-parts.js';
import type { Unresolved } from './unresolved.js';

/** Of SAM (contract 12.2); those that a part reads are served all the same. */
const SAM_EVENTS: readonly string[] = [
  'AlexaSkill',
  'Api',
  'CloudWatchEvent',
  'CloudWatchLogs',
  'Cognito',
  'DocumentDB',
  'DynamoDB',
  'EventBridgeRule',
  'HttpApi',
  'IoTRule',
  'Kinesis',
  'MQ',
  'MSK',
  'S3',
  'SNS',
  'SQS',
  'Schedule',
  'ScheduleV2',
  'SelfManagedKafka',
];
const LATEST = '$LATEST';

export interface DeclaredContext {
  readonly scope: Scope;
  readonly context: TemplateContext;
  readonly globals: Map;
  readonly unresolved: Unresolved;
  /** Those that are made. */
  readonly resources: Map;
  /** Logical id of a function → its events as written. */
  readonly events: Readonly<Record<string, unknown>>;
  readonly drafts: readonly FunctionDraft[];
}

export function readDeclared(declared: DeclaredContext): void {
  const { scope, context, drafts, globals, unresolved, resources } = declared;
  const around = { scope, context, globals, unresolved, resources, target: targetOf(drafts) };
  for (const [logicalId, resource] of Object.entries(resources)) {
    const { Type: written, Metadata: metadata, Properties: own } = map(resource);
    const type = String(written);
    refuseList(`Resources.${logicalId}.Properties`, own, context);
    const reader = RESOURCE_TYPES[type];
    if (reader === undefined) continue;
    const path = `Resources.${logicalId}`;
    const properties = propertiesOf(resource, globals);
    reader.read({
      ...around,
      path,
      logicalId,
      type,
      properties: map(unresolved.resolve(properties, scope, `${path}.Properties`)),
      metadata: map(resolve(metadata, scope)),
    });
  }
  for (const draft of drafts) {
    const events = declared.events[draft.logicalId];
    if (events !== undefined) readEvents(draft, events, around);
  }
  for (const part of PARTS) part.finish?.(around);
}

type Around = Omit<DeclaredContext, 'events' | 'drafts'> & {
  target(value: unknown): FunctionTarget | undefined;
};

function readEvents(draft: FunctionDraft, events: unknown, around: Around): void {
  const { scope, context } = around;
  const path = `${draft.path}.Properties.Events`;
  if (!isMap(events)) {
    context.problems.add({
      path,
      value: events,
      expected: 'a map from names of events to their Type and Properties',
      remedy: 'Write each event as a map below a name of its own.',
    });
    return;
  }
  const { alias } = draft.settings;
  const owned = {
    functionName: shown(draft.name),
    ...(typeof alias === 'string' ? { qualifier: alias } : {}),
  };
  for (const [name, event] of Object.entries(events)) {
    const { Type: type, Properties: properties } = map(event);
    const where = `${path}.${name}`;
    refuseList(`${where}.Properties`, properties, context);
    const read = EVENT_TYPES[String(type)];
    if (read !== undefined) {
      read({
        ...around,
        path: where,
        name,
        type: String(type),
        properties: map(around.unresolved.resolve(properties, scope, `${where}.Properties`)),
        owner: draft.logicalId,
        owned,
      });
    } else if (SAM_EVENTS.includes(String(type))) {
      const reason = 'there is no such source here; invoke the function through the Lambda API';
      context.notices.push({ path: where, treatment: 'ignored', reason });
    } else refuseType(where, type, context);
  }
}

/** Taken for a map, it would be an empty one. */
function refuseList(path: string, value: unknown, { problems }: TemplateContext): void {
  if (value === undefined || value === null || isMap(value)) return;
  const expected = 'a map of properties';
  problems.add({ path, value, expected, remedy: 'Write each property as name and value.' });
}

function refuseType(path: string, type: unknown, { problems }: TemplateContext): void {
  const known = [...new Set([...Object.keys(EVENT_TYPES), ...SAM_EVENTS])].sort();
  const nearest = typeof type === 'string' ? nearestOf(type, known) : undefined;
  problems.add({
    path: `${path}.Type`,
    ...(type === undefined ? {} : { value: type }),
    expected: `one of ${known.join(', ')}`,
    remedy: nearest === undefined ? 'Change it to one of these.' : `Did you mean '${nearest}'?`,
  });
}

function targetOf(drafts: readonly FunctionDraft[]) {
  const names = new Set(drafts.map(({ name }) => name));
  return (value: unknown): FunctionTarget | undefined => {
    // The ARN that API Gateway calls functions by holds the function's own.
    const [, inner] = typeof value === 'string' ? (/functions\/(arn:[^/]+)/.exec(value) ?? []) : [];
    const reference =
      typeof value === 'string' ? parseFunctionReference(inner ?? value) : undefined;
    if (reference === undefined || !names.has(reference.name)) return undefined;
    const { name, qualifier } = reference;
    return {
      functionName: name,
      ...(qualifier === undefined || qualifier === LATEST ? {} : { qualifier }),
    };
  };
}
