/** The data of a state on its way in and out, in both query languages (contract 11.16). */

import { DATA_LIMIT, runtimeError, StateFailed } from './failure.js';
import { bytesOf, isJsonMap, type Json, type JsonMap } from './json.js';
import { segmentsOf, place } from './json-path.js';
import { evaluateAll } from './jsonata.js';
import { fill, require, type Surroundings } from './lookup.js';
import type { Catcher, QueryLanguage, State } from './machine.js';
import type { Failure } from './failure.js';

export const MOST_BYTES = 256 * 1024;

export interface Place extends Surroundings {
  readonly language: QueryLanguage;
  readonly name: string;
  readonly state: State;
  /** As the state was given it. */
  readonly input: Json;
}

/** What `$` is in most fields: the input behind `InputPath`. */
export function effectiveInput(place: Place): Json {
  const { state, input, language } = place;
  if (language === 'JSONata') return input;
  return pathed('InputPath', state.InputPath, input, place);
}

/** What the work of a state is given: `Parameters` or `Arguments`, else its input. */
export async function argumentsOf(place: Place): Promise<Json> {
  const { state, language } = place;
  const input = effectiveInput(place);
  if (language === 'JSONata') {
    return state.Arguments === undefined ? input : value(place, 'Arguments', state.Arguments);
  }
  return state.Parameters === undefined ? input : fill(state.Parameters, input, place);
}

export interface Left {
  readonly output: Json;
  /** All variables, and those that were assigned here. */
  readonly variables: JsonMap;
  readonly assigned: JsonMap | undefined;
}

/** What a state leaves behind. `result` is undefined for states that do no work of their own. */
export async function leave(place: Place, result?: Json): Promise<Left> {
  const { state, language, input } = place;
  if (language === 'JSONata') {
    const more = result === undefined ? {} : { result };
    const output = result ?? input;
    return finish(place, state, { more, fallback: output });
  }
  const effective = result === undefined ? effectiveInput(place) : result;
  const selected =
    state.ResultSelector === undefined ? effective : fill(state.ResultSelector, effective, place);
  const assigned = filled(state.Assign, selected, place);
  const whole = result === undefined ? selected : laid(state.ResultPath, selected, place);
  const output = pathed('OutputPath', state.OutputPath, whole, place);
  return { output: sized(output, place), ...withAssigned(place, assigned) };
}

/** What a rule of a Choice state leaves behind; the state's own fields count without one. */
export async function leaveByRule(
  place: Place,
  rule: Pick<State, 'Output' | 'Assign'>,
): Promise<Left> {
  if (place.language === 'JSONata') return finish(place, rule, { more: {}, fallback: place.input });
  const input = effectiveInput(place);
  const output = pathed('OutputPath', place.state.OutputPath, input, place);
  return { output, ...withAssigned(place, filled(rule.Assign, input, place)) };
}

/** What a catcher makes of an error. */
export async function caught(place: Place, catcher: Catcher, failure: Failure): Promise<Left> {
  const errorOutput = { Error: failure.error, Cause: failure.cause ?? '' };
  if (place.language === 'JSONata') {
    return finish(place, catcher, { more: { errorOutput }, fallback: errorOutput });
  }
  const assigned = filled(catcher.Assign, errorOutput, place);
  const output = laid(catcher.ResultPath, errorOutput, place);
  return { output: sized(output, place), ...withAssigned(place, assigned) };
}

/** One field of a state that may be written out, be an expression, or have a path beside it. */
export async function field(
  place: Place,
  name: keyof State & string,
  more: JsonMap = {},
): Promise<Json | undefined> {
  const { state, language } = place;
  const written = state[name] as Json | undefined;
  if (language === 'JSONata') {
    return written === undefined ? undefined : value(place, name, written, more);
  }
  const path = (state as unknown as JsonMap)[`${name}Path`];
  if (typeof path !== 'string') return written;
  const input = effectiveInput(place);
  // Fail states may have a function there.
  return path.startsWith('States.')
    ? (fill({ 'value.$': path }, input, place) as JsonMap)['value']
    : require(path, `${name}Path`, input, place);
}

/** The same, as a number. */
export async function numberField(
  place: Place,
  name: keyof State & string,
): Promise<number | undefined> {
  const found = await field(place, name);
  if (found === undefined || typeof found === 'number') return found;
  throw runtimeError(
    `The value of the field '${name}' must be a number, not ${JSON.stringify(found)}.`,
  );
}

/** A JSONata value in the light of the state. */
export function value(
  place: Place,
  name: string,
  written: Json,
  more: JsonMap = {},
): Promise<Json> {
  const { input, context, variables, random } = place;
  return evaluateAll(written, name, { states: { input, context, ...more }, variables, random });
}

async function finish(
  place: Place,
  fields: Pick<State, 'Output' | 'Assign'>,
  { more, fallback }: { readonly more: JsonMap; readonly fallback: Json },
): Promise<Left> {
  const { Output: output, Assign: assign } = fields;
  const left = output === undefined ? fallback : await value(place, 'Output', output, more);
  const assigned = assign === undefined ? undefined : await value(place, 'Assign', assign, more);
  return {
    output: sized(left, place),
    ...withAssigned(place, isJsonMap(assigned) ? assigned : undefined),
  };
}

function filled(assign: JsonMap | undefined, root: Json, place: Place): JsonMap | undefined {
  return assign === undefined ? undefined : (fill(assign, root, place) as JsonMap);
}

function withAssigned(place: Place, assigned: JsonMap | undefined) {
  return {
    assigned,
    variables: assigned === undefined ? place.variables : { ...place.variables, ...assigned },
  };
}

function pathed(name: string, path: string | null | undefined, root: Json, place: Place): Json {
  if (path === undefined || path === '$') return root;
  return path === null ? {} : require(path, name, root, place);
}

/** The result laid into the state's input. */
function laid(path: string | null | undefined, result: Json, around: Place): Json {
  if (path === undefined || path === '$') return result;
  if (path === null) return around.input;
  const whole = place(path, isJsonMap(around.input) ? around.input : base(path, around), result);
  if (whole !== undefined) return whole;
  throw unmatched(path, around.input);
}

/** Nothing can be laid into what is no object. */
function base(path: string, { input }: Place): Json {
  if (Array.isArray(input) && typeof segmentsOf(path)?.[0] === 'number') return input;
  throw unmatched(path, input);
}

function unmatched(path: string, input: Json): StateFailed {
  return new StateFailed(
    'States.ResultPathMatchFailure',
    `Unable to apply Path transformation '${path}' to the input '${JSON.stringify(input)}'`,
  );
}

/** Raises `States.DataLimitExceeded`. */
export function sized(data: Json, { name }: Pick<Place, 'name'>): Json {
  if (bytesOf(data) <= MOST_BYTES) return data;
  throw new StateFailed(
    DATA_LIMIT,
    `The state/task '${name}' returned a result with a size exceeding the maximum number of bytes service limit.`,
  );
}
