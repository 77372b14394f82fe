/**
 * Buses and rules of templates: `AWS::Events::*`, and SAM's events `Schedule`, `EventBridgeRule` and
 * `CloudWatchEvent` (contract 11.13, 12.2).
 */

import { messageOf } from '../../../errors.js';
import { inputProblem } from '../../../event-input/input.js';
import { ruleTargetProblem, UNSERVED_PARAMETERS } from '../../../event-input/target-kinds.js';
import { compilePattern } from '../../../event-pattern/event-pattern.js';
import { InvalidPattern } from '../../../event-pattern/invalid-pattern.js';
import { InvalidSchedule, parseRuleSchedule } from '../../../schedule-time/expression.js';
import { busArn, ruleArn } from '../../../stack/arns.js';
import type { RuleDefinition, RuleTargetDefinition } from '../../../stack/event-bridge.js';
import type { Map } from '../../map.js';
import type { DeclaredEvent, ResourceType } from '../parts.js';
import { Properties } from '../properties.js';
import {
  busNameOf,
  deadLetterOf,
  functionArn,
  isEnabled,
  isUnknown,
  NO_KEYS,
  NO_PERMISSIONS,
  NO_TAGS,
  ownDeadLetterOf,
  placeOf,
  retryOf,
  RULE_NAME,
  type OwnedEvent,
} from './parts.js';

const BUS_NAME = {
  pattern: /^[.\-_A-Za-z0-9]{1,256}$/,
  expected: '1 to 256 letters, digits, ., - and _',
};
const MOST_TARGETS = 5;
const LONGEST_PATTERN = 4096;
const NO_INSTANCE = 'no such thing runs here';

export const bus: ResourceType = {
  identify(logicalId, { Name: written }, place) {
    const name = typeof written === 'string' ? written : logicalId;
    return { ref: name, attributes: { Arn: busArn(place, name), Name: name } };
  },
  read({ path, logicalId, properties, context }) {
    const own = new Properties(`${path}.Properties`, properties, context);
    const name = own.text('Name', BUS_NAME) ?? logicalId;
    own.ignore('events of partners do not come here', 'EventSourceName');
    own.ignore(NO_PERMISSIONS, 'Policy');
    own.ignore(NO_KEYS, 'KmsKeyIdentifier');
    own.ignore('what cannot be delivered goes to the queue of its target', 'DeadLetterConfig');
    own.ignore(NO_TAGS, 'Tags', 'Description', 'LogConfig');
    own.rest();
    if (name !== 'default') context.stack.buses.push({ path, name });
  },
};

export const rule: ResourceType = {
  identify(logicalId, properties, place) {
    const { Name: written, EventBusName: onBus } = properties;
    const name = typeof written === 'string' ? written : logicalId;
    const busName = busNameOf(typeof onBus === 'string' ? onBus : undefined);
    const ref = busName === 'default' ? name : `${busName}|${name}`;
    return { ref, attributes: { Arn: ruleArn(place, busName, name) } };
  },
  read({ path, logicalId, properties, context }) {
    const own = new Properties(`${path}.Properties`, properties, context);
    const name = own.text('Name', RULE_NAME) ?? logicalId;
    const busName = busNameOf(own.text('EventBusName'));
    const what = matchOf(own, 'EventPattern', 'ScheduleExpression');
    const enabled = isEnabled(own);
    const description = own.text('Description');
    const targets = own.maps('Targets').flatMap((target) => {
      const found = targetOf(target);
      return found === undefined ? [] : [found];
    });
    if (targets.length > MOST_TARGETS) {
      own.refuse('Targets', `at most ${MOST_TARGETS} targets`, 'Make a second rule.');
    }
    if (what?.schedule !== undefined && busName !== 'default') {
      own.refuse(
        'ScheduleExpression',
        'none: only rules of the default bus have schedules',
        'Leave EventBusName out.',
      );
    }
    own.ignore(NO_PERMISSIONS, 'RoleArn');
    own.ignore(NO_TAGS, 'Tags');
    own.rest();
    if (what === undefined) return;
    context.stack.rules.push({
      path,
      name,
      bus: busName,
      ...what,
      enabled,
      ...(description === undefined ? {} : { description }),
      targets,
    });
  },
};

