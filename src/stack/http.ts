/** HTTP event sources: REST and HTTP APIs, load balancers (contract 11.1–11.5, 12.4). */

import type { FunctionTarget } from './function-target.js';

export interface ApiDefinition {
  readonly path: string;
  /** Ten characters, the same at every start. */
  readonly id: string;
  readonly name: string;
  readonly kind: 'rest' | 'http';
  /** Such as `prod`; `$default` is not part of the path. */
  readonly stage: string;
  readonly stageVariables: Readonly<Record<string, string>>;
  readonly routes: readonly RouteDefinition[];
  readonly authorizers: Readonly<Record<string, AuthorizerDefinition>>;
  readonly cors?: CorsDefinition;
  /** Of REST APIs. */
  readonly binaryMediaTypes: readonly string[];
}

export interface RouteDefinition {
  readonly path: string;
  /** `GET`, …, or `ANY`. */
  readonly method: string;
  /** `/orders/{id}`, `/{proxy+}`, or `$default`. */
  readonly resource: string;
  readonly target: FunctionTarget;
  readonly payloadFormat: '1.0' | '2.0';
  readonly timeoutMs: number;
  /** Name of an authorizer of the API. */
  readonly authorizer?: string;
  readonly scopes?: readonly string[];
  readonly apiKeyRequired?: boolean;
  readonly operationName?: string;
}

export type AuthorizerDefinition =
  | {
      readonly kind: 'token' | 'request';
      readonly path: string;
      readonly target: FunctionTarget;
      /** As in `method.request.header.Authorization` or `$request.header.Authorization`. */
      readonly identitySources: readonly string[];
      readonly validation?: string;
      /** Of HTTP APIs. */
      readonly payloadFormat: '1.0' | '2.0';
      readonly simpleResponses: boolean;
      readonly cacheSeconds: number;
    }
  | {
      readonly kind: 'jwt';
      readonly path: string;
      readonly identitySources: readonly string[];
      readonly issuer: string;
      readonly audience: readonly string[];
    }
  | { readonly kind: 'iam'; readonly path: string }
  | { readonly kind: 'cognito'; readonly path: string; readonly userPoolArns: readonly string[] };

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
  /** In order of priority. */
  readonly rules: readonly {
    readonly path: string;
    readonly conditions: readonly Readonly<Record<string, unknown>>[];
    readonly target: FunctionTarget;
    readonly targetGroupArn: string;
    readonly multiValueHeaders: boolean;
  }[];
}
