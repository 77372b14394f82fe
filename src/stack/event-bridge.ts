/** Buses, rules and schedules (contract 11.13). */

export interface BusDefinition {
  readonly path: string;
  readonly name: string;
}

export interface RetryPolicy {
  readonly maximumAgeSeconds?: number;
  readonly maximumAttempts?: number;
}

export interface RuleDefinition {
  readonly path: string;
  readonly name: string;
  /** `default`, or the name of another bus. */
  readonly bus: string;
  /** One of the two at least. */
  readonly pattern?: unknown;
  readonly schedule?: string;
  readonly enabled: boolean;
  readonly description?: string;
  readonly targets: readonly RuleTargetDefinition[];
}

export interface RuleTargetDefinition {
  readonly id: string;
  /** Of a function, queue, topic, stream, bus, state machine or log group. */
  readonly arn: string;
  /** JSON text. */
  readonly input?: string;
  readonly inputPath?: string;
  readonly inputTransformer?: {
    readonly paths: Readonly<Record<string, string>>;
    readonly template: string;
  };
  readonly retry?: RetryPolicy;
  readonly deadLetterArn?: string;
  /** Of FIFO queues. */
  readonly messageGroupId?: string;
  /** Of streams: where in the event the partition key stands. */
  readonly partitionKeyPath?: string;
}

export interface ScheduleGroupDefinition {
  readonly path: string;
  readonly name: string;
}

/** Of EventBridge Scheduler. */
export interface ScheduleDefinition {
  readonly path: string;
  readonly name: string;
  readonly group: string;
  readonly expression: string;
  /** IANA name. */
  readonly timezone: string;
  readonly enabled: boolean;
  readonly startDate?: string;
  readonly endDate?: string;
  readonly flexibleWindowMinutes?: number;
  readonly deleteAfterCompletion?: boolean;
  readonly description?: string;
  readonly target: {
    readonly arn: string;
    readonly input?: string;
    readonly retry?: RetryPolicy;
    readonly deadLetterArn?: string;
    readonly messageGroupId?: string;
    /** Of streams. */
    readonly partitionKey?: string;
    /** Of buses. */
    readonly event?: { readonly source: string; readonly detailType: string };
  };
}
