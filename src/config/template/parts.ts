/**
 * What reads the resources of a template that are no functions, and the events of functions: one
 * part for each kind of event source. `template.ts` calls them; `PARTS` lists them.
 */

import type { FunctionTarget } from '../../stack/function-target.js';
import type { Place } from '../../stack/arns.js';
import type { Map } from '../map.js';
import type { TemplateContext } from './context.js';
import { HTTP_PART } from './http/part.js';
import type { Scope } from './intrinsics.js';
import { mappings } from './mappings.js';
import { eventBridge } from './event-bridge/part.js';
import { serviceResources } from './service-resources/part.js';
import { stateMachinesPart } from './state-machines.js';
import { webSocketApis } from './web-socket.js';

/** What `Ref` and `Fn::GetAtt` give for a resource. */
export interface Identity {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Of resources that SAM would generate: `Alias` of `!Ref MyFunction.Alias`. */
  readonly generated?: Readonly<Record<string, string>>;
}

export interface Around {
  readonly scope: Scope;
  readonly context: TemplateContext;
  /** SAM's section of this name, as written. */
  readonly globals: Map;
  /** All of the template, as written; those with a false condition left out. */
  readonly resources: Map;
  /** The function that an ARN, a name or an alias' ARN means; undefined when it is none of here. */
  target(value: unknown): FunctionTarget | undefined;
}

export interface DeclaredResource extends Around {
  /** `Resources.<logical id>`. */
  readonly path: string;
  readonly logicalId: string;
  readonly type: string;
  /** Globals laid under, intrinsics resolved; what cannot be known is `UNRESOLVED`. */
  readonly properties: Map;
  readonly metadata: Map;
}

export interface DeclaredEvent extends Around {
  /** `Resources.<logical id>.Properties.Events.<name>`. */
  readonly path: string;
  readonly name: string;
  readonly type: string;
  readonly properties: Map;
  /** Logical id of the function. */
  readonly owner: string;
  /** The function, or the alias its builds are published to. */
  readonly owned: FunctionTarget;
}

export interface ResourceType {
  /**
   * Absent: `Ref` gives the logical id. Each property is resolved when it is looked at, and may hold
   * `UNRESOLVED`; what it names is identified before. Look at those only that names are made of.
   */
  identify?(logicalId: string, properties: Map, place: Place): Identity;
  read(resource: DeclaredResource): void;
}

export interface TemplatePart {
  readonly resources: Readonly<Record<string, ResourceType>>;
  /** SAM's events of functions, by their `Type`. */
  readonly events: Readonly<Record<string, (event: DeclaredEvent) => void>>;
  /** What SAM makes without being told, such as the API of routes that name none. */
  implicit?(logicalId: string): Identity | undefined;
  /** Called once everything has been read. */
  finish?(around: Around): void;
}

export const PARTS: readonly TemplatePart[] = [
  serviceResources,
  mappings,
  stateMachinesPart,
  HTTP_PART,
  eventBridge,
  webSocketApis,
];

/** Several parts may read one type, such as the APIs of API Gateway v2: each takes what is its own. */
export const RESOURCE_TYPES: Readonly<Record<string, ResourceType>> = together(
  PARTS.map(({ resources }) => resources),
);

export const EVENT_TYPES: Readonly<Record<string, (event: DeclaredEvent) => void>> = Object.assign(
  Object.create(null) as object,
  ...PARTS.map(({ events }) => events),
) as Record<string, (event: DeclaredEvent) => void>;

function together(
  parts: readonly Readonly<Record<string, ResourceType>>[],
): Record<string, ResourceType> {
  // Without a prototype: a template may say `Type: constructor`.
  const types = Object.create(null) as Record<string, ResourceType>;
  for (const [name, type] of parts.flatMap((part) => Object.entries(part))) {
    const other = types[name];
    if (other === undefined) {
      types[name] = type;
      continue;
    }
    const identify = other.identify ?? type.identify;
    types[name] = {
      ...(identify === undefined ? {} : { identify }),
      read(resource) {
        other.read(resource);
        type.read(resource);
      },
    };
  }
  return types;
}
