/** The part of templates that HTTP event sources are made of (contract 12.2, 12.4). */

import { apiIdOf } from '../../../stack/api-id.js';
import { map } from '../../map.js';
import type { TemplateContext } from '../context.js';
import { resolve } from '../intrinsics.js';
import type { Around, DeclaredEvent, DeclaredResource, TemplatePart } from '../parts.js';
import { finished, text, type ApiDraft } from './draft.js';
import { loadBalancerTypes, readLoadBalancers } from './load-balancers.js';
import { apiKeysOf, readRest, restTypes } from './rest.js';
import { addEvent, finishSamApi, IMPLICIT, implicitApi, samApi, type SamKind } from './sam.js';
import { readV2, v2Types } from './v2.js';

/** Of one template, until all of it has been seen. */
interface Gathered {
  readonly resources: DeclaredResource[];
  readonly events: DeclaredEvent[];
}

const gathered = new WeakMap<TemplateContext, Gathered>();
const SAM_TYPES: Readonly<Record<string, SamKind>> = {
  'AWS::Serverless::Api': 'rest',
  'AWS::Serverless::HttpApi': 'http',
};
const EVENT_KINDS: Readonly<Record<string, SamKind>> = { Api: 'rest', HttpApi: 'http' };

function of(context: TemplateContext): Gathered {
  const known = gathered.get(context) ?? { resources: [], events: [] };
  gathered.set(context, known);
  return known;
}

function keep(resource: DeclaredResource): void {
  of(resource.context).resources.push(resource);
}

function keepEvent(event: DeclaredEvent): void {
  of(event.context).events.push(event);
}

export const HTTP_PART: TemplatePart = {
  resources: {
    'AWS::Serverless::Api': {
      identify: (logicalId, properties) => {
        const id = apiIdOf(logicalId);
        return {
          ref: id,
          attributes: { RootResourceId: `root of ${id}` },
          generated: { Stage: text(properties['StageName']) ?? 'Prod' },
        };
      },
      read: keep,
    },
    'AWS::Serverless::HttpApi': {
      identify: (logicalId, properties, { region }) => {
        const id = apiIdOf(logicalId);
        return {
          ref: id,
          attributes: { ApiEndpoint: `https://${id}.execute-api.${region}.amazonaws.com` },
          generated: { Stage: text(properties['StageName']) ?? '$default' },
        };
      },
      read: keep,
    },
    ...restTypes(keep),
    ...v2Types(keep),
    ...loadBalancerTypes(keep),
  },
  events: { Api: keepEvent, HttpApi: keepEvent },
  implicit(logicalId) {
    if (logicalId !== IMPLICIT.rest && logicalId !== IMPLICIT.http) return undefined;
    return { ref: apiIdOf(logicalId), attributes: {} };
  },
  finish(around) {
    const { resources, events } = of(around.context);
    gathered.delete(around.context);
    if (resources.length + events.length === 0) return;
    const drafts: ApiDraft[] = [];
    for (const resource of resources) {
      const kind = Object.hasOwn(SAM_TYPES, resource.type) ? SAM_TYPES[resource.type] : undefined;
      if (kind !== undefined) drafts.push(samApi(resource, kind));
    }
    readRest(resources, drafts);
    readV2(resources, drafts);
    for (const event of events) readEvent(event, drafts, around);
    for (const draft of drafts)
      finishSamApi(around, draft, samProperties(around, draft, resources));
    const keys = apiKeysOf(resources);
    const { stack } = around.context;
    stack.apis.push(
      ...drafts.filter(({ routes }) => routes.length > 0).map((draft) => finished(draft, keys)),
    );
    stack.loadBalancers.push(...readLoadBalancers(resources));
  },
};

function readEvent(event: DeclaredEvent, drafts: ApiDraft[], around: Around): void {
  const kind = EVENT_KINDS[event.type] ?? 'rest';
  const property = kind === 'rest' ? 'RestApiId' : 'ApiId';
  const written = event.properties[property];
  if (written === undefined) {
    addEvent(event, implicitDraft(drafts, kind, around));
    return;
  }
  const id = text(written);
  const draft = drafts.find((one) => one.id === id && one.kind === kind);
  if (draft !== undefined) {
    addEvent(event, draft);
    return;
  }
  event.context.problems.add({
    path: `${event.path}.Properties.${property}`,
    ...(id === undefined ? {} : { value: id }),
    expected: `a reference to an API of this template (${kind === 'rest' ? 'AWS::Serverless::Api' : 'AWS::Serverless::HttpApi'})`,
    remedy: `Write it as in ${property}: !Ref MyApi, or leave it out.`,
  });
}

function implicitDraft(drafts: ApiDraft[], kind: SamKind, around: Around): ApiDraft {
  const id = apiIdOf(IMPLICIT[kind]);
  const known = drafts.find((one) => one.id === id);
  if (known !== undefined) return known;
  const draft = implicitApi(around, kind);
  drafts.push(draft);
  return draft;
}

/** Of a SAM API, or what Globals say of the one SAM makes. */
function samProperties(
  { globals, scope }: Around,
  draft: ApiDraft,
  resources: readonly DeclaredResource[],
): Readonly<Record<string, unknown>> {
  if (draft.path.startsWith('Globals')) {
    const section = map(globals[draft.kind === 'rest' ? 'Api' : 'HttpApi']);
    return map(resolve(section, scope));
  }
  const found = resources.find(({ path, type }) => path === draft.path && type in SAM_TYPES);
  return found === undefined ? {} : found.properties;
}
