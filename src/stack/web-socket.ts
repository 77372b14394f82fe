/** WebSocket APIs of API Gateway. */

import type { FunctionTarget } from './function-target.js';

export interface WebSocketApiDefinition {
  readonly path: string;
  /** Ten characters, the same at every start. */
  readonly id: string;
  readonly name: string;
  readonly stage: string;
  readonly stageVariables: Readonly<Record<string, string>>;
  /** Such as `$request.body.action`. */
  readonly routeSelectionExpression: string;
  readonly routes: readonly {
    readonly path: string;
    /** `$connect`, `$disconnect`, `$default` or a key of messages. */
    readonly routeKey: string;
    readonly target: FunctionTarget;
    /** What the function returns goes back over the connection. */
    readonly respond: boolean;
    /** Lambda authorizer of `$connect`. */
    readonly authorizer?: {
      readonly target: FunctionTarget;
      readonly identitySources: readonly string[];
    };
  }[];
}
