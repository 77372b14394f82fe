import { changed, integer, matches, text, type Shape } from './shape.js';

/** A whole number, also as text: parameters of templates are. */
export function whole(limits: { min: number; max: number }, unit: string): Shape<number> {
  const expected = `a whole number from ${limits.min} to ${limits.max} (${unit})`;
  const number = integer(limits, expected);
  const digits = changed(text(expected, matches(/^\d+$/, expected)), Number);
  return (value) => {
    const read = digits(value);
    return number(read.ok ? read.value : value);
  };
}
