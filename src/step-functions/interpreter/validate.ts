/**
 * Everything wrong with a definition at once, each with its place in it: as ValidateStateMachine-
 * Definition tells it, and as `up` does. What cannot be run here is told by name. Pure.
 */

import { isJsonMap, type JsonMap } from './json.js';
import { STATE_TYPES, type QueryLanguage } from './machine.js';
import { COMMON_FIELDS, FIELDS, LANGUAGE_FIELDS, ONE_OF } from './fields.js';
import { checkTarget, type Diagnostic, type Report } from './diagnostics.js';
import { checkChoices } from './validate-choice.js';
import { checkErrorRules } from './validate-errors.js';
import { checkNumber, checkTask } from './validate-task.js';
import { checkExpressions, checkPath, checkTemplate } from './validate-values.js';

export const MOST_DEFINITION_BYTES = 1024 * 1024;
const MACHINE_FIELDS = [
  'Comment',
  'StartAt',
  'States',
  'Version',
  'TimeoutSeconds',
  'QueryLanguage',
  'ProcessorConfig',
];
const DEEPEST = 20;

export function validate(definition: unknown, type: 'STANDARD' | 'EXPRESS'): Diagnostic[] {
  const found: Diagnostic[] = [];
  const report: Report = (diagnostic) =>
    found.push({ severity: 'ERROR', code: 'SCHEMA_VALIDATION_FAILED', ...diagnostic });
  if (!isJsonMap(definition)) {
    report({
      path: '',
      message: 'the definition is no object',
      expected: 'an object with StartAt and States',
      remedy: 'Write the machine as the Amazon States Language has it.',
    });
    return found;
  }
  checkMachine(definition, '', { report, type, language: 'JSONPath', depth: 0, names: new Set() });
  return found;
}

interface Around {
  readonly report: Report;
  readonly type: 'STANDARD' | 'EXPRESS';
  readonly language: QueryLanguage;
  readonly depth: number;
  /** State names are unique in the whole machine. */
  readonly names: Set<string>;
}

function checkMachine(machine: JsonMap, path: string, around: Around): void {
  const { report } = around;
  if (around.depth > DEEPEST) return;
  for (const key of Object.keys(machine)) {
    if (MACHINE_FIELDS.includes(key)) continue;
    report({
      path: at(path, key),
      message: 'the field is not known',
      expected: `one of ${MACHINE_FIELDS.join(', ')}`,
      remedy: 'Remove it.',
    });
  }
  const language = languageIn(machine, path, around);
  const { StartAt: startAt, States: states } = machine;
  if (!isJsonMap(states) || Object.keys(states).length === 0) {
    report({
      path: at(path, 'States'),
      ...(states === undefined ? {} : { value: states }),
      message: 'there are no states',
      expected: 'a map from names to states',
      remedy: 'Add at least one state.',
    });
    return;
  }
  if (typeof startAt !== 'string') {
    report({
      path: at(path, 'StartAt'),
      message: 'the field is missing',
      expected: 'the name of the first state',
      remedy: 'Add it.',
    });
  } else checkTarget(startAt, at(path, 'StartAt'), { states, report });
  checkNumber(machine, 'TimeoutSeconds', path, report);
  for (const [name, state] of Object.entries(states)) {
    checkName(name, at(path, `States.${name}`), around);
    checkState(state, at(path, `States.${name}`), { ...around, language, states });
  }
  checkReached(machine, states, path, report);
}

function languageIn(holder: JsonMap, path: string, { report, language }: Around): QueryLanguage {
  const { QueryLanguage: written } = holder;
  if (written === 'JSONPath' || written === 'JSONata') {
    if (language !== 'JSONata' || written !== 'JSONPath') return written;
    report({
      path: at(path, 'QueryLanguage'),
      value: written,
      message: 'a JSONata machine has no JSONPath states',
      expected: 'JSONata, as of the machine',
      remedy: 'Set the QueryLanguage of the machine to JSONPath, or leave this one out.',
    });
  } else if (written !== undefined) {
    report({
      path: at(path, 'QueryLanguage'),
      value: written,
      message: 'the query language is not known',
      expected: 'JSONPath or JSONata',
      remedy: 'Change it to one of these.',
    });
  }
  return language;
}

interface StateAround extends Around {
  readonly states: JsonMap;
}

