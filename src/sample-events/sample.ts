/** What a sample event is made of, and how what it carries encoded can be set. */

import type { Codec } from './codecs.js';
import type { Maker } from './maker.js';

export interface SampleSource {
  readonly name: string;
  /** A few words, for the list. */
  readonly about: string;
  /** By name; the first is made when none is named. */
  readonly kinds: Readonly<Record<string, SampleKind>>;
}

export interface SampleKind {
  readonly about: string;
  make(maker: Maker): unknown;
  readonly fields?: readonly Field[];
  /** Paths at and below which anything may stand; `*` is any name. */
  readonly free?: readonly string[];
  /** Makes what follows from other values follow again, unless it was set itself. */
  finish?(event: unknown, isSet: (path: string) => boolean): void;
}

/** Something that stands in the event encoded and is set as what it means. */
export interface Field {
  /** Short name in `--set`; absent: only its path. */
  readonly name?: string;
  /** Where it stands; `*` is any index or key, the first one for the short name. */
  readonly at: string;
  readonly codec: Codec;
}

/** An event that comes as records: as many as are asked for. */
export function records<T>(maker: Maker, make: (index: number) => T): T[] {
  return Array.from({ length: maker.takeCount() }, (_, index) => make(index));
}
