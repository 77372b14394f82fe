/** The REST API and the HTTP API of a service, with the authorizers and CORS it describes. */

import { map, type Map as Named } from '../map.js';
import type { Events } from './event-place.js';
import { functionId, HTTP_API, REST_API } from './names.js';

interface About {
  readonly name: string;
  readonly provider: Named;
  readonly stage: string;
}

export function apisOf(
  all: readonly { readonly read: Events }[],
  { name, provider, stage }: About,
  functions: readonly (readonly [string, unknown, string])[],
): Named {
  const made: Record<string, unknown> = {};
  if (all.some(({ read }) => read.usesRest)) {
    const { binaryMediaTypes } = map(provider['apiGateway']);
    const cors = all.find(({ read }) => read.cors !== undefined)?.read.cors;
    const authorizers = all
      .flatMap(({ read }) => read.authorizers)
      .filter(({ api }) => api === 'rest')
      .map((one) => [one.name, restAuthorizer(one.written, functions)] as const);
    made[REST_API] = {
      Type: 'AWS::Serverless::Api',
      Properties: {
        Name: provider['apiName'] ?? `${stage}-${name}`,
        StageName: stage,
        ...(binaryMediaTypes === undefined ? {} : { BinaryMediaTypes: binaryMediaTypes }),
        ...(cors === undefined ? {} : { Cors: restCors(cors) }),
        ...(authorizers.length === 0
          ? {}
          : {
              Auth: {
                Authorizers: Object.fromEntries(authorizers),
                AddDefaultAuthorizerToCorsPreflight: false,
              },
            }),
      },
    };
  }
  if (all.some(({ read }) => read.usesHttp)) {
    const { cors, authorizers, name: apiName } = map(provider['httpApi']);
    const listed = Object.entries(map(authorizers)).map(
      ([key, written]) => [key, httpAuthorizer(map(written), functions)] as const,
    );
    const usesIam = JSON.stringify(all.map(({ read }) => read.events)).includes('"AWS_IAM"');
    made[HTTP_API] = {
      Type: 'AWS::Serverless::HttpApi',
      Properties: {
        Name: apiName ?? `${stage}-${name}`,
        ...(cors === undefined || cors === false ? {} : { CorsConfiguration: httpCors(cors) }),
        ...(listed.length === 0 && !usesIam
          ? {}
          : {
              Auth: {
                ...(listed.length === 0 ? {} : { Authorizers: Object.fromEntries(listed) }),
                ...(usesIam ? { EnableIamAuthorizer: true } : {}),
              },
            }),
      },
    };
  }
  return made;
}

/** The framework's defaults where `cors: true` stands. */
function restCors(written: unknown): Named {
  const { origin, origins, headers, allowCredentials, maxAge, methods } = map(written);
  const quoted = (value: unknown) => `'${[value].flat().join(',')}'`;
  return {
    AllowOrigin: quoted(origin ?? origins ?? '*'),
    AllowHeaders: quoted(
      headers ??
        'Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token,X-Amz-User-Agent,X-Amzn-Trace-Id',
    ),
    AllowMethods: quoted(methods ?? 'DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT'),
    ...(allowCredentials === true ? { AllowCredentials: true } : {}),
    ...(maxAge === undefined ? {} : { MaxAge: quoted(maxAge) }),
  };
}

function httpCors(written: unknown): Named {
  const {
    allowedOrigins,
    allowedHeaders,
    allowedMethods,
    exposedResponseHeaders,
    allowCredentials,
    maxAge,
  } = map(written);
  return {
    AllowOrigins: [allowedOrigins ?? '*'].flat(),
    AllowHeaders: [
      allowedHeaders ?? [
        'Content-Type',
        'X-Amz-Date',
        'Authorization',
        'X-Api-Key',
        'X-Amz-Security-Token',
        'X-Amz-User-Agent',
        'X-Amzn-Trace-Id',
      ],
    ].flat(),
    AllowMethods: [allowedMethods ?? ['OPTIONS', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE']].flat(),
    ...(exposedResponseHeaders === undefined
      ? {}
      : { ExposeHeaders: [exposedResponseHeaders].flat() }),
    ...(allowCredentials === undefined ? {} : { AllowCredentials: allowCredentials }),
    ...(maxAge === undefined ? {} : { MaxAge: maxAge }),
  };
}

/** The ARN of a function of the service by its key, or what was written. */
function arnOfFunction(
  name: unknown,
  functions: readonly (readonly [string, unknown, string])[],
): unknown {
  const isHere = typeof name === 'string' && functions.some(([key]) => key === name);
  return isHere ? { 'Fn::GetAtt': [functionId(name), 'Arn'] } : name;
}

function restAuthorizer(
  written: Named,
  functions: readonly (readonly [string, unknown, string])[],
): Named {
  const { name, arn, type, identitySource, identityValidationExpression, resultTtlInSeconds } =
    written;
  const text = typeof arn === 'string' ? arn : JSON.stringify(arn ?? '');
  if (/cognito/i.test(String(type)) || text.includes(':cognito-idp:')) return { UserPoolArn: arn };
  const sources = String(identitySource ?? 'method.request.header.Authorization').split(',');
  const of = (place: string) =>
    sources.flatMap((source) => {
      const [, found] = new RegExp(`method\\.request\\.${place}\\.(.+)`).exec(source.trim()) ?? [];
      return found === undefined ? [] : [found];
    });
  const isRequest = /^request$/i.test(String(type));
  const ttl = resultTtlInSeconds === undefined ? {} : { ReauthorizeEvery: resultTtlInSeconds };
  return {
    FunctionArn: arn ?? arnOfFunction(name, functions),
    FunctionPayloadType: isRequest ? 'REQUEST' : 'TOKEN',
    Identity: isRequest
      ? { Headers: of('header'), QueryStrings: of('querystring'), ...ttl }
      : {
          Header: of('header')[0] ?? 'Authorization',
          ...(identityValidationExpression === undefined
            ? {}
            : { ValidationExpression: identityValidationExpression }),
          ...ttl,
        },
  };
}

function httpAuthorizer(
  written: Named,
  functions: readonly (readonly [string, unknown, string])[],
): Named {
  const { type = 'jwt', identitySource, issuerUrl, audience, functionName, functionArn } = written;
  const { payloadVersion = '2.0', enableSimpleResponses, resultTtlInSeconds } = written;
  if (type !== 'request') {
    return {
      JwtConfiguration: { issuer: issuerUrl, audience: [audience].flat() },
      IdentitySource: identitySource ?? '$request.header.Authorization',
    };
  }
  const sources = [identitySource ?? []].flat().map(String);
  const of = (place: string) =>
    sources.flatMap((source) => {
      const [, found] = new RegExp(`^\\$request\\.${place}\\.(.+)`).exec(source) ?? [];
      return found === undefined ? [] : [found];
    });
  return {
    FunctionArn: functionArn ?? arnOfFunction(functionName, functions),
    AuthorizerPayloadFormatVersion: String(payloadVersion),
    ...(enableSimpleResponses === undefined
      ? {}
      : { EnableSimpleResponses: enableSimpleResponses }),
    Identity: {
      Headers: of('header'),
      QueryStrings: of('querystring'),
      ...(resultTtlInSeconds === undefined ? {} : { ReauthorizeEvery: resultTtlInSeconds }),
    },
  };
}
