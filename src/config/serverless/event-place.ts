/** Where events are read from and what they become. */

import type { SettingNotice } from '../config.js';
import type { Map as Named } from '../map.js';
import type { Problems } from '../problems.js';

export interface Events {
  /** SAM's `Events` of the function. */
  readonly events: Record<string, unknown>;
  /** Logical id → resource. */
  readonly resources: Record<string, unknown>;
  /** Names of events → where they are written. */
  readonly places: Record<string, string>;
  /** Routes of WebSockets, for the one API there is. */
  readonly socketRoutes: {
    readonly route: string;
    readonly written: Named;
    readonly path: string;
  }[];
  /** Authorizers that HTTP events name, for the API they are of. */
  readonly authorizers: {
    readonly api: 'rest' | 'http';
    readonly name: string;
    readonly written: Named;
    readonly path: string;
  }[];
  usesRest: boolean;
  usesHttp: boolean;
  cors: unknown;
}

export interface EventContext {
  readonly problems: Problems;
  readonly notices: SettingNotice[];
  /** What other parts of the file declare, so that nothing is made twice. */
  readonly declared: Named;
  /** Of the function's routes of an HTTP API. */
  readonly httpApi: { readonly timeoutMs: number; readonly payload?: unknown };
}

export interface Place {
  readonly path: string;
  readonly name: string;
  readonly functionId: string;
  readonly out: Events;
  readonly context: EventContext;
}

export function add({ out, name, path }: Place, type: string, properties: Named): void {
  const known = Object.entries(properties).filter(([, value]) => value !== undefined);
  out.events[name] = { Type: type, Properties: Object.fromEntries(known) };
  out.places[name] = path;
}

export function ignored({ context, path }: Place, key: string, reason: string): void {
  context.notices.push({ path: `${path}.${key}`, treatment: 'ignored', reason });
}

export function named(key: string, value: unknown, as: (value: unknown) => unknown): Named {
  return value === undefined ? {} : { [key]: as(value) };
}