/** `AWS::Events::BusPolicy` and others whose absence changes nothing here. */
export const ignoredResource = (reason: string): ResourceType => ({
  read({ path, context }) {
    context.notices.push({ path, treatment: 'ignored', reason });
  },
});

export const scheduleEvent = (event: DeclaredEvent): void =>
  readScheduleEvent(event, functionArn(event.owned, placeOf(event.scope)));

export const ruleEvent = (event: DeclaredEvent): void =>
  readRuleEvent(event, functionArn(event.owned, placeOf(event.scope)));

/** SAM's `Schedule`, for a function's or state machine's ARN. */
export function readScheduleEvent(event: OwnedEvent, arn: string): void {
  const { path, name: eventName, properties, owner, context } = event;
  const own = new Properties(`${path}.Properties`, properties, context);
  const name = own.text('Name', RULE_NAME) ?? `${owner}${eventName}`;
  const schedule = scheduleOf(own, 'Schedule');
  const input = own.text('Input');
  const description = own.text('Description');
  const enabled = isEnabled(own);
  const target: RuleTargetDefinition = {
    id: idOf(own, `${owner}${eventName}`),
    arn,
    ...(input === undefined ? {} : { input }),
    ...retryOf(own),
    ...ownDeadLetterOf(own, event),
  };
  checkInput(own, target);
  own.ignore(NO_PERMISSIONS, 'RoleArn');
  own.rest();
  if (schedule === undefined) return;
  context.stack.rules.push({
    path,
    name,
    bus: 'default',
    schedule,
    enabled,
    ...(description === undefined ? {} : { description }),
    targets: [target],
  });
}

/** SAM's `EventBridgeRule` and `CloudWatchEvent`, for a function's or state machine's ARN. */
export function readRuleEvent(event: OwnedEvent, arn: string): void {
  const { path, name: eventName, type, properties, owner, context } = event;
  const own = new Properties(`${path}.Properties`, properties, context);
  const name = own.text('RuleName', RULE_NAME) ?? `${owner}${eventName}`;
  const busName = busNameOf(own.text('EventBusName'));
  const pattern = patternOf(own, 'Pattern');
  if (!own.has('Pattern')) own.missing('Pattern', 'an event pattern');
  const enabled = isEnabled(own);
  const target: RuleTargetDefinition = {
    id: idOf(own, `${owner}${eventName}`),
    arn,
    ...inputsOf(own),
    ...retryOf(own),
    ...ownDeadLetterOf(own, event),
  };
  checkInput(own, target);
  if (type === 'CloudWatchEvent' && target.inputTransformer !== undefined) {
    own.refuse('InputTransformer', 'none with CloudWatchEvent', 'Use the type EventBridgeRule.');
  }
  own.ignore(NO_PERMISSIONS, 'RoleArn');
  own.rest();
  if (pattern === undefined) return;
  context.stack.rules.push({ path, name, bus: busName, pattern, enabled, targets: [target] });
}

function idOf(own: Properties, otherwise: string): string {
  return own.map('Target')?.text('Id', RULE_NAME) ?? `${otherwise}Target`.slice(0, 64);
}

/** Undefined when there is neither, or not a right one. */
function matchOf(
  own: Properties,
  patternName: string,
  scheduleName: string,
): Pick<RuleDefinition, 'pattern' | 'schedule'> | undefined {
  if (!own.has(patternName) && !own.has(scheduleName)) {
    own.missing(patternName, 'an event pattern, or a ScheduleExpression');
    return undefined;
  }
  const pattern = patternOf(own, patternName);
  const schedule = own.has(scheduleName) ? scheduleOf(own, scheduleName) : undefined;
  if (pattern === undefined && schedule === undefined) return undefined;
  return {
    ...(pattern === undefined ? {} : { pattern }),
    ...(schedule === undefined ? {} : { schedule }),
  };
}

