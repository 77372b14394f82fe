/** HTTP event sources: REST and HTTP APIs, load balancers (contract 11.1–11.5, 12.4). */

import type { FunctionTarget } from './function-target.js';

type Texts = Readonly<Record<string, string>>;

export interface ApiDefinition {
  readonly path: string;
  /** Ten characters, the same at every start. */
  readonly id: string;
  readonly name: string;
  readonly kind: 'rest' | 'http';
  /** Such as `prod`; `$default` is not part of the path. */
  readonly stage: string;
  readonly stageVariables: Texts;
  readonly routes: readonly RouteDefinition[];
  readonly authorizers: Readonly<Record<string, AuthorizerDefinition>>;
  /** Of HTTP APIs: what is answered to browsers without asking a function. */
  readonly cors?: CorsDefinition;
  /** Of REST APIs, like all that follow; a subtype of `*` means all. */
  readonly binaryMediaTypes: readonly string[];
  /** By type, such as `DEFAULT_4XX`. */
  readonly gatewayResponses: Readonly<Record<string, GatewayResponseDefinition>>;
  /** Values of keys; with none declared any value is taken where a key is required. */
  readonly apiKeys: readonly ApiKeyDefinition[];
}

export interface ApiKeyDefinition {
  readonly id: string;
  readonly value: string;
}

export interface GatewayResponseDefinition {
  readonly status?: number;
  readonly headers: Texts;
  /** By media type; `$context.error.…` is filled in. */
  readonly templates: Texts;
}

export interface RouteDefinition {
  readonly path: string;
  /** `GET`, …, or `ANY`. */
  readonly method: string;
  /** `/orders/{id}`, `/{proxy+}`, or `$default`. */
  readonly resource: string;
  readonly integration: IntegrationDefinition;
  readonly timeoutMs: number;
  /** Name of an authorizer of the API. */
  readonly authorizer?: string;
  readonly scopes?: readonly string[];
  readonly apiKeyRequired?: boolean;
  readonly operationName?: string;
}

export type IntegrationDefinition =
  | {
      readonly kind: 'function';
      readonly target: FunctionTarget;
      readonly payloadFormat: '1.0' | '2.0';
      /** The response is passed on as it is made. */
      readonly streaming?: boolean;
    }
  | {
      readonly kind: 'mock';
      readonly status: number;
      readonly headers: Texts;
      readonly body: string;
      /** Patterns of origins that are told that they are allowed, instead of the one in `headers`. */
      readonly origins?: readonly string[];
    }
  | {
      readonly kind: 'http';
      /** `{name}` stands for path parameters. */
      readonly url: string;
      /** Absent: that of the request. */
      readonly method?: string;
    };

interface Authorizer {
  readonly path: string;
}

export interface LambdaAuthorizerDefinition extends Authorizer {
  readonly kind: 'token' | 'request';
  readonly target: FunctionTarget;
  /** As in `method.request.header.Authorization` or `$request.header.Authorization`. */
  readonly identitySources: readonly string[];
  /** Of `token`: what the token must match as a whole. */
  readonly validation?: string;
  /** `2.0` only of HTTP APIs. */
  readonly payloadFormat: '1.0' | '2.0';
  readonly simpleResponses: boolean;
  readonly cacheSeconds: number;
}

export interface JwtAuthorizerDefinition extends Authorizer {
  readonly kind: 'jwt';
  readonly identitySources: readonly string[];
  readonly issuer: string;
  readonly audience: readonly string[];
  /** False: the issuer is made by the project itself, so that nobody has keys. */
  readonly verified: boolean;
}

export interface CognitoAuthorizerDefinition extends Authorizer {
  readonly kind: 'cognito';
  readonly identitySources: readonly string[];
  readonly pools: readonly { readonly issuer: string; readonly verified: boolean }[];
}

export interface IamAuthorizerDefinition extends Authorizer {
  readonly kind: 'iam';
}

export type AuthorizerDefinition =
  | LambdaAuthorizerDefinition
  | JwtAuthorizerDefinition
  | CognitoAuthorizerDefinition
  | IamAuthorizerDefinition;

export interface CorsDefinition {
  readonly allowOrigins: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly allowMethods: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly allowCredentials: boolean;
  readonly maxAgeSeconds?: number;
}

export interface LoadBalancerDefinition {
  readonly path: string;
  readonly name: string;
  /** In order of priority; the last may have no conditions. */
  readonly rules: readonly LoadBalancerRule[];
}

export interface LoadBalancerRule {
  readonly path: string;
  /** All of them must hold. */
  readonly conditions: readonly LoadBalancerCondition[];
  readonly action: LoadBalancerAction;
}

export type LoadBalancerCondition =
  | {
      readonly field: 'path-pattern' | 'host-header' | 'http-request-method' | 'source-ip';
      readonly values: readonly string[];
    }
  | {
      readonly field: 'http-header';
      readonly name: string;
      readonly values: readonly string[];
    }
  | {
      readonly field: 'query-string';
      readonly pairs: readonly { readonly key?: string; readonly value: string }[];
    };

export type LoadBalancerAction =
  | {
      readonly kind: 'function';
      readonly target: FunctionTarget;
      readonly targetGroupArn: string;
      readonly multiValueHeaders: boolean;
    }
  | {
      readonly kind: 'fixed';
      readonly status: number;
      readonly contentType: string;
      readonly body: string;
    }
  | {
      readonly kind: 'redirect';
      readonly status: number;
      /** With `#{host}`, `#{path}`, `#{port}`, `#{protocol}` and `#{query}`. */
      readonly location: string;
    };
