/**
 * EventBridge and its Scheduler as they run: books, buses, timetable and APIs over one file of the
 * state folder. Loaded when something needs it.
 */

import type { SourceStatus } from '../view.js';
import { Alarm } from '../async/alarm.js';
import { messageOf } from '../errors.js';
import type { SourceParts } from '../sources/source.js';
import type { Stack } from '../stack/stack.js';
import type { Delivery } from './delivery.js';
import { EventBridge } from './event-bridge.js';
import { EventsApi } from './events-api.js';
import { patternText, RuleBook, type Rule } from './rule-book.js';
import { ScheduleBook, type KeptSchedule } from './schedule-book.js';
import { runOf } from './schedule-run.js';
import { SchedulerApi } from './scheduler-api.js';
import { EventBridgeStore } from './store.js';
import { Timetable, type Timed } from './timetable.js';
import { ruleKey, scheduleKey, whenOfRule, whenOfSchedule } from './timing.js';

const DISK_AGAIN_MS = 1_000;

export class EventBridgeRuntime {
  readonly bridge: EventBridge;
  readonly events: EventsApi;
  readonly scheduler: SchedulerApi;
  readonly #parts: SourceParts;
  readonly #store: EventBridgeStore;
  readonly #rules: RuleBook;
  readonly #schedules: ScheduleBook;
  readonly #timetable: Timetable;
  readonly #place: { readonly region: string; readonly accountId: string };
  /** Real time: what was made since then was made in this run. */
  readonly #startedAtMs: number;
  /** ARN → when it was made or changed last, in real time and in queue time. */
  readonly #anchors = new Map<string, { readonly madeAtMs: number; readonly anchorMs: number }>();
  /** Runs that the disk has not taken yet. */
  #due: Delivery[] = [];
  #flushing: Promise<void> | undefined;
  readonly #diskAlarm: Alarm;

  /** Raises `state-unusable`. */
  constructor(parts: SourceParts, path: string) {
    this.#parts = parts;
    const { settings, clock, queueClock, targets, log } = parts;
    const { region, accountId } = settings;
    this.#place = { region, accountId };
    this.#startedAtMs = clock.now();
    this.#diskAlarm = new Alarm(clock);
    const store = new EventBridgeStore(path);
    this.#store = store;
    const book = { place: this.#place, store, now: () => clock.now() };
    this.#rules = new RuleBook(book);
    this.#schedules = new ScheduleBook(book);
    this.#timetable = new Timetable({ clock: queueClock, random: Math.random, log });
    this.bridge = new EventBridge({
      place: this.#place,
      store,
      rules: this.#rules,
      targets,
      clock: queueClock,
      realClock: clock,
      random: Math.random,
      log,
    });
    const changed = (): void => this.#setTimes();
    this.events = new EventsApi({ bridge: this.bridge, rules: this.#rules, store, changed });
    this.scheduler = new SchedulerApi({ schedules: this.#schedules, store, changed });
  }

  /** Sends what earlier runs left, and says so. */
  start(): void {
    const left = this.#store.count;
    if (left > 0) {
      this.#parts.log.info(
        `${left} ${left === 1 ? 'delivery' : 'deliveries'} of EventBridge from before ${left === 1 ? 'is' : 'are'} taken up`,
      );
    }
    this.#setTimes();
    this.bridge.deliveries.pump();
  }

  setFiles(stack: Stack): void {
    this.#rules.setFiles(stack);
    this.#schedules.setFiles(stack);
    this.#setTimes();
  }

  /** Runs a schedule now, whatever it says. False when there is none of this name. */
  run(name: string): boolean {
    const now = this.#parts.queueClock.now();
    const rule = this.#rules
      .rules()
      .find(({ definition }) => definition.schedule !== undefined && definition.name === name);
    if (rule !== undefined) {
      this.#fire(this.bridge.scheduled(rule, now));
      return true;
    }
    const schedule = this.#schedules
      .all()
      .find(({ definition: { group, name: own } }) => own === name || `${group}/${own}` === name);
    if (schedule === undefined) return false;
    this.#fire([runOf(schedule, now, this.#place)]);
    return true;
  }

  status(): SourceStatus[] {
    return [
      ...this.#rules.rules().map((rule) => this.#statusOfRule(rule)),
      ...this.#schedules.all().map((schedule) => this.#statusOfSchedule(schedule)),
    ];
  }

  async drain(): Promise<void> {
    this.#timetable.close();
    await this.#flushing;
    await this.bridge.deliveries.drain();
  }

  async close(): Promise<void> {
    this.#timetable.close();
    this.#diskAlarm.cancel();
    this.bridge.deliveries.close();
    await this.#flushing;
    await this.#store.close();
  }

  #setTimes(): void {
    const rules = this.#rules.rules().flatMap((rule): Timed[] => {
      const when = whenOfRule(rule, this.#anchor(rule.arn, rule.createdAtMs).anchorMs);
      if (when === undefined || !rule.definition.enabled) return [];
      return [{ ...when, fire: (dueAtMs) => this.#fire(this.bridge.scheduled(rule, dueAtMs)) }];
    });
    const schedules = this.#schedules.all().flatMap((schedule): Timed[] => {
      const { definition, modifiedAtMs, arn, fromFile } = schedule;
      const { anchorMs, isNew } = this.#anchor(arn, modifiedAtMs);
      if (!definition.enabled) return [];
      const when = whenOfSchedule(schedule, anchorMs, isNew);
      return [
        {
          ...when,
          fire: (dueAtMs) => this.#fire([runOf(schedule, dueAtMs, this.#place)]),
          ...(definition.deleteAfterCompletion === true && !fromFile
            ? { completed: () => this.#completed(schedule) }
            : {}),
        },
      ];
    });
    this.#timetable.set([...rules, ...schedules]);
  }

  /** What is only switched on again goes on counting from where it began. */
  #anchor(arn: string, madeAtMs: number): { anchorMs: number; isNew: boolean } {
    const known = this.#anchors.get(arn);
    if (known?.madeAtMs === madeAtMs) return { anchorMs: known.anchorMs, isNew: false };
    const { clock, queueClock } = this.#parts;
    const isNew = madeAtMs >= this.#startedAtMs;
    const anchorMs = madeAtMs + (isNew ? queueClock.now() - clock.now() : 0);
    this.#anchors.set(arn, { madeAtMs, anchorMs });
    return { anchorMs, isNew };
  }

  #completed({ definition: { group, name } }: KeptSchedule): void {
    try {
      this.#schedules.remove(group, name);
    } catch (error) {
      this.#parts.log.warn(
        `the schedule ${name} is over but cannot be removed: ${messageOf(error)}`,
      );
    }
  }

