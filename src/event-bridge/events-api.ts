/** EventBridge's API (`AWSEvents`, JSON 1.1) for unmodified clients: events, buses, rules, targets. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { compilePattern } from '../event-pattern/event-pattern.js';
import { InvalidPattern } from '../event-pattern/invalid-pattern.js';
import { parseLiterally } from '../event-pattern/literal-json.js';
import { InvalidSchedule, parseRuleSchedule } from '../schedule-time/expression.js';
import type { RuleDefinition } from '../stack/event-bridge.js';
import { ApiFault, invalid, notFound } from './api-fault.js';
import { answer } from './api-http.js';
import { Checked, mapOf, page, type Input } from './api-input.js';
import { busNameOf, type EventBridge } from './event-bridge.js';
import { bytesOf, MOST_BYTES, MOST_ENTRIES, type PutEntry } from './put-events.js';
import { DEFAULT_BUS, patternText, type Bus, type Rule, type RuleBook } from './rule-book.js';
import type { EventBridgeStore } from './store.js';
import { Tags } from './tags.js';
import { readTarget, shownTarget } from './target-input.js';

export interface EventsApiParts {
  readonly bridge: EventBridge;
  readonly rules: RuleBook;
  readonly store: EventBridgeStore;
  /** Rules were made, changed or removed. */
  changed(): void;
}

const NAME = /^[.\-_A-Za-z0-9]+$/;
const BUS_NAME = /^[/.\-_A-Za-z0-9]+$/;
const BUS_OR_ARN =
  /^(arn:aws[\w-]*:events:[a-z]+-[a-z]+-[\w-]+:[0-9]{12}:event-bus\/)?[/.\-_A-Za-z0-9]+$/;
const MOST_TARGETS = 5;
const MOST_LISTED = 100;
const PREFIX = 'AWSEvents.';
const CONTENT_TYPE = 'application/x-amz-json-1.1';

type Operation = (input: Input) => Promise<object> | object;

export class EventsApi {
  readonly #parts: EventsApiParts;
  readonly #tags: Tags;
  readonly #operations: Readonly<Record<string, Operation>>;

  constructor(parts: EventsApiParts) {
    this.#parts = parts;
    this.#tags = new Tags(parts.store, 'events');
    this.#operations = {
      PutEvents: (input) => this.#putEvents(input),
      PutRule: (input) => this.#putRule(input),
      DeleteRule: (input) => this.#deleteRule(input),
      DescribeRule: (input) => this.#shown(this.#ruleOf(input)),
      ListRules: (input) => this.#listRules(input),
      EnableRule: (input) => this.#setEnabled(input, true),
      DisableRule: (input) => this.#setEnabled(input, false),
      PutTargets: (input) => this.#putTargets(input),
      RemoveTargets: (input) => this.#removeTargets(input),
      ListTargetsByRule: (input) => this.#listTargets(input),
      ListRuleNamesByTarget: (input) => this.#listRuleNames(input),
      CreateEventBus: (input) => this.#createBus(input),
      DeleteEventBus: (input) => this.#deleteBus(input),
      DescribeEventBus: (input) => shownBus(this.#busOf(input, 'Name')),
      ListEventBuses: (input) => this.#listBuses(input),
      TestEventPattern: testPattern,
      PutPermission: (input) => this.#permission(input),
      RemovePermission: (input) => this.#permission(input),
      TagResource: (input) => this.#tags.tag(input),
      UntagResource: (input) => this.#tags.untag(input),
      ListTagsForResource: (input) => this.#tags.list(input),
    };
  }

  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    const target = String(request.headers['x-amz-target'] ?? '');
    const name = target.startsWith(PREFIX) ? target.slice(PREFIX.length) : '';
    answer(request, response, {
      contentType: CONTENT_TYPE,
      work: async (input) => {
        const operation = Object.hasOwn(this.#operations, name)
          ? this.#operations[name]
          : undefined;
        if (operation === undefined) {
          const what =
            name === '' ? 'An operation of EventBridge is expected' : `${name} is not served here`;
          throw new ApiFault('UnknownOperationException', `${what}.`);
        }
        return { body: await operation(input) };
      },
    });
  };

