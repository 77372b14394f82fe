/** Tags of what EventBridge and Scheduler hold: kept and shown; nothing here depends on them. */

import { isObject } from '../is-object.js';
import { Checked, type Input } from './api-input.js';
import type { EventBridgeStore } from './store.js';

interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** The two services call the resource by different names. */
const MEMBERS = { events: 'ResourceARN', scheduler: 'ResourceArn' } as const;

export class Tags {
  readonly #store: EventBridgeStore;
  readonly #member: string;

  constructor(store: EventBridgeStore, service: keyof typeof MEMBERS) {
    this.#store = store;
    this.#member = MEMBERS[service];
  }

  tag(input: Input): object {
    this.add(this.#arnOf(input), new Checked(input).list('Tags', { required: true }));
    return {};
  }

  untag(input: Input): object {
    const arn = this.#arnOf(input);
    const keys = new Checked(input).list('TagKeys');
    this.#put(
      arn,
      this.#of(arn).filter(({ Key: key }) => !keys.includes(key)),
    );
    return {};
  }

  list(input: Input): object {
    return { Tags: this.#of(this.#arnOf(input)) };
  }

  add(arn: string, given: readonly unknown[]): void {
    if (given.length === 0) return;
    const tags = new Map(this.#of(arn).map((tag) => [tag.Key, tag]));
    for (const tag of given.filter(isObject)) {
      tags.set(String(tag['Key']), { Key: String(tag['Key']), Value: String(tag['Value'] ?? '') });
    }
    this.#put(arn, [...tags.values()]);
  }

  forget(arn: string): void {
    this.#store.remove('tags', arn);
  }

  #put(arn: string, tags: readonly Tag[]): void {
    if (tags.length === 0) this.forget(arn);
    else this.#store.put('tags', arn, tags);
  }

  #of(arn: string): readonly Tag[] {
    return (this.#store.records('tags').find(([name]) => name === arn)?.[1] as Tag[]) ?? [];
  }

  #arnOf(input: Input): string {
    const checked = new Checked(input);
    const arn = checked.text(this.#member, { required: true, min: 1, max: 1600 }) ?? '';
    checked.done();
    return arn;
  }
}
