import { pipe, transform, unknown } from 'valibot';
import { integer, type Shape } from './shape.js';

/** A whole number, also as text: parameters of templates are. */
export function whole(limits: { min: number; max: number }, unit: string): Shape<number> {
  return pipe(
    unknown(),
    transform((value) =>
      typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value,
    ),
    integer(limits, `a whole number from ${limits.min} to ${limits.max} (${unit})`),
  );
}
