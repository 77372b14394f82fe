/**
 * How deeply a text of YAML or JSON is nested, before a parser that calls itself for each level
 * looks at it. Pure; it may take brackets in texts for what they are not, so its bounds are wide.
 */

const DEEPEST_BRACKETS = 200;
/** Each level of blocks takes a blank or a mark at least. */
const LONGEST_INDENTATION = 300;

/** The first line that is nested too deeply. */
export function tooDeepLine(text: string): number | undefined {
  let depth = 0;
  let line = 1;
  let indentation: number | undefined = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] as string;
    if (character === '\n') {
      line += 1;
      indentation = 0;
      continue;
    }
    if (indentation !== undefined) {
      indentation = ' \t-?:'.includes(character) ? indentation + 1 : undefined;
      if (indentation !== undefined && indentation > LONGEST_INDENTATION) return line;
    }
    if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth = Math.max(0, depth - 1);
    if (depth > DEEPEST_BRACKETS) return line;
  }
  return undefined;
}
