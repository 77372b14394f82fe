/** EventBridge Scheduler's API (REST, JSON) for unmodified clients: schedules and their groups. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { decoded } from '../decoded.js';
import { ApiFault, notFound } from './api-fault.js';
import { answer, type Answer } from './api-http.js';
import { Checked, page, type Input } from './api-input.js';
import {
  DEFAULT_GROUP,
  type KeptSchedule,
  type ScheduleBook,
  type ScheduleGroup,
} from './schedule-book.js';
import { inputOf, nameOf, readSchedule } from './schedule-input.js';
import type { EventBridgeStore } from './store.js';
import { Tags } from './tags.js';

export interface SchedulerApiParts {
  readonly schedules: ScheduleBook;
  readonly store: EventBridgeStore;
  /** Schedules were made, changed or removed. */
  changed(): void;
}

interface Call {
  /** What the path names. */
  readonly name: string;
  readonly query: URLSearchParams;
  readonly input: Input;
}

interface Route {
  readonly method: string;
  readonly path: RegExp;
  run(call: Call): object;
}

const MOST_LISTED = 100;

export class SchedulerApi {
  readonly #parts: SchedulerApiParts;
  readonly #tags: Tags;
  readonly #routes: readonly Route[];

  constructor(parts: SchedulerApiParts) {
    this.#parts = parts;
    this.#tags = new Tags(parts.store, 'scheduler');
    const schedule = /^\/schedules\/([^/]+)$/;
    const group = /^\/schedule-groups\/([^/]+)$/;
    const tags = /^\/tags\/(.+)$/;
    this.#routes = [
      { method: 'POST', path: schedule, run: (call) => this.#create(call) },
      { method: 'GET', path: schedule, run: (call) => this.#get(call) },
      { method: 'PUT', path: schedule, run: (call) => this.#update(call) },
      { method: 'DELETE', path: schedule, run: (call) => this.#delete(call) },
      { method: 'GET', path: /^\/schedules$/, run: (call) => this.#list(call) },
      { method: 'POST', path: group, run: (call) => this.#createGroup(call) },
      { method: 'GET', path: group, run: ({ name }) => shownGroup(this.#groupOf(name)) },
      { method: 'DELETE', path: group, run: (call) => this.#deleteGroup(call) },
      { method: 'GET', path: /^\/schedule-groups$/, run: (call) => this.#listGroups(call) },
      {
        method: 'POST',
        path: tags,
        run: ({ name, input }) => this.#tags.tag({ ...input, ResourceArn: name }),
      },
      {
        method: 'DELETE',
        path: tags,
        run: ({ name, query }) =>
          this.#tags.untag({ ResourceArn: name, TagKeys: query.getAll('TagKeys') }),
      },
      { method: 'GET', path: tags, run: ({ name }) => this.#tags.list({ ResourceArn: name }) },
    ];
  }

  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response, {
      contentType: 'application/json',
      work: (input): Answer => {
        const url = new URL(request.url ?? '/', 'http://scheduler');
        const path = url.pathname.replace(/\/$/, '');
        for (const route of this.#routes) {
          const [whole, name = ''] = route.path.exec(path) ?? [];
          if (whole === undefined || route.method !== request.method) continue;
          return { body: route.run({ name: decoded(name), query: url.searchParams, input }) };
        }
        throw new ApiFault(
          'UnknownOperationException',
          `${request.method} ${path} is not served here.`,
          404,
        );
      },
    });
  };

  #create({ name, input }: Call): object {
    const definition = readSchedule(nameOf(name), input);
    this.#groupOf(definition.group);
    if (this.#parts.schedules.find(definition.group, name) !== undefined) {
      throw conflict(`Schedule ${name} already exists.`);
    }
    return this.#put(definition, input);
  }

  #update({ name, input }: Call): object {
    const definition = readSchedule(nameOf(name), input);
    this.#changeable(definition.group, name);
    return this.#put(definition, input);
  }

  #put(definition: ReturnType<typeof readSchedule>, input: Input): object {
    const { arn } = this.#parts.schedules.put(definition, input);
    this.#parts.changed();
    return { ScheduleArn: arn };
  }

  #get({ name, query }: Call): object {
    return shown(this.#scheduleOf(query.get('groupName') ?? DEFAULT_GROUP, nameOf(name)));
  }

  #delete({ name, query }: Call): object {
    const group = query.get('groupName') ?? DEFAULT_GROUP;
    this.#changeable(group, nameOf(name));
    this.#parts.schedules.remove(group, name);
    this.#parts.changed();
    return {};
  }

  #list({ query }: Call): object {
    const group = query.get('ScheduleGroup');
    const prefix = query.get('NamePrefix') ?? '';
    const state = query.get('State');
    const found = this.#parts.schedules
      .all()
      .filter(
        ({ definition }) =>
          (group === null || definition.group === group) &&
          definition.name.startsWith(prefix) &&
          (state === null || stateOf(definition) === state),
      );
    const { items, next } = page(found, ...pageOf(query));
    return {
      Schedules: items.map((kept) => ({
        Arn: kept.arn,
        Name: kept.definition.name,
        GroupName: kept.definition.group,
        State: stateOf(kept.definition),
        CreationDate: kept.createdAtMs / 1000,
        LastModificationDate: kept.modifiedAtMs / 1000,
        Target: { Arn: kept.definition.target.arn },
      })),
      ...(next === undefined ? {} : { NextToken: next }),
    };
  }

  #createGroup({ name, input }: Call): object {
    nameOf(name);
    if (this.#parts.schedules.group(name) !== undefined) {
      throw conflict(`Schedule group ${name} already exists.`);
    }
    const { arn } = this.#parts.schedules.makeGroup(name);
    this.#tags.add(arn, new Checked(input).list('Tags'));
    return { ScheduleGroupArn: arn };
  }

  #deleteGroup({ name }: Call): object {
    const group = this.#groupOf(name);
    if (name === DEFAULT_GROUP) {
      throw new ApiFault('ValidationException', 'Default group cannot be deleted.');
    }
    if (group.fromFile) throw managed(`Schedule group ${name}`);
    this.#parts.schedules.removeGroup(name);
    this.#tags.forget(group.arn);
    this.#parts.changed();
    return {};
  }

  #listGroups({ query }: Call): object {
    const prefix = query.get('NamePrefix') ?? '';
    const found = this.#parts.schedules.groups().filter(({ name }) => name.startsWith(prefix));
    const { items, next } = page(found, ...pageOf(query));
    return {
      ScheduleGroups: items.map(shownGroup),
      ...(next === undefined ? {} : { NextToken: next }),
    };
  }

