/**
 * What a function is, once every file, flag and default has been resolved.
 */

export interface FunctionDefinition {
  /** Name as clients use it, `[a-zA-Z0-9-_]{1,64}`. */
  readonly name: string;
  /** Name in the template, when it differs. */
  readonly logicalId: string;
  /** Runtime identifier, e.g. `nodejs22.x`. */
  readonly runtime: string;
  readonly handler: string;
  /** Absolute path of the code folder or zip file as the user keeps it. */
  readonly codePath: string;
  /** Absolute paths of layer folders or zips, in the order they are laid over each other. */
  readonly layerPaths: readonly string[];
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly ephemeralStorageMb: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly architecture: 'x86_64' | 'arm64';
  readonly description: string;
  /** Reserved concurrency (contract 10.1); undefined means unreserved, 0 stops the function. */
  readonly reservedConcurrency?: number;
}

/** A definition bound to one immutable copy of its code: the key of a pool. */
export interface FunctionVersion extends FunctionDefinition {
  /** `$LATEST` or a number. */
  readonly version: string;
  readonly functionArn: string;
  /** Digest over code, layers and configuration: two versions with one key share environments. */
  readonly key: string;
  /** SHA-256 of the code, base64, as GetFunction reports it. */
  readonly codeSha256: string;
  readonly codeSize: number;
  /** When this version came to be, Unix ms. */
  readonly modifiedAtMs: number;
  /** Absolute path of our read-only copy of the code. */
  readonly taskDirectory: string;
  /** Absolute path of the merged layers, when there are any. */
  readonly optDirectory?: string;
  /** Image reference the environments run. */
  readonly image: string;
}
