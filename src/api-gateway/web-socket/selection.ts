/** Which route a message takes: selection expressions of WebSocket APIs. Pure. */

export const CONNECT = '$connect';
export const DISCONNECT = '$disconnect';
export const DEFAULT = '$default';

/** A text, or the path to a value in the body. */
type Part = string | { readonly path: readonly string[] };

export interface SelectionExpression {
  /** Of a message as it came; undefined where the body does not say. */
  evaluate(body: string): string | undefined;
}

const VARIABLE = /\\\$|\$\{request\.body([.[][^}]+)\}|\$request\.body((?:\.[\w-]+|\[[^\]]+\])+)/g;
const STEP = /\[\s*(?:'([^']*)'|"([^"]*)"|(\d+))\s*\]|[^.[\]]+/g;

/** Undefined: it is none that API Gateway takes. */
export function parseSelection(expression: string): SelectionExpression | undefined {
  const parts: Part[] = [];
  let last = 0;
  for (const match of expression.matchAll(VARIABLE)) {
    parts.push(expression.slice(last, match.index));
    const written = match[1] ?? match[2];
    parts.push(written === undefined ? '$' : { path: stepsOf(written) });
    last = match.index + match[0].length;
  }
  parts.push(expression.slice(last));
  const isClean = parts.every((part, index) => index % 2 === 1 || !String(part).includes('$'));
  if (expression === '' || !isClean) return undefined;
  return { evaluate: (body) => evaluate(parts, body) };
}

/** The route of a message, of those there are; undefined: none takes it. */
export function selectRoute<R extends { readonly routeKey: string }>(
  routes: readonly R[],
  key: string | undefined,
): R | undefined {
  const find = (wanted: string): R | undefined =>
    routes.find(({ routeKey }) => routeKey === wanted);
  const isReserved = key === CONNECT || key === DISCONNECT;
  return (key === undefined || isReserved ? undefined : find(key)) ?? find(DEFAULT);
}

function evaluate(parts: readonly Part[], body: string): string | undefined {
  const texts: string[] = [];
  let json: unknown;
  for (const part of parts) {
    if (typeof part === 'string') {
      texts.push(part);
      continue;
    }
    if (json === undefined) {
      try {
        json = JSON.parse(body);
      } catch {
        return undefined;
      }
    }
    const value = valueAt(json, part.path);
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      return undefined;
    }
    texts.push(String(value));
  }
  return texts.join('');
}

function stepsOf(path: string): string[] {
  return [...path.matchAll(STEP)].map(
    ([whole, single, double, index]) => single ?? double ?? index ?? whole,
  );
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let here = value;
  for (const key of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined;
    here = (here as Record<string, unknown>)[key];
  }
  return here;
}