  async #putEvents(input: Input): Promise<object> {
    const checked = new Checked(input);
    const entries = checked
      .list('Entries', { required: true, min: 1, max: MOST_ENTRIES })
      .map((entry) => entryOf(mapOf(entry, 'Entries')));
    checked.done();
    if (entries.reduce((sum, entry) => sum + bytesOf(entry), 0) > MOST_BYTES) {
      throw invalid('Total size of the entries in the request is over the limit.');
    }
    const results = await this.#parts.bridge.put(entries);
    return {
      FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length,
      Entries: results,
    };
  }

  #putRule(input: Input): object {
    const checked = new Checked(input);
    const name = checked.text('Name', { required: true, min: 1, max: 64, pattern: NAME }) ?? '';
    const schedule = checked.text('ScheduleExpression', { max: 256 }) || undefined;
    const pattern = checked.text('EventPattern', { max: 4096 }) || undefined;
    const state = checked.text('State', {
      choices: ['ENABLED', 'DISABLED', 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS'],
    });
    const description = checked.text('Description', { max: 512 });
    checked.done();
    const bus = this.#busOf(input, 'EventBusName').name;
    if (schedule === undefined && pattern === undefined) {
      throw invalid('Parameter(s) EventPattern or ScheduleExpression must be specified.');
    }
    if (schedule !== undefined) {
      if (bus !== DEFAULT_BUS) {
        throw invalid('ScheduleExpression is supported only on the default event bus.');
      }
      checkSchedule(schedule);
    }
    if (pattern !== undefined) checkPattern(pattern);
    const old = this.#changeable(bus, name);
    const definition: RuleDefinition = {
      path: '',
      name,
      bus,
      ...(pattern === undefined ? {} : { pattern }),
      ...(schedule === undefined ? {} : { schedule }),
      enabled: state === undefined ? (old?.definition.enabled ?? true) : state !== 'DISABLED',
      ...(description === undefined ? {} : { description }),
      targets: old?.definition.targets ?? [],
    };
    const { arn } = this.#parts.rules.makeRule(definition);
    this.#tags.add(arn, checked.list('Tags'));
    this.#parts.changed();
    return { RuleArn: arn };
  }

  #deleteRule(input: Input): object {
    const { bus, name } = this.#ruleNameOf(input, 'Name');
    const rule = this.#changeable(bus, name);
    if (rule === undefined) return {};
    if (rule.definition.targets.length > 0) {
      throw invalid("Rule can't be deleted since it has targets.");
    }
    this.#parts.rules.removeRule(bus, name);
    this.#tags.forget(rule.arn);
    this.#parts.changed();
    return {};
  }

  #listRules(input: Input): object {
    const checked = new Checked(input);
    const prefix = checked.text('NamePrefix', { max: 64 }) ?? '';
    const { name: bus } = this.#busOf(input, 'EventBusName');
    const { token, limit } = pageOf(checked);
    const found = this.#parts.rules
      .rulesOf(bus)
      .filter(({ definition }) => definition.name.startsWith(prefix));
    const { items, next } = page(found, token, limit);
    return { Rules: items.map((rule) => this.#shown(rule)), ...nextToken(next) };
  }

  #setEnabled(input: Input, enabled: boolean): object {
    this.#parts.rules.setEnabled(this.#ruleOf(input), enabled);
    this.#parts.changed();
    return {};
  }

  #putTargets(input: Input): object {
    const { bus, name } = this.#ruleNameOf(input, 'Rule');
    const rule = this.#changeable(bus, name);
    if (rule === undefined) throw noRule(bus, name);
    const checked = new Checked(input);
    const added = checked
      .list('Targets', { required: true, min: 1, max: 100 })
      .map((target) => readTarget(mapOf(target, 'Targets')));
    checked.done();
    const targets = new Map(rule.definition.targets.map((target) => [target.id, target]));
    for (const target of added) targets.set(target.id, target);
    if (targets.size > MOST_TARGETS) {
      throw new ApiFault(
        'LimitExceededException',
        'The requested resource exceeds the maximum number allowed.',
      );
    }
    this.#parts.rules.setTargets(rule, [...targets.values()]);
    this.#parts.changed();
    return { FailedEntryCount: 0, FailedEntries: [] };
  }

  #removeTargets(input: Input): object {
    const { bus, name } = this.#ruleNameOf(input, 'Rule');
    const rule = this.#changeable(bus, name);
    if (rule === undefined) throw noRule(bus, name);
    const checked = new Checked(input);
    const ids = checked.list('Ids', { required: true, min: 1, max: 100 });
    checked.done();
    const { targets } = rule.definition;
    this.#parts.rules.setTargets(
      rule,
      targets.filter(({ id }) => !ids.includes(id)),
    );
    this.#parts.changed();
    return { FailedEntryCount: 0, FailedEntries: [] };
  }

  #listTargets(input: Input): object {
    const { bus, name } = this.#ruleNameOf(input, 'Rule');
    const rule = this.#parts.rules.rule(bus, name);
    if (rule === undefined) throw noRule(bus, name);
    const { token, limit } = pageOf(new Checked(input));
    const { items, next } = page(rule.definition.targets, token, limit);
    return { Targets: items.map(shownTarget), ...nextToken(next) };
  }

  #listRuleNames(input: Input): object {
    const checked = new Checked(input);
    const arn = checked.text('TargetArn', { required: true, min: 1, max: 1600 });
    checked.done();
    const { name: bus } = this.#busOf(input, 'EventBusName');
    const { token, limit } = pageOf(checked);
    const names = this.#parts.rules
      .rulesOf(bus)
      .filter(({ definition }) => definition.targets.some((target) => target.arn === arn))
      .map(({ definition }) => definition.name);
    const { items, next } = page(names, token, limit);
    return { RuleNames: items, ...nextToken(next) };
  }

  #createBus(input: Input): object {
    const checked = new Checked(input);
    const name =
      checked.text('Name', { required: true, min: 1, max: 256, pattern: BUS_NAME }) ?? '';
    const description = checked.text('Description', { max: 512 });
    checked.done();
    if (name.includes('/')) throw invalid("Event bus name must not contain '/'.");
    if (this.#parts.rules.bus(name) !== undefined) {
      throw new ApiFault('ResourceAlreadyExistsException', `Event bus ${name} already exists.`);
    }
    const bus = this.#parts.rules.makeBus(name, description);
    this.#tags.add(bus.arn, checked.list('Tags'));
    return {
      EventBusArn: bus.arn,
      ...(description === undefined ? {} : { Description: description }),
    };
  }

  #deleteBus(input: Input): object {
    const checked = new Checked(input);
    const name =
      checked.text('Name', { required: true, min: 1, max: 256, pattern: BUS_NAME }) ?? '';
    checked.done();
    const { rules } = this.#parts;
    if (name === DEFAULT_BUS) throw invalid('Cannot delete event bus default.');
    const bus = rules.bus(name);
    if (bus === undefined) return {};
    if (bus.fromFile) throw managed(`Event bus ${name}`);
    if (rules.rulesOf(name).length > 0) {
      throw invalid("Event bus can't be deleted since it has rules.");
    }
    rules.removeBus(name);
    this.#tags.forget(bus.arn);
    return {};
  }

  #listBuses(input: Input): object {
    const checked = new Checked(input);
    const prefix = checked.text('NamePrefix', { max: 256 }) ?? '';
    const { token, limit } = pageOf(checked);
    const found = this.#parts.rules.buses().filter(({ name }) => name.startsWith(prefix));
    const { items, next } = page(found, token, limit);
    return { EventBuses: items.map(shownBus), ...nextToken(next) };
  }

  /** Who may put events onto a bus is not checked here. */
  #permission(input: Input): object {
    this.#busOf(input, 'EventBusName');
    return {};
  }

  #busOf(input: Input, member: string): Bus {
    const checked = new Checked(input);
    const given = checked.text(member, { max: 1600, pattern: BUS_OR_ARN });
    checked.done();
    const name = busNameOf(given);
    const bus = this.#parts.rules.bus(name);
    if (bus === undefined) throw notFound(`Event bus ${name} does not exist.`);
    return bus;
  }

  #ruleNameOf(input: Input, member: string): { bus: string; name: string } {
    const checked = new Checked(input);
    const name = checked.text(member, { required: true, min: 1, max: 64, pattern: NAME }) ?? '';
    checked.done();
    return { bus: this.#busOf(input, 'EventBusName').name, name };
  }

  #ruleOf(input: Input): Rule {
    const { bus, name } = this.#ruleNameOf(input, 'Name');
    const rule = this.#parts.rules.rule(bus, name);
    if (rule === undefined) throw noRule(bus, name);
    return rule;
  }

  /** Undefined when there is none yet. What a file declares is changed there. */
  #changeable(bus: string, name: string): Rule | undefined {
    const rule = this.#parts.rules.rule(bus, name);
    if (rule?.fromFile === true) throw managed(`Rule ${name}`);
    return rule;
  }

  #shown({ arn, definition, fromFile }: Rule): object {
    const { name, pattern, schedule, enabled, description, bus } = definition;
    return {
      Name: name,
      Arn: arn,
      ...(pattern === undefined ? {} : { EventPattern: patternText(pattern) }),
      ...(schedule === undefined ? {} : { ScheduleExpression: schedule }),
      State: enabled ? 'ENABLED' : 'DISABLED',
      ...(description === undefined ? {} : { Description: description }),
      ...(fromFile ? { ManagedBy: 'orchestrator' } : {}),
      EventBusName: bus,
    };
  }
}

