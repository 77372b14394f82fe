/**
 * JSON whose numbers keep the way they were written: patterns compare numbers as text, so that 300,
 * 300.0 and 3.0e2 are three values (contract 11.12).
 */

/** A number that JavaScript would write in another way. */
export class LiteralNumber {
  readonly text: string;
  readonly value: number;

  constructor(text: string) {
    this.text = text;
    this.value = Number(text);
  }

  toJSON(): number {
    return this.value;
  }
}

const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** As `JSON.parse`, and raises as it does. */
export function parseLiterally(text: string): unknown {
  const parsed: unknown = JSON.parse(text);
  if (!holdsOddNumber(text)) return parsed;
  const mark = unusedMark(text);
  const marked = text.replace(STRING_OR_NUMBER, (token) =>
    isOdd(token) ? `"${mark}${token}"` : token,
  );
  return JSON.parse(marked, (_key, value: unknown) =>
    typeof value === 'string' && value.startsWith(mark)
      ? new LiteralNumber(value.slice(mark.length))
      : value,
  ) as unknown;
}

function holdsOddNumber(text: string): boolean {
  for (const [token] of text.matchAll(STRING_OR_NUMBER)) if (isOdd(token)) return true;
  return false;
}

function isOdd(token: string): boolean {
  return !token.startsWith('"') && String(Number(token)) !== token;
}

/** An escape in the text cannot spell it: it holds no character that is ever escaped for need. */
function unusedMark(text: string): string {
  const plain = text.includes('\\') ? JSON.stringify(JSON.parse(text)) : text;
  let mark = '#';
  while (plain.includes(`"${mark}`)) mark += '#';
  return mark;
}
