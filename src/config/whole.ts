import { z } from 'zod';

/** A whole number, also as text: parameters of templates are. */
export function whole(limits: { min: number; max: number }, unit: string) {
  const expected = `a whole number from ${limits.min} to ${limits.max} (${unit})`;
  return z
    .union([z.number(), z.string().regex(/^\d+$/).transform(Number)], { error: expected })
    .pipe(z.number().int(expected).min(limits.min, expected).max(limits.max, expected));
}
