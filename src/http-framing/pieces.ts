/** A message as what is written of it: one buffer where that is cheap, else head and body. */

/** Bodies up to this are copied behind their head, so that one write carries both. */
const JOINED_BODY_BYTES = 64 * 1024;

/** `head` is Latin-1, its final empty line included. */
export function piecesOf(head: string, body: Buffer | undefined): Buffer[] {
  if (body === undefined) return [Buffer.from(head, 'latin1')];
  if (body.length > JOINED_BODY_BYTES) return [Buffer.from(head, 'latin1'), body];
  const bytes = Buffer.allocUnsafe(head.length + body.length);
  bytes.write(head, 0, 'latin1');
  body.copy(bytes, head.length);
  return [bytes];
}
