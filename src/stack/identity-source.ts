/** What an authorizer is asked about, such as `method.request.header.Authorization` (contract 11.3). Pure. */

export interface IdentitySource {
  readonly from: 'header' | 'query' | 'stageVariables' | 'context';
  readonly name: string;
}

const SOURCE =
  /^\$?(?:(?:method|route)\.)?(request\.header|request\.querystring|request\.multivalueheader|request\.multivaluequerystring|stageVariables|context)\.(.+)$/;

export function parseIdentitySource(text: string): IdentitySource | undefined {
  const [, where, name] = SOURCE.exec(text.trim()) ?? [];
  if (where === undefined || name === undefined) return undefined;
  if (where.includes('header')) return { from: 'header', name };
  if (where.includes('query')) return { from: 'query', name };
  return { from: where === 'context' ? 'context' : 'stageVariables', name };
}
