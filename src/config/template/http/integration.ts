/**
 * What a route leads to, in the words of `x-amazon-apigateway-integration`; resources of
 * CloudFormation are brought into these words first.
 */

import type { IntegrationDefinition } from '../../../stack/http.js';
import { map, type Map as Named } from '../../map.js';
import type { Around } from '../parts.js';
import { approximate, ignore, isPattern, text, textMap, wordOf, type ApiDraft } from './draft.js';

/** Undefined: it is not run here, and that is told. */
export function integrationOf(
  around: Around,
  draft: Pick<ApiDraft, 'kind' | 'stageVariables'>,
  path: string,
  written: Named,
): IntegrationDefinition | undefined {
  const type = wordOf(written['type']).toLowerCase();
  switch (type) {
    case 'aws_proxy':
      return functionIntegration(around, draft, path, written);
    case 'mock':
      return mock(around, path, written);
    case 'http_proxy':
      return httpProxy(around, draft, path, written);
    default: {
      const reason = `integrations of type ${type || 'none'} are not run here; aws_proxy, http_proxy and mock are`;
      ignore(around, path, reason);
      return undefined;
    }
  }
}

function functionIntegration(
  around: Around,
  draft: Pick<ApiDraft, 'kind' | 'stageVariables'>,
  path: string,
  written: Named,
): IntegrationDefinition | undefined {
  const { uri, integrationSubtype: subtype } = written;
  if (subtype !== undefined) {
    ignore(
      around,
      path,
      `the integration ${text(subtype) ?? ''} of an AWS service is not run here`,
    );
    return undefined;
  }
  const named = typeof uri === 'string' ? withStageVariables(uri, draft.stageVariables) : uri;
  const target = around.target(named);
  if (target === undefined) {
    ignore(around, path, 'the function it calls is not one of this project');
    return undefined;
  }
  const version = text(written['payloadFormatVersion']) ?? (draft.kind === 'rest' ? '1.0' : '2.0');
  const payloadFormat = draft.kind === 'rest' || version === '1.0' ? '1.0' : '2.0';
  const streaming =
    draft.kind === 'rest' && wordOf(written['responseTransferMode']).toUpperCase() === 'STREAM';
  return { kind: 'function', target, payloadFormat, ...(streaming ? { streaming } : {}) };
}

function withStageVariables(uri: string, variables: Readonly<Record<string, string>>): string {
  return uri.replace(
    /\$\{stageVariables\.(\w+)\}/g,
    (whole, name: string) => variables[name] ?? whole,
  );
}

function httpProxy(
  around: Around,
  draft: Pick<ApiDraft, 'stageVariables'>,
  path: string,
  { uri, httpMethod, connectionType }: Named,
): IntegrationDefinition | undefined {
  if (wordOf(connectionType).toUpperCase() === 'VPC_LINK') {
    ignore(around, path, 'there is no VPC link here');
    return undefined;
  }
  const url = typeof uri === 'string' ? withStageVariables(uri, draft.stageVariables) : '';
  if (!/^https?:\/\/[^/]/.test(url)) {
    ignore(around, path, 'its URL cannot be known here, or is none');
    return undefined;
  }
  const method = text(httpMethod)?.toUpperCase();
  return { kind: 'http', url, ...(method === undefined || method === 'ANY' ? {} : { method }) };
}

const DEFAULT_TYPE = 'application/json';

/** The response that the request's template chooses, with what is fixed in it. */
function mock(around: Around, path: string, written: Named): IntegrationDefinition {
  const template = text(map(written['requestTemplates'])[DEFAULT_TYPE]) ?? '';
  const asked = /"?statusCode"?\s*:\s*"?(\d{3})/.exec(template)?.[1] ?? '200';
  const [pattern, response] = chosen(map(written['responses']), asked);
  const status = Number(text(response['statusCode']) ?? (/^\d{3}$/.test(pattern) ? pattern : 200));
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(textMap(response['responseParameters']))) {
    const [, header] = /^method\.response\.header\.(.+)$/.exec(name) ?? [];
    const [, fixed] = /^'(.*)'$/s.exec(value) ?? [];
    if (header === undefined) continue;
    if (fixed === undefined) ignore(around, `${path}.${name}`, 'only fixed values are sent');
    else headers[header] = fixed;
  }
  const templates = textMap(response['responseTemplates']);
  const [type = DEFAULT_TYPE, body = ''] =
    Object.entries(templates).find(([one]) => one === DEFAULT_TYPE) ??
    Object.entries(templates)[0] ??
    [];
  const origins = originsIn(body);
  if (origins !== undefined) return { kind: 'mock', status, headers, body: '', origins };
  if (/[$#]\w|\$\{/.test(body)) {
    approximate(around, `${path}.responseTemplates`, 'templates are sent as they stand');
  }
  const typed = body === '' ? headers : { 'Content-Type': type, ...headers };
  return { kind: 'mock', status: Number.isInteger(status) ? status : 200, headers: typed, body };
}

/** CDK's template that names the origin which asks, if it is one of several (`addCorsPreflight`). */
function originsIn(template: string): string[] | undefined {
  if (!template.includes('$context.responseOverride.header.Access-Control-Allow-Origin')) {
    return undefined;
  }
  const patterns = [...template.matchAll(/\$origin\.matches\("([^"]+)"\)/g)];
  const read = patterns.map(([, pattern = '']) => pattern);
  return read.length === 0 || !read.every(isPattern) ? undefined : read;
}

function chosen(responses: Named, status: string): [string, Named] {
  const matching = Object.entries(responses).find(
    ([pattern]) => pattern !== 'default' && matches(pattern, status),
  );
  const [pattern, response] = matching ??
    Object.entries(responses).find(([one]) => one === 'default') ?? [status, {}];
  return [pattern, map(response)];
}

function matches(pattern: string, status: string): boolean {
  return isPattern(pattern) && new RegExp(`^(?:${pattern})$`).test(status);
}

/** CloudFormation's `Integration` of a REST method in the words of OpenAPI. */
export function inOpenApiWords(integration: Named): Named {
  const words: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(integration)) {
    words[name.charAt(0).toLowerCase() + name.slice(1)] = value;
  }
  if (words['httpMethod'] === undefined) words['httpMethod'] = words['integrationHttpMethod'];
  const responses: unknown = words['integrationResponses'];
  if (Array.isArray(responses)) {
    words['responses'] = Object.fromEntries(
      responses.map((written: unknown) => {
        const response = map(written);
        const pattern = text(response['SelectionPattern']) ?? '';
        return [
          pattern === '' ? 'default' : pattern,
          {
            statusCode: response['StatusCode'],
            responseParameters: response['ResponseParameters'],
            responseTemplates: response['ResponseTemplates'],
          },
        ];
      }),
    );
  }
  return words;
}
