/** Ids, times and names of a sample event: fresh ones, or the same each time with a seed. */

import { createHash, randomBytes } from 'node:crypto';
import { arnOf } from '../stack/arns.js';

export interface MakerOptions {
  readonly region: string;
  readonly accountId: string;
  /** Unix ms. */
  readonly nowMs: number;
  /** Of events that come as records. */
  readonly count?: number;
  readonly seed?: number;
}

const BASE36 = '0123456789abcdefghijklmnopqrstuvwxyz';
const UPPER = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export class Maker {
  readonly region: string;
  readonly accountId: string;
  readonly nowMs: number;
  readonly #count: number;
  readonly #seed: number | undefined;
  #drawn = 0;
  #counted = false;

  constructor({ region, accountId, nowMs, count = 1, seed }: MakerOptions) {
    this.region = region;
    this.accountId = accountId;
    this.nowMs = nowMs;
    this.#count = count;
    this.#seed = seed;
  }

  /** How many records are asked for. */
  takeCount(): number {
    this.#counted = true;
    return this.#count;
  }

  /** Whether as many were made as asked for. */
  get counted(): boolean {
    return this.#counted || this.#count === 1;
  }

  arn(service: string, resource: string): string {
    return arnOf(service, this, resource);
  }

  /** Such as `2026-01-05T10:00:00.000Z`. */
  iso(offsetMs = 0): string {
    return new Date(this.nowMs + offsetMs).toISOString();
  }

  /** Without fractions of the second. */
  isoSeconds(offsetMs = 0): string {
    return this.iso(offsetMs).replace(/\.\d+/, '');
  }

  /** As API Gateway writes it, such as `05/Jan/2026:10:00:00 +0000`. */
  gatewayTime(): string {
    const [date = '', clock = ''] = this.iso().split('T');
    const [year, month, day] = date.split('-');
    return `${day}/${MONTHS[Number(month) - 1]}/${year}:${clock.slice(0, 8)} +0000`;
  }

  uuid(): string {
    const hex = this.hex(32);
    const variant = 'ab89'[parseInt(hex[16] as string, 16) % 4];
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      `4${hex.slice(13, 16)}`,
      `${variant}${hex.slice(17, 20)}`,
      hex.slice(20),
    ].join('-');
  }

  hex(length: number): string {
    return this.#bytes(Math.ceil(length / 2))
      .toString('hex')
      .slice(0, length);
  }

  /** Lower-case letters and digits, as ids of APIs. */
  id(length: number): string {
    return this.#from(BASE36, length);
  }

  upper(length: number): string {
    return this.#from(UPPER, length);
  }

  digits(length: number): string {
    return this.#from('0123456789', length);
  }

  base64(length: number): string {
    return this.#from(BASE64, length);
  }

  traceId(): string {
    const seconds = Math.floor(this.nowMs / 1000).toString(16);
    return `Root=1-${seconds}-${this.hex(24)}`;
  }

  #from(alphabet: string, length: number): string {
    return Array.from(this.#bytes(length), (byte) => alphabet[byte % alphabet.length]).join('');
  }

  #bytes(length: number): Buffer {
    if (this.#seed === undefined) return randomBytes(length);
    const blocks = Array.from({ length: Math.ceil(length / 32) }, () =>
      createHash('sha256').update(`${this.#seed}/${this.#drawn++}`).digest(),
    );
    return Buffer.concat(blocks).subarray(0, length);
  }
}