  #groupOf(name: string): ScheduleGroup {
    const group = this.#parts.schedules.group(name);
    if (group === undefined) throw notFound(`Schedule group ${name} does not exist.`, 404);
    return group;
  }

  #scheduleOf(group: string, name: string): KeptSchedule {
    const kept = this.#parts.schedules.find(group, name);
    if (kept === undefined) throw notFound(`Schedule ${name} does not exist.`, 404);
    return kept;
  }

  #changeable(group: string, name: string): void {
    if (this.#scheduleOf(group, name).fromFile) throw managed(`Schedule ${name}`);
  }
}

function shown({ arn, definition, createdAtMs, modifiedAtMs, input }: KeptSchedule): object {
  const { name, group, deleteAfterCompletion, timezone, startDate, endDate } = definition;
  return {
    ...(input ?? inputOf(definition)),
    ...(startDate === undefined ? {} : { StartDate: Date.parse(startDate) / 1000 }),
    ...(endDate === undefined ? {} : { EndDate: Date.parse(endDate) / 1000 }),
    Arn: arn,
    Name: name,
    GroupName: group,
    ScheduleExpressionTimezone: timezone,
    State: stateOf(definition),
    ActionAfterCompletion: deleteAfterCompletion === true ? 'DELETE' : 'NONE',
    CreationDate: createdAtMs / 1000,
    LastModificationDate: modifiedAtMs / 1000,
  };
}

function shownGroup({ name, arn, createdAtMs }: ScheduleGroup): object {
  return {
    Arn: arn,
    Name: name,
    State: 'ACTIVE',
    CreationDate: createdAtMs / 1000,
    LastModificationDate: createdAtMs / 1000,
  };
}

function stateOf({ enabled }: { readonly enabled: boolean }): string {
  return enabled ? 'ENABLED' : 'DISABLED';
}

function pageOf(query: URLSearchParams): [token: string | undefined, limit: number] {
  const limit = query.get('MaxResults');
  const checked = new Checked({ MaxResults: limit === null ? undefined : Number(limit) });
  const most = checked.number('MaxResults', { min: 1, max: 100 }) ?? MOST_LISTED;
  checked.done();
  return [query.get('NextToken') ?? undefined, most];
}

function conflict(message: string): ApiFault {
  return new ApiFault('ConflictException', message, 409);
}

function managed(what: string): ApiFault {
  return conflict(`${what} is declared in the project's file; change it there.`);
}
