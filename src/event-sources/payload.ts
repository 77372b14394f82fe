/** Events of batches: put together from records that are JSON already. Pure. */

/** What the records of an event may come to (contract 11.8). */
export const MOST_PAYLOAD_BYTES = 6 * 1024 * 1024;
const HEAD = '{"Records":[';
/** Head, tail, and room for what windows add. */
export const ENVELOPE_BYTES = 1024;

/** `rest` are further members of the event, such as those of a window. */
export function eventOf(records: readonly string[], rest?: object): Buffer {
  const more = rest === undefined ? '' : JSON.stringify(rest).slice(1, -1);
  const tail = more === '' ? ']}' : `],${more}}`;
  return Buffer.from(`${HEAD}${records.join(',')}${tail}`);
}
