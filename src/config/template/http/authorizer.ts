/** Authorizers of every kind of declaration → the model's (contract 11.3, 12.4). */

import { parseArn } from '../../../stack/arns.js';
import type { AuthorizerDefinition } from '../../../stack/http.js';
import { parseIdentitySource } from '../../../stack/identity-source.js';
import { map, type Map as Named } from '../../map.js';
import { UNRESOLVED } from '../intrinsics.js';
import type { Around } from '../parts.js';
import { approximate, ignore, isPattern, isTrue, numberOf, text, texts } from './draft.js';

/** Of an authorizer that asks a function. */
export interface LambdaWritten {
  readonly kind: 'token' | 'request';
  readonly api: 'rest' | 'http';
  /** ARN, name or URI. */
  readonly uri: unknown;
  readonly identitySources: readonly string[];
  readonly validation?: unknown;
  readonly payloadFormat?: unknown;
  readonly simpleResponses?: unknown;
  readonly cacheSeconds?: unknown;
}

const MOST_CACHE_SECONDS = 3600;
/** HTTP APIs keep no answers unless they are told to. */
const CACHE_SECONDS = { rest: 300, http: 0 } as const;

export function lambdaAuthorizer(
  around: Around,
  path: string,
  written: LambdaWritten,
): AuthorizerDefinition | undefined {
  const { kind, api, validation } = written;
  const { problems } = around.context;
  const target = around.target(written.uri);
  if (target === undefined) {
    ignore(around, path, 'its function is not one of this project, so its routes refuse everybody');
    return undefined;
  }
  for (const source of written.identitySources) {
    if (parseIdentitySource(source) !== undefined) continue;
    problems.add({
      path,
      value: source,
      expected: 'an identity source such as method.request.header.Authorization',
      remedy: 'Correct it.',
    });
  }
  const pattern = text(validation);
  if (pattern !== undefined && !isPattern(pattern)) {
    problems.add({
      path,
      value: pattern,
      expected: 'a regular expression',
      remedy: 'Correct the validation expression.',
    });
  }
  return {
    kind,
    path,
    target,
    identitySources: written.identitySources,
    ...(pattern === undefined || !isPattern(pattern) ? {} : { validation: pattern }),
    payloadFormat: api === 'http' && text(written.payloadFormat) !== '1.0' ? '2.0' : '1.0',
    simpleResponses: isTrue(written.simpleResponses),
    cacheSeconds: cacheSeconds(around, path, written),
  };
}

function cacheSeconds(
  around: Around,
  path: string,
  { cacheSeconds: written, api }: LambdaWritten,
): number {
  if (written === undefined || written === UNRESOLVED) return CACHE_SECONDS[api];
  const seconds = numberOf(written);
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= MOST_CACHE_SECONDS) return seconds;
  around.context.problems.add({
    path,
    value: written,
    expected: `whole seconds from 0 to ${MOST_CACHE_SECONDS}`,
    remedy: 'Change how long answers of the authorizer are kept.',
  });
  return CACHE_SECONDS[api];
}

export interface JwtWritten {
  readonly issuer: unknown;
  readonly audience: unknown;
  readonly identitySources: readonly string[];
}

const HEADER = '$request.header.Authorization';

export function jwtAuthorizer(
  around: Around,
  path: string,
  { issuer, audience, identitySources }: JwtWritten,
): AuthorizerDefinition {
  const url = text(issuer) ?? '';
  const verified = !isPoolOfHere(around, url);
  if (url === '' || !/^https?:\/\//.test(url)) {
    if (issuer === UNRESOLVED) {
      ignore(around, path, 'its issuer cannot be known here, so its routes refuse everybody');
    } else {
      around.context.problems.add({
        path: `${path}.issuer`,
        ...(issuer === undefined ? {} : { value: issuer }),
        expected: 'the URL of an issuer',
        remedy: 'Write it as in https://issuer.example.com.',
      });
    }
  }
  if (!verified) noticeBelieved(around, path);
  return {
    kind: 'jwt',
    path,
    identitySources: identitySources.length === 0 ? [HEADER] : identitySources,
    issuer: url,
    audience: texts(audience),
    verified,
  };
}

export function cognitoAuthorizer(
  around: Around,
  path: string,
  {
    arns,
    identitySources,
  }: { readonly arns: unknown; readonly identitySources: readonly string[] },
): AuthorizerDefinition {
  const pools = texts(arns).flatMap((arn) => {
    const { region, resource = '' } = parseArn(arn) ?? {};
    const [, id] = /^userpool\/(.+)$/.exec(resource) ?? [];
    if (region === undefined || id === undefined) return [];
    const issuer = `https://cognito-idp.${region}.amazonaws.com/${id}`;
    return [{ issuer, verified: !isPoolOfHere(around, issuer) }];
  });
  if (pools.length === 0) {
    ignore(around, path, 'its user pool cannot be known here, so its routes refuse everybody');
  } else if (pools.some(({ verified }) => !verified)) noticeBelieved(around, path);
  return {
    kind: 'cognito',
    path,
    identitySources:
      identitySources.length === 0 ? ['method.request.header.Authorization'] : identitySources,
    pools,
  };
}

function noticeBelieved(around: Around, path: string): void {
  const reason =
    'the user pool of this template signs nothing here: tokens are read and their time is checked, their signature is not';
  approximate(around, path, reason);
}

/** A pool that the template makes has no keys anybody could ask for. */
function isPoolOfHere({ resources, scope }: Around, issuer: string): boolean {
  return Object.entries(resources).some(([logicalId, resource]) => {
    if (map(resource)['Type'] !== 'AWS::Cognito::UserPool') return false;
    const { ref } = scope.identity(logicalId) ?? {};
    return ref !== undefined && issuer.endsWith(`/${ref}`);
  });
}

/** SAM's `Identity` of an authorizer as identity sources. */
export function samIdentity(api: 'rest' | 'http', identity: Named): string[] {
  const [header, query, context, stage] =
    api === 'rest'
      ? ['method.request.header.', 'method.request.querystring.', 'context.', 'stageVariables.']
      : ['$request.header.', '$request.querystring.', '$context.', '$stageVariables.'];
  return [
    ...texts(identity['Headers']).map((name) => `${header}${name}`),
    ...texts(identity['QueryStrings']).map((name) => `${query}${name}`),
    ...texts(identity['Context']).map((name) => `${context}${name}`),
    ...texts(identity['StageVariables']).map((name) => `${stage}${name}`),
  ];
}
