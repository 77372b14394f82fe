/** The JSON paths of EventBridge: names, indices and `[*]`. Pure. */

export type JsonPath = readonly (string | number | typeof EACH)[];

const EACH = Symbol('each');
const STEP = /\.([^.[\]\s]+)|\[(\d+)\]|\[\*\]|\['([^']+)'\]|\["([^"]+)"\]/y;

/** Undefined when the text is none. */
export function parseJsonPath(text: string): JsonPath | undefined {
  if (!text.startsWith('$')) return undefined;
  const path: (string | number | typeof EACH)[] = [];
  for (STEP.lastIndex = 1; STEP.lastIndex < text.length;) {
    const found = STEP.exec(text);
    if (found === null) return undefined;
    const [, name, index, single, double] = found;
    if (index !== undefined) path.push(Number(index));
    else path.push(name ?? single ?? double ?? EACH);
  }
  return path;
}

/** Undefined when there is nothing; all there is, as a list, below `[*]`. */
export function valueAt(value: unknown, path: JsonPath): unknown {
  let at = value;
  for (const [index, step] of path.entries()) {
    if (step === EACH) {
      if (!Array.isArray(at)) return undefined;
      const rest = path.slice(index + 1);
      return at.map((element) => valueAt(element, rest)).filter((found) => found !== undefined);
    }
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Readonly<Record<string | number, unknown>>)[step];
  }
  return at;
}
