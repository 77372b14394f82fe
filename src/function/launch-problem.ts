/** Why a program of a function cannot be started, as data. */

export interface LaunchProblem {
  readonly errorType:
    'Runtime.InvalidEntrypoint' | 'Runtime.InvalidWorkingDir' | 'Runtime.InvalidTaskConfig';
  /** Follows `RequestId: … Error: `. */
  readonly reason: string;
}
