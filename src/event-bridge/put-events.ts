/** Entries of PutEvents → events, or why not, entry by entry in AWS' words (contract 11.13). Pure. */

import { parseLiterally } from '../event-pattern/literal-json.js';
import type { Place } from '../stack/arns.js';

export interface BusEvent {
  readonly id: string;
  readonly bus: string;
  /** The envelope as JSON. */
  readonly text: string;
  /** The same, numbers as they were written. */
  readonly parsed: Readonly<Record<string, unknown>>;
  /** Buses it has gone through. */
  readonly hops: number;
}

export interface PutEntry {
  readonly Source?: string;
  readonly DetailType?: string;
  readonly Detail?: string;
  /** Unix seconds. */
  readonly Time?: number;
  readonly Resources?: readonly string[];
  readonly EventBusName?: string;
}

export interface EntryFailure {
  readonly ErrorCode: string;
  readonly ErrorMessage: string;
}

export interface EnvelopeParts extends Place {
  readonly id: string;
  /** Unix ms. */
  readonly timeMs: number;
  readonly source: string;
  readonly detailType: string;
  readonly resources: readonly string[];
  /** JSON. */
  readonly detail: string;
}

export const MOST_ENTRIES = 10;
/** Of all entries of a request together. */
export const MOST_BYTES = 256 * 1024;
const TIME_BYTES = 14;

/** The envelope, keys in AWS' order; `detail` as it was written. */
export function envelopeOf(parts: EnvelopeParts): string {
  const { id, detailType, source, accountId, timeMs, region, resources, detail } = parts;
  const head = JSON.stringify({
    version: '0',
    id,
    'detail-type': detailType,
    source,
    account: accountId,
    time: isoSeconds(timeMs),
    region,
    resources,
  });
  return `${head.slice(0, -1)},"detail":${detail.trim()}}`;
}

/** As in envelopes: whole seconds. */
export function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

export function bytesOf({ Source, DetailType, Detail, Time, Resources }: PutEntry): number {
  const texts = [Source, DetailType, Detail, ...(Resources ?? [])];
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), 0);
  return bytes + (Time === undefined ? 0 : TIME_BYTES);
}

/** `isOutside`: whoever sends it is no service of AWS. */
export function eventOf(
  entry: PutEntry,
  around: Place & { readonly id: string; readonly nowMs: number; readonly isOutside: boolean },
): Omit<BusEvent, 'bus' | 'hops'> | EntryFailure {
  const { Source: source, DetailType: detailType, Detail: detail } = entry;
  if (!source) return missing('Source');
  if (!detailType) return missing('DetailType');
  if (!detail) return missing('Detail');
  if (around.isOutside && source.startsWith('aws.')) {
    return {
      ErrorCode: 'NotAuthorizedForSourceException',
      ErrorMessage: 'Not authorized for the source.',
    };
  }
  if (!isJsonObject(detail)) {
    return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  }
  const { id, nowMs, region, accountId } = around;
  const timeMs = entry.Time === undefined ? nowMs : entry.Time * 1000;
  const resources = entry.Resources ?? [];
  const text = envelopeOf({ id, timeMs, source, detailType, resources, detail, region, accountId });
  return { id, text, parsed: parseLiterally(text) as Record<string, unknown> };
}

function missing(name: string): EntryFailure {
  return {
    ErrorCode: 'InvalidArgument',
    ErrorMessage: `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
  };
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
