/** The function, version or alias an event source invokes. */

export interface FunctionTarget {
  readonly functionName: string;
  /** A version or an alias; absent: `$LATEST`. */
  readonly qualifier?: string;
}
