/** What patterns compare with: numbers, texts with `*`, and regular expressions. Pure. */

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=';

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

/** Whether `found op wanted` holds; undefined when there can be no such comparison. */
export function comparison(
  operator: Operator,
  wanted: string,
): ((found: unknown) => boolean) | undefined {
  if (operator !== '=' && operator !== '!=') return ordered(operator, wanted);
  const equals = equality(wanted);
  if (equals === undefined) return undefined;
  return operator === '=' ? equals : (found) => !equals(found);
}

/** Undefined when it cannot be one. CloudWatch's have no groups. */
export function regexOf(source: string): RegExp | undefined {
  if (/[()]/.test(source.replace(/\\./g, ''))) return undefined;
  try {
    return new RegExp(source);
  } catch {
    return undefined;
  }
}

function ordered(
  operator: Exclude<Operator, '=' | '!='>,
  wanted: string,
): ((found: unknown) => boolean) | undefined {
  if (!NUMBER.test(wanted)) return undefined;
  const limit = Number(wanted);
  return (found) => {
    const number = typeof found === 'string' && NUMBER.test(found) ? Number(found) : found;
    if (typeof number !== 'number') return false;
    if (operator === '<') return number < limit;
    if (operator === '<=') return number <= limit;
    return operator === '>' ? number > limit : number >= limit;
  };
}

function equality(wanted: string): ((found: unknown) => boolean) | undefined {
  const [, source] = /^%(.+)%$/.exec(wanted) ?? [];
  if (source !== undefined) {
    const regex = regexOf(source);
    return regex === undefined
      ? undefined
      : (found) => isScalar(found) && regex.test(String(found));
  }
  const [, quoted] = /^"(.*)"$/s.exec(wanted) ?? [];
  const text = quoted?.replace(/\\(.)/g, '$1') ?? wanted;
  const pattern = new RegExp(`^${text.split('*').map(escaped).join('.*')}$`, 's');
  const number = quoted === undefined && NUMBER.test(wanted) ? Number(wanted) : undefined;
  return (found) => {
    if (number !== undefined && typeof found === 'number') return found === number;
    return isScalar(found) && pattern.test(String(found));
  };
}

function isScalar(found: unknown): boolean {
  return typeof found === 'string' || typeof found === 'number' || typeof found === 'boolean';
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
