/** Which version an alias means for one invocation (contract 8.9). Pure. */

export interface WeightedAlias {
  readonly version: string;
  /** Version → share, 0 to 1; what is left goes to `version`. */
  readonly weights: Readonly<Record<string, number>>;
}

/** `random` lies in [0, 1). */
export function chooseVersion(alias: WeightedAlias, random: number): string {
  let below = 0;
  for (const [version, weight] of Object.entries(alias.weights)) {
    below += weight;
    if (random < below) return version;
  }
  return alias.version;
}
