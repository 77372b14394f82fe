/**
 * The forms a function's name may take (contract 8.1), and ARNs. Pure.
 */

export interface FunctionReference {
  readonly name: string;
  /** `$LATEST`, an alias or a version number, when the form carried one. */
  readonly qualifier?: string;
  readonly region?: string;
  readonly accountId?: string;
}

export interface ArnParts {
  readonly region: string;
  readonly accountId: string;
  readonly name: string;
  readonly qualifier?: string;
}

/** Contract 8.1: the name alone has its own, shorter limit. */
const LONGEST_NAME = 64;
const LONGEST_FORM = 170;
const NAME = /^[a-zA-Z0-9-_]+$/;
const FORM =
  /^(?:arn:(?:aws[a-zA-Z-]*):lambda:(?<region>[a-z]{2}(?:-[a-z]+)+-\d):)?(?:(?<account>\d{12}):)?(?:(?<keyword>function):)?(?<name>[a-zA-Z0-9-_.]+)(?::(?<qualifier>\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9-_]+))?$/;

export function isFunctionName(text: string): boolean {
  return text.length <= LONGEST_NAME && NAME.test(text);
}

export function functionArn(parts: ArnParts): string {
  const base = `arn:aws:lambda:${parts.region}:${parts.accountId}:function:${parts.name}`;
  return parts.qualifier === undefined ? base : `${base}:${parts.qualifier}`;
}

/** The parts of a name in any accepted form; undefined when it is none. */
export function parseFunctionReference(text: string): FunctionReference | undefined {
  if (text.length > LONGEST_FORM) return undefined;
  const groups = FORM.exec(text)?.groups;
  const name = groups?.['name'];
  if (groups === undefined || name === undefined) return undefined;
  const isArn = text.startsWith('arn:');
  // A full ARN names account and resource; a partial one names both or neither.
  if (isArn && (groups['account'] === undefined || groups['keyword'] === undefined)) {
    return undefined;
  }
  if ((groups['account'] === undefined) !== (groups['keyword'] === undefined)) return undefined;
  return {
    name,
    ...(groups['qualifier'] === undefined ? {} : { qualifier: groups['qualifier'] }),
    ...(groups['region'] === undefined ? {} : { region: groups['region'] }),
    ...(groups['account'] === undefined ? {} : { accountId: groups['account'] }),
  };
}
