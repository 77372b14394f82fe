/** State machines of Step Functions (contract 11.16, 12.4). */

export interface StateMachineDefinition {
  readonly path: string;
  readonly name: string;
  readonly type: 'STANDARD' | 'EXPRESS';
  /** Amazon States Language, substitutions made. */
  readonly definition: Readonly<Record<string, unknown>>;
}

/** What workers ask for tasks. */
export interface ActivityDefinition {
  readonly path: string;
  readonly name: string;
}
