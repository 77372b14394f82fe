/** WebSocket APIs of API Gateway. */

import type { FunctionTarget } from './function-target.js';

/** One stage of an API. */
export interface WebSocketApiDefinition {
  readonly path: string;
  /** Ten characters, the same at every start. */
  readonly id: string;
  readonly name: string;
  readonly stage: string;
  readonly stageVariables: Readonly<Record<string, string>>;
  /** Such as `$request.body.action`. */
  readonly routeSelectionExpression: string;
  readonly routes: readonly WebSocketRouteDefinition[];
}

export interface WebSocketRouteDefinition {
  readonly path: string;
  /** `$connect`, `$disconnect`, `$default` or a key of messages. */
  readonly routeKey: string;
  /** Absent: nothing is invoked, as with a mock integration. */
  readonly target?: FunctionTarget;
  readonly timeoutMs: number;
  /** What the function returns goes back over the connection. */
  readonly respond: boolean;
  /** Of `$connect`. */
  readonly authorizer?: WebSocketAuthorizerDefinition;
}

export type WebSocketAuthorizerDefinition =
  | {
      readonly kind: 'lambda';
      readonly target: FunctionTarget;
      /** As in `route.request.header.Authorization`. */
      readonly identitySources: readonly string[];
    }
  /** Somebody has to have signed; who is not looked at. */
  | { readonly kind: 'iam' };
