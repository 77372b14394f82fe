/**
 * What `orchestrator.yaml` declares besides settings of functions: their events, in the words of
 * `serverless.yml`; `resources` in CloudFormation's; `stateMachines`. Read as a template.
 */

import type { FunctionDraft } from './function-draft.js';
import { DEFAULTS } from './defaults.js';
import { isMap, map, type Map as Named } from './map.js';
import type { Events } from './serverless/event-place.js';
import { relocate } from './relocate.js';
import { readEvents } from './serverless/events.js';
import { httpApiTimeoutMs } from './serverless/http-events.js';
import { normalized } from './serverless/names.js';
import { placedBy, placeEvents } from './serverless/places.js';
import { socketResources } from './serverless/sockets.js';
import { DECLARED_KEYS, EVENTS_KEY } from './schema.js';
import type { TemplateContext } from './template/context.js';
import { readTemplate } from './template/template.js';

const STAGE = 'dev';
/** The framework's APIs have ids of their own; here SAM's implicit ones are used. */
const API_KEYS = ['ApiId', 'RestApiId'];

/** The drafts with what their variables refer to; the rest goes where the context takes it. */
export function readDeclared(
  document: Named,
  drafts: readonly FunctionDraft[],
  context: TemplateContext,
): FunctionDraft[] {
  const listed = new Map(
    drafts.map((draft) => [draft, map(map(document['functions'])[draft.logicalId])[EVENTS_KEY]]),
  );
  checkMaps(document, context);
  const written = map(document['resources']);
  const resources: Record<string, unknown> = { ...written };
  const places = new Map<string, string>(
    Object.keys(written).map((id) => [`Resources.${id}`, `resources.${id}`] as const),
  );
  const all: { readonly id: string; readonly read: Events }[] = [];
  for (const draft of drafts) {
    const id = normalized(draft.logicalId);
    const path = `${draft.path}.${EVENTS_KEY}`;
    const timeoutMs = httpApiTimeoutMs(draft.settings['timeout'], DEFAULTS.timeoutSeconds);
    const read = readEvents(listed.get(draft), path, id, {
      ...context,
      declared: resources,
      httpApi: { timeoutMs },
    });
    all.push({ id, read });
    resources[id] = functionResource(draft, read);
    places.set(`Resources.${id}`, draft.path);
    places.set(`Resources.${id}.Properties.Environment.Variables`, `${draft.path}.environment`);
    placeEvents(places, resources, { id, path, read });
  }
  Object.assign(resources, socketResources(all, {}, STAGE));
  for (const [name, machine] of Object.entries(map(document['stateMachines']))) {
    const id = normalized(name);
    resources[id] = machineResource(name, map(machine), drafts);
    places.set(`Resources.${id}`, `stateMachines.${name}`);
  }
  const read = readTemplate(
    { Transform: 'AWS::Serverless-2016-10-31', Resources: resources },
    { ...context, parameters: {} },
  );
  relocate((path) => placedBy(path, places), context);
  return drafts.map((draft) => {
    const found = read.find(({ logicalId }) => logicalId === normalized(draft.logicalId));
    const environment = found?.settings['environment'];
    if (environment === undefined) return draft;
    return { ...draft, settings: { ...draft.settings, environment } };
  });
}

function checkMaps(document: Named, { problems }: TemplateContext): void {
  for (const key of DECLARED_KEYS) {
    const value = document[key];
    if (value === undefined || isMap(value)) continue;
    problems.add({
      path: key,
      value,
      expected: 'a map from names to what is declared',
      remedy: 'See docs/configuration.md for an example.',
    });
  }
}

/** What of a function a template needs to know: its name, its variables, its events. */
function functionResource(draft: FunctionDraft, { events }: Events): Named {
  const { environment, alias } = draft.settings;
  return {
    Type: 'AWS::Serverless::Function',
    Properties: {
      FunctionName: draft.name,
      Runtime: 'provided.al2023',
      Handler: 'bootstrap',
      CodeUri: '.',
      ...(environment === undefined ? {} : { Environment: { Variables: environment } }),
      ...(alias === undefined ? {} : { AutoPublishAlias: alias }),
      Events: Object.fromEntries(
        Object.entries(events).map(([name, event]) => [name, withoutApi(map(event))]),
      ),
    },
  };
}

function withoutApi(event: Named): Named {
  const properties = Object.entries(map(event['Properties'])).filter(
    ([key]) => !API_KEYS.includes(key),
  );
  return { ...event, Properties: Object.fromEntries(properties) };
}

/** Names of functions stand for their ARNs in a definition: `${placeOrder}` for place-order. */
function machineResource(name: string, written: Named, drafts: readonly FunctionDraft[]): Named {
  const { definition, type, substitutions } = written;
  return {
    Type: 'AWS::Serverless::StateMachine',
    Properties: {
      Name: name,
      ...(typeof definition === 'string'
        ? { DefinitionUri: definition }
        : { Definition: definition }),
      ...(type === undefined ? {} : { Type: type }),
      DefinitionSubstitutions: {
        ...Object.fromEntries(
          drafts.map(({ logicalId }) => [
            camelCase(logicalId),
            { 'Fn::GetAtt': [normalized(logicalId), 'Arn'] },
          ]),
        ),
        ...map(substitutions),
      },
    },
  };
}

function camelCase(name: string): string {
  return name.replace(/[-_]+(.)?/g, (_, next: string | undefined) => next?.toUpperCase() ?? '');
}