function checkName(name: string, path: string, { names, report }: Around): void {
  if (names.has(name)) {
    report({
      path,
      message: 'another state of the machine has this name',
      expected: 'a name of its own, in branches and items as well',
      remedy: 'Rename one of the two.',
    });
  }
  names.add(name);
  if (name.length <= 80) return;
  report({
    path,
    message: 'the name is too long',
    expected: 'at most 80 characters',
    remedy: 'Shorten it.',
  });
}

function checkState(state: unknown, path: string, around: StateAround): void {
  const { report } = around;
  if (!isJsonMap(state)) {
    report({
      path,
      value: state,
      message: 'the state is no object',
      expected: 'an object with a Type',
      remedy: 'Write it as the Amazon States Language has it.',
    });
    return;
  }
  const { Type: type } = state;
  if (!STATE_TYPES.some((known) => known === type)) {
    report({
      path: `${path}.Type`,
      ...(type === undefined ? {} : { value: type }),
      message: 'the type of state is not known',
      expected: `one of ${STATE_TYPES.join(', ')}`,
      remedy: type === undefined ? 'Add it.' : 'Change it to one of these.',
    });
    return;
  }
  const language = languageIn(state, path, around);
  const inner = { ...around, language };
  checkFields(state, path, inner);
  checkTransition(state, path, inner);
  checkErrorRules(state, path, inner);
  checkValues(state, path, inner);
  checkKind(state, path, inner);
}

function checkFields(state: JsonMap, path: string, { language, report }: StateAround): void {
  const type = String(state['Type']);
  const { required = [], optional = [] } = FIELDS[type] ?? {};
  const known = [...COMMON_FIELDS, ...required, ...optional];
  const other = language === 'JSONata' ? 'JSONPath' : 'JSONata';
  for (const key of Object.keys(state)) {
    if (!known.includes(key)) {
      report({
        path: `${path}.${key}`,
        message: `a ${type} state has no such field`,
        expected: `one of ${known.join(', ')}`,
        remedy: 'Remove it.',
      });
    } else if (LANGUAGE_FIELDS[other].includes(key)) {
      report({
        path: `${path}.${key}`,
        message: `the field is one of ${other} states`,
        expected: `the fields of ${language}, which this state is in`,
        remedy: `Use the fields of ${language}, or set QueryLanguage to ${other}.`,
      });
    }
  }
  for (const key of required) {
    if (state[key] !== undefined) continue;
    report({
      path: `${path}.${key}`,
      message: 'the field is missing',
      expected: `a ${key} for the ${type} state`,
      remedy: 'Add it.',
    });
  }
  for (const group of ONE_OF[type] ?? []) {
    const written = group.fields.filter((key) => state[key] !== undefined);
    if (written.length === 1 || (written.length === 0 && !group.needed)) continue;
    report({
      path: written.length === 0 ? path : `${path}.${written[1] ?? ''}`,
      message: written.length === 0 ? 'a field is missing' : 'two fields say the same',
      expected: `${group.needed ? 'exactly' : 'at most'} one of ${group.fields.join(', ')}`,
      remedy: written.length === 0 ? 'Add one of them.' : 'Remove all but one.',
    });
  }
}

function checkTransition(state: JsonMap, path: string, around: StateAround): void {
  const { report } = around;
  const { Type: type, Next: next, End: end, Default: fallback } = state;
  if (fallback !== undefined) checkTarget(fallback, `${path}.Default`, around);
  if (type === 'Choice' || type === 'Succeed' || type === 'Fail') return;
  if (next !== undefined) checkTarget(next, `${path}.Next`, around);
  if ((next === undefined) !== (end === true)) {
    report({
      path: next === undefined ? path : `${path}.End`,
      message:
        next === undefined ? 'nothing says what follows the state' : 'the state ends and goes on',
      expected: 'exactly one of Next and End: true',
      remedy: next === undefined ? 'Add one of the two.' : 'Remove one of the two.',
    });
  }
}

function checkValues(state: JsonMap, path: string, { language, report }: StateAround): void {
  if (language === 'JSONata') {
    const {
      States: _,
      ItemProcessor: __,
      Branches: ___,
      Choices: ____,
      Catch: _____,
      Retry: ______,
      ...own
    } = state;
    checkExpressions(own, path, report);
    return;
  }
  for (const [key, value] of Object.entries(state)) {
    const inner = `${path}.${key}`;
    if (key === 'ResultPath') checkPath(value, inner, { report, reference: true });
    else if (key.endsWith('Path')) checkPath(value, inner, { report });
    else if (['Parameters', 'ResultSelector', 'ItemSelector', 'Assign'].includes(key)) {
      checkTemplate(value, inner, report);
    }
  }
}

