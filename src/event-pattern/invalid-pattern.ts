/** Why a text is no event pattern, in the words of AWS' own compiler where it has any. */
export class InvalidPattern extends Error {
  /** Where in the pattern, such as `detail.state`; empty: the whole of it. */
  readonly path: string;
  /** Such as `Empty arrays are not allowed`. */
  readonly reason: string;

  constructor(path: string, reason: string) {
    super(path === '' ? reason : `${reason} (at ${path})`);
    this.name = 'InvalidPattern';
    this.path = path;
    this.reason = reason;
  }
}
