/** A function as a loader found it, before it is checked. */

export interface FunctionDraft {
  /** Where it stands in the file, such as `functions.hello`. */
  readonly path: string;
  readonly logicalId: string;
  readonly name: unknown;
  /** In `orchestrator.yaml`'s terms; only what was written. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** How the file calls a setting, for problems: `memory` → `Properties.MemorySize`. */
  readonly names: Readonly<Record<string, string>>;
}