function patternOf(own: Properties, name: string): unknown {
  const pattern = own.any(name);
  if (pattern === undefined) return undefined;
  if (isUnknown(pattern)) {
    own.ignored(name, 'a value in it cannot be known here, so the rule is left out');
    return undefined;
  }
  const text = typeof pattern === 'string' ? pattern : JSON.stringify(pattern);
  if (text.length > LONGEST_PATTERN) {
    own.refuse(
      name,
      `at most ${LONGEST_PATTERN} characters of JSON`,
      'Make two rules of it.',
      text,
    );
    return undefined;
  }
  try {
    compilePattern(text);
    return pattern;
  } catch (error) {
    if (!(error instanceof InvalidPattern)) throw error;
    const where = error.path === '' ? name : `${name}.${error.path}`;
    own.refuse(where, `an event pattern: ${error.reason}`, 'Correct the pattern.', shown(pattern));
    return undefined;
  }
}

function scheduleOf(own: Properties, name: string): string | undefined {
  const expression = own.text(name);
  if (expression === undefined) {
    if (!own.has(name)) own.missing(name, 'a schedule such as rate(5 minutes)');
    return undefined;
  }
  try {
    parseRuleSchedule(expression);
    return expression;
  } catch (error) {
    if (!(error instanceof InvalidSchedule)) throw error;
    own.refuse(
      name,
      `a schedule expression: this one ${messageOf(error)}`,
      'Correct it.',
      expression,
    );
    return undefined;
  }
}

function targetOf(own: Properties): RuleTargetDefinition | undefined {
  const id = own.text('Id', RULE_NAME);
  const arn = own.text('Arn');
  if (!own.has('Id')) own.missing('Id', RULE_NAME.expected);
  if (!own.has('Arn')) own.missing('Arn', 'the ARN of the target');
  const queue = own.map('SqsParameters')?.text('MessageGroupId');
  const keyPath = own.map('KinesisParameters')?.text('PartitionKeyPath');
  own.ignore(NO_PERMISSIONS, 'RoleArn');
  own.ignore(NO_INSTANCE, ...UNSERVED_PARAMETERS);
  const target = {
    id: id ?? '',
    arn: arn ?? '',
    ...inputsOf(own),
    ...retryOf(own),
    ...deadLetterOf(own),
    ...(queue === undefined ? {} : { messageGroupId: queue }),
    ...(keyPath === undefined ? {} : { partitionKeyPath: keyPath }),
  };
  checkInput(own, target);
  if (id === undefined || arn === undefined) return undefined;
  const problem = ruleTargetProblem(arn);
  if (problem === undefined) return target;
  own.ignored('Arn', `${problem}; the target is left out`);
  return undefined;
}

function inputsOf(
  own: Properties,
): Pick<RuleTargetDefinition, 'input' | 'inputPath' | 'inputTransformer'> {
  const input = own.text('Input');
  const inputPath = own.text('InputPath');
  const transformer = own.map('InputTransformer');
  const template = transformer?.text('InputTemplate');
  const paths = transformer?.any('InputPathsMap');
  if (transformer?.has('InputTemplate') === false)
    transformer.missing('InputTemplate', 'a template');
  return {
    ...(input === undefined ? {} : { input }),
    ...(inputPath === undefined ? {} : { inputPath }),
    ...(template === undefined ? {} : { inputTransformer: { paths: texts(paths), template } }),
  };
}

function texts(value: unknown): Record<string, string> {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value as Map) : [];
  return Object.fromEntries(entries.map(([name, text]) => [name, String(text)]));
}

function checkInput(own: Properties, target: RuleTargetDefinition): void {
  const problem = inputProblem(target);
  if (problem === undefined) return;
  own.refuse(problem.path, `another value: this one ${problem.reason}`, 'Correct it.');
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