function entryOf(input: Input): PutEntry {
  const checked = new Checked(input);
  const texts = Object.fromEntries(
    ['Source', 'DetailType', 'Detail', 'EventBusName'].flatMap((name) => {
      const value = checked.text(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const time = checked.number('Time', { min: 0, max: 253_402_300_799 });
  const resources = checked.list('Resources').map(String);
  checked.done();
  return { ...texts, ...(time === undefined ? {} : { Time: time }), Resources: resources };
}

function checkSchedule(expression: string): void {
  try {
    parseRuleSchedule(expression);
  } catch (error) {
    if (!(error instanceof InvalidSchedule)) throw error;
    throw invalid('Parameter ScheduleExpression is not valid.');
  }
}

function checkPattern(pattern: string): void {
  try {
    compilePattern(pattern);
  } catch (error) {
    if (!(error instanceof InvalidPattern)) throw error;
    throw new ApiFault(
      'InvalidEventPatternException',
      `Event pattern is not valid. Reason: ${error.message}`,
    );
  }
}

/** What an event of TestEventPattern needs. */
const EVENT_FIELDS = ['id', 'account', 'source', 'time', 'region', 'resources', 'detail-type'];

function testPattern(input: Input): object {
  const checked = new Checked(input);
  const pattern = checked.text('EventPattern', { required: true, max: 4096 }) ?? '';
  const text = checked.text('Event', { required: true }) ?? '';
  checked.done();
  checkPattern(pattern);
  let event: unknown;
  try {
    event = parseLiterally(text);
  } catch {
    throw invalid('Parameter Event is not valid.');
  }
  const fields = typeof event === 'object' && event !== null ? Object.keys(event) : [];
  const missing = EVENT_FIELDS.find((field) => !fields.includes(field));
  if (missing !== undefined) {
    throw invalid(`Parameter Event is not valid. Reason: ${missing} is a required field.`);
  }
  return { Result: compilePattern(pattern).matches(event) };
}

function pageOf(checked: Checked): { token: string | undefined; limit: number } {
  const token = checked.text('NextToken', { min: 1, max: 2048 });
  const limit = checked.number('Limit', { min: 1, max: 100 }) ?? MOST_LISTED;
  checked.done();
  return { token, limit };
}

function nextToken(next: string | undefined): object {
  return next === undefined ? {} : { NextToken: next };
}

function shownBus({ name, arn, description, createdAtMs }: Bus): object {
  return {
    Name: name,
    Arn: arn,
    ...(description === undefined ? {} : { Description: description }),
    ...(createdAtMs === 0 ? {} : { CreationTime: createdAtMs / 1000 }),
  };
}

function noRule(bus: string, name: string): ApiFault {
  return notFound(`Rule ${name} does not exist on EventBus ${bus}.`);
}

function managed(what: string): ApiFault {
  return new ApiFault(
    'ManagedRuleException',
    `${what} is declared in the project's file; change it there.`,
  );
}