function checkKind(state: JsonMap, path: string, around: StateAround): void {
  switch (state['Type']) {
    case 'Task':
      checkTask(state, path, around);
      return;
    case 'Choice':
      checkChoices(state, path, around);
      return;
    case 'Parallel':
      checkBranches(state['Branches'], `${path}.Branches`, around);
      return;
    case 'Map':
      checkItems(state, path, around);
      return;
    default:
      checkNumber(state, 'Seconds', path, around.report);
  }
}

function checkBranches(branches: unknown, path: string, around: StateAround): void {
  if (branches === undefined) return;
  if (!Array.isArray(branches) || branches.length === 0) {
    around.report({
      path,
      value: branches,
      message: 'the field is no list of branches',
      expected: 'a list of machines, each with StartAt and States',
      remedy: 'Write it as a list.',
    });
    return;
  }
  for (const [index, branch] of branches.entries()) {
    checkMachine(isJsonMap(branch) ? branch : {}, `${path}.${index}`, {
      ...around,
      depth: around.depth + 1,
    });
  }
}

function checkItems(state: JsonMap, path: string, around: StateAround): void {
  const field = state['ItemProcessor'] === undefined ? 'Iterator' : 'ItemProcessor';
  const processor = state[field];
  if (isJsonMap(processor)) {
    checkMachine(processor, `${path}.${field}`, { ...around, depth: around.depth + 1 });
  }
  if (isJsonMap(processor)) checkMode(processor, `${path}.${field}.ProcessorConfig`, around);
  for (const key of ['ItemReader', 'ItemBatcher', 'ResultWriter']) {
    if (state[key] === undefined) continue;
    around.report({
      path: `${path}.${key}`,
      code: 'NOT_SUPPORTED_HERE',
      message: `distributed maps with ${key} do not run here`,
      expected: 'a Map state over items of its input',
      remedy: 'Read the items with a Task state before, or leave the state machine out here.',
    });
  }
}

function checkMode({ ProcessorConfig: config }: JsonMap, path: string, { report }: Around): void {
  const { Mode: mode = 'INLINE' } = isJsonMap(config) ? config : {};
  if (mode === 'DISTRIBUTED') {
    report({
      severity: 'WARNING',
      code: 'NOT_SUPPORTED_HERE',
      path: `${path}.Mode`,
      value: mode,
      message: 'its items run in the same execution, as those of an inline map',
      expected: 'INLINE',
      remedy: 'Nothing has to be done.',
    });
  } else if (mode !== 'INLINE') {
    report({
      path: `${path}.Mode`,
      value: mode,
      message: 'the mode is not known',
      expected: 'INLINE or DISTRIBUTED',
      remedy: 'Change it to one of these.',
    });
  }
}

/** Every state must be reached from the first one. */
function checkReached(machine: JsonMap, states: JsonMap, path: string, report: Report): void {
  const start = String(machine['StartAt']);
  if (!Object.hasOwn(states, start)) return;
  const reached = new Set<string>([start]);
  for (const name of reached) {
    for (const next of targetsOf(states[name])) {
      if (Object.hasOwn(states, next)) reached.add(next);
    }
  }
  for (const name of Object.keys(states)) {
    if (reached.has(name)) continue;
    report({
      path: at(path, `States.${name}`),
      code: 'UNREACHABLE_STATE',
      message: 'no state leads here',
      expected: 'a state that is reached from StartAt',
      remedy: 'Let a Next, Default, Choices or Catch lead to it, or remove it.',
    });
  }
}

function targetsOf(state: unknown): string[] {
  if (!isJsonMap(state)) return [];
  const rules = [state['Choices'], state['Catch']].flatMap((list) =>
    Array.isArray(list) ? (list as readonly unknown[]) : [],
  );
  return [state, ...rules]
    .flatMap((holder) => (isJsonMap(holder) ? [holder['Next'], holder['Default']] : []))
    .filter((target) => typeof target === 'string');
}

function at(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