  /** What falls due in one moment is written at once. */
  #fire(deliveries: readonly Delivery[]): void {
    this.#due.push(...deliveries);
    this.#flushing ??= Promise.resolve().then(() => this.#flush());
  }

  async #flush(): Promise<void> {
    while (this.#due.length > 0) {
      const due = this.#due;
      this.#due = [];
      try {
        await this.bridge.deliveries.add(due);
      } catch (error) {
        this.#parts.log.warn(
          `runs of schedules cannot be written, and are tried again: ${messageOf(error)}`,
        );
        this.#due = [...due, ...this.#due];
        this.#diskAlarm.set(DISK_AGAIN_MS, () => this.#fire([]));
        break;
      }
    }
    this.#flushing = undefined;
  }

  #statusOfRule({ definition, arn }: Rule): SourceStatus {
    const { bus, name, schedule, pattern, targets, enabled } = definition;
    const next = this.#timetable.nextOf(ruleKey(bus, name));
    const what = schedule ?? patternText(pattern);
    return {
      kind: schedule === undefined ? 'rule' : 'schedule',
      id: bus === 'default' ? name : `${bus}/${name}`,
      from: schedule === undefined ? `${bus} ${what}` : what,
      to: targets.map((target) => target.arn).join(' ') || `no target (${arn})`,
      state: enabled ? 'Enabled' : 'Disabled',
      ...(next === undefined ? {} : { next: { atMs: next, zone: 'UTC' } }),
    };
  }

  #statusOfSchedule({ definition }: KeptSchedule): SourceStatus {
    const { group, name, expression, timezone, target, enabled } = definition;
    const next = this.#timetable.nextOf(scheduleKey(group, name));
    return {
      kind: 'schedule',
      id: group === 'default' ? name : `${group}/${name}`,
      from: timezone === 'UTC' ? expression : `${expression} ${timezone}`,
      to: target.arn,
      state: enabled ? 'Enabled' : 'Disabled',
      ...(next === undefined ? {} : { next: { atMs: next, zone: timezone } }),
    };
  }
}
