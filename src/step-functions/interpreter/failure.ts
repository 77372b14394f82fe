/** How a state fails: an error name and a cause, as `Retry` and `Catch` know them. */

export interface Failure {
  readonly error: string;
  readonly cause?: string;
}

export class StateFailed extends Error {
  readonly failure: Failure;

  constructor(error: string, cause?: string) {
    super(cause === undefined ? error : `${error}: ${cause}`);
    this.name = 'StateFailed';
    this.failure = { error, ...(cause === undefined ? {} : { cause }) };
  }
}

/** Contract 11.16: neither retried nor caught. */
export const RUNTIME_ERROR = 'States.Runtime';
export const ALL_ERRORS = 'States.ALL';
export const TASK_FAILED = 'States.TaskFailed';
export const TIMEOUT = 'States.Timeout';
export const HEARTBEAT_TIMEOUT = 'States.HeartbeatTimeout';
export const DATA_LIMIT = 'States.DataLimitExceeded';
export const INTRINSIC_FAILURE = 'States.IntrinsicFailure';
export const QUERY_ERROR = 'States.QueryEvaluationError';
export const NO_CHOICE = 'States.NoChoiceMatched';

/** What says where it happened is put in front by whoever runs the state. */
export function runtimeError(cause: string): StateFailed {
  return new StateFailed(RUNTIME_ERROR, cause);
}
