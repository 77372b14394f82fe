/** The kinds of resources, and in which order they are made: each is loaded when it is needed. */

import type { Named, ResourceMaker } from './resource-maker.js';

export type Kind = 'queues' | 'topics' | 'buckets' | 'tables' | 'streams' | 'logGroups';

/** For people. */
export const KINDS: Readonly<Record<Kind, string>> = {
  queues: 'queue',
  topics: 'topic',
  buckets: 'bucket',
  tables: 'table',
  streams: 'stream',
  logGroups: 'log group',
};

export interface Step {
  readonly kind: Kind;
  readonly maker: ResourceMaker<Named>;
}

/** Each maker is for definitions of its own kind, which only its place here says. */
type Loader = () => Promise<readonly unknown[]>;

const LOADERS: Readonly<Record<Kind, Loader>> = {
  queues: async () => {
    const { queues, redrivePolicies } = await import('./queues.js');
    return [queues, redrivePolicies];
  },
  topics: async () => {
    const { topics, queueSubscriptions } = await import('./topics.js');
    return [topics, queueSubscriptions];
  },
  buckets: async () => [(await import('./buckets.js')).buckets],
  tables: async () => [(await import('./tables.js')).tables],
  streams: async () => [(await import('./streams.js')).streams],
  logGroups: async () => [(await import('./log-groups.js')).logGroups],
};

export async function stepsFor(kinds: readonly Kind[]): Promise<Step[]> {
  const steps: Step[] = [];
  for (const kind of kinds) {
    for (const maker of await LOADERS[kind]()) {
      steps.push({ kind, maker: maker as ResourceMaker<Named> });
    }
  }
  return steps;
}
