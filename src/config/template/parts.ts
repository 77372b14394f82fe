/**
 * What a part is that reads the resources of a template that are no functions, and the events of
 * functions: one for each kind of event source. `all-parts.ts` lists them.
 */

import type { FunctionTarget } from '../../stack/function-target.js';
import type { Place } from '../../stack/arns.js';
import type { Map } from '../map.js';
import type { TemplateContext } from './context.js';
import type { Identity, Scope } from './intrinsics.js';

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
