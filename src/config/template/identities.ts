/**
 * What resources are called: by what `Ref` and `Fn::GetAtt` give. A name may be made of other
 * resources' names, so each is found when it is asked for, those it needs first.
 */

import { createHash } from 'node:crypto';
import { functionArn } from '../../function/arn.js';
import type { Place } from '../../stack/arns.js';
import { map, own, type Map } from '../map.js';
import { identifyFunctionResource } from './function-resources.js';
import type { Problems } from '../problems.js';
import { withGlobals } from './globals.js';
import { identifyInfrastructure } from './infrastructure.js';
import { resolve, UNRESOLVED, type Scope, type Identity } from './intrinsics.js';
import { PARTS, RESOURCE_TYPES } from './all-parts.js';

export const FUNCTION_TYPES = ['AWS::Serverless::Function', 'AWS::Lambda::Function'];

export interface IdentitiesRequest {
  /** Those that are made. */
  readonly resources: Map;
  readonly globals: Map;
  readonly scope: () => Scope;
  readonly place: Place;
  readonly problems: Problems;
}

/** A name that is made of a name that is made of a name …, so many times. */
const LONGEST_CHAIN = 50;

/** Undefined for what the template has not, and for a name that needs itself. */
export function identitiesOf(request: IdentitiesRequest): Scope['identity'] {
  const found = new Map<string, Identity | undefined>();
  let depth = 0;
  let isTold = false;
  const tell = (logicalId: string): void => {
    if (isTold) return;
    isTold = true;
    request.problems.add({
      path: `Resources.${logicalId}`,
      expected: `no name that is made of more than ${LONGEST_CHAIN} others, one after the other`,
      remedy: 'Write one of the names out.',
    });
  };
  return (logicalId) => {
    if (found.has(logicalId)) return found.get(logicalId);
    if (depth > LONGEST_CHAIN) {
      tell(logicalId);
      return undefined;
    }
    // Whoever asks for it before it is known is part of a cycle, which references.ts tells.
    found.set(logicalId, undefined);
    const resource = own(request.resources, logicalId);
    depth += 1;
    const identity =
      resource === undefined ? implicit(logicalId) : identify(logicalId, resource, request);
    depth -= 1;
    found.set(logicalId, identity);
    return identity;
  };
}

function implicit(logicalId: string): Identity | undefined {
  for (const part of PARTS) {
    const identity = part.implicit?.(logicalId);
    if (identity !== undefined) return identity;
  }
  return undefined;
}

function identify(logicalId: string, resource: unknown, request: IdentitiesRequest): Identity {
  const type = String(map(resource)['Type']);
  const properties = lazily(propertiesOf(resource, request.globals), request.scope);
  if (FUNCTION_TYPES.includes(type)) return identifyFunction(logicalId, properties, request.place);
  return (
    RESOURCE_TYPES[type]?.identify?.(logicalId, properties, request.place) ??
    identifyFunctionResource(type, properties, request.place) ??
    identifyInfrastructure(type, logicalId, properties, request.place) ?? {
      ref: logicalId,
      attributes: {},
    }
  );
}

/** A resource's own properties with the section of Globals for its type laid under. */
export function propertiesOf(resource: unknown, globals: Map): Map {
  const { Type: type, Properties: properties, IgnoreGlobals: ignore } = map(resource);
  const [, section] = /^AWS::Serverless::(\w+)$/.exec(String(type)) ?? [];
  // Globals are SAM's: plain CloudFormation knows nothing of them.
  if (section === undefined) return map(properties);
  return withGlobals(map(own(globals, section)), map(properties), ignore);
}

/** Each property is resolved once it is looked at: only then are the names it needs needed. */
function lazily(properties: Map, scope: () => Scope): Map {
  const lazy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(properties)) {
    Object.defineProperty(lazy, key, {
      enumerable: true,
      configurable: true,
      get: () => {
        // `AWS::NoValue` takes the property away.
        const { value: whole } = resolve({ value }, scope()) as { value?: unknown };
        const resolved = typeof whole === 'string' && whole.length > LONGEST ? UNRESOLVED : whole;
        Object.defineProperty(lazy, key, { enumerable: true, value: resolved });
        return resolved;
      },
    });
  }
  return lazy;
}

const LONGEST_NAME = 64;
/** Nothing that a name is made of is longer. */
const LONGEST = 4096;

/** Of a function that is given none. Names that CloudFormation makes are cut off too. */
export function functionName(logicalId: string): string {
  if (logicalId.length <= LONGEST_NAME) return logicalId;
  const digest = createHash('sha256').update(logicalId).digest('hex').slice(0, 8);
  return `${logicalId.slice(0, LONGEST_NAME - digest.length - 1)}-${digest}`;
}

function identifyFunction(logicalId: string, properties: Map, place: Place): Identity {
  const { FunctionName: written } = properties;
  const name = typeof written === 'string' ? written : functionName(logicalId);
  const arn = functionArn({ region: place.region, accountId: place.accountId, name });
  const { AutoPublishAlias: alias } = properties;
  return {
    ref: name,
    attributes: { Arn: arn },
    ...(typeof alias === 'string'
      ? { generated: { Alias: `${arn}:${alias}`, Version: `${arn}:${alias}` } }
      : {}),
  };
}
