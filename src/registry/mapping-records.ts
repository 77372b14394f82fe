/** What is kept of event source mappings. Plain data: it is written as JSON. */

import type { MappingDefinition } from '../stack/mappings.js';

export interface MappingRecord {
  readonly uuid: string;
  readonly definition: MappingDefinition;
  /** What is told to clients and changes nothing here, as it was sent. */
  readonly told: Readonly<Record<string, unknown>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly modifiedAtMs: number;
}
