/**
 * What a function is, once every file, flag and default has been resolved.
 */

import type { LaunchProblem } from './launch-problem.js';

export interface FunctionDefinition {
  /** Name as clients use it, `[a-zA-Z0-9-_]{1,64}`. */
  readonly name: string;
  /** Name in the template, when it differs. */
  readonly logicalId: string;
  /** Runtime identifier, e.g. `nodejs22.x`; empty for container images. */
  readonly runtime: string;
  /** Empty for container images: theirs is the image's command. */
  readonly handler: string;
  /** Absolute path of the code folder or zip file as the user keeps it; empty for images. */
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
  /** Of a function packaged as a container image (contract 3.9); absent for zip packages. */
  readonly image?: ImageSource;
  /** Overrides of the image's own settings; only with `image`. */
  readonly imageConfig?: ImageConfig;
  /** Contract 6.2; absent: text, everything. */
  readonly logging?: LoggingConfig;
  /** SnapStart (contract 7.6): published versions are restored instead of initialised. */
  readonly snapStart?: 'PublishedVersions';
  /** Contract 7.9: an environment serves one tenant only. */
  readonly tenancy?: 'per-tenant';
  /** `Allow`: loops through it are not stopped (contract 7.11). */
  readonly recursiveLoop?: 'Allow' | 'Terminate';
  /** How asynchronous events of the unqualified function are retried and where they end. */
  readonly eventInvoke?: EventInvokeConfig;
  /** Its own address (contract 8.10); absent: none, unless the API makes one. */
  readonly url?: FunctionUrlConfig;
  /** Queue or topic for events that failed (contract 9.4). */
  readonly deadLetterTargetArn?: string;
  /** Published by itself after each build, with an alias that points to it (SAM). */
  readonly autoPublish?: { readonly alias: string; readonly provisionedConcurrency?: number };
  /** Number of the published version this is; absent: `$LATEST`. */
  readonly publishedVersion?: string;
}

/** Where an image comes from: a name the engine knows or can pull, or a Dockerfile. */
export type ImageSource =
  | { readonly uri: string }
  | {
      /** Absolute path of the build context. */
      readonly context: string;
      /** Path inside the context. */
      readonly dockerfile: string;
      readonly buildArguments: Readonly<Record<string, string>>;
      readonly target?: string;
    };

/** Contract 3.9; what is absent is the image's own. */
export interface ImageConfig {
  readonly entryPoint?: readonly string[];
  readonly command?: readonly string[];
  readonly workingDirectory?: string;
}

/** Contract 6.2. */
export interface LoggingConfig {
  readonly format: 'Text' | 'JSON';
  readonly applicationLevel?: 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'FATAL';
  readonly systemLevel?: 'DEBUG' | 'INFO' | 'WARN';
  /** `/aws/lambda/<name>` when absent. */
  readonly group?: string;
}

/** Contract 9.3; what is absent has the contract's default. */
export interface EventInvokeConfig {
  readonly maximumRetryAttempts?: number;
  readonly maximumEventAgeInSeconds?: number;
  readonly onSuccessArn?: string;
  readonly onFailureArn?: string;
}

/** An image as the engine has it, with the function's own settings laid over its. */
export interface ResolvedImage {
  /** As it was named, or as our build named it. */
  readonly uri: string;
  /** `<repository>@sha256:…`, as GetFunction's ResolvedImageUri. */
  readonly resolvedUri: string;
  readonly entryPoint: readonly string[];
  readonly command: readonly string[];
  readonly workingDirectory: string;
}

/** Contract 8.10. */
export interface FunctionUrlConfig {
  readonly authType: 'NONE' | 'AWS_IAM';
  readonly invokeMode: 'BUFFERED' | 'RESPONSE_STREAM';
  readonly cors?: Readonly<Record<string, unknown>>;
}

/** A definition bound to one immutable copy of its code: the key of a pool. */
export interface FunctionVersion extends FunctionDefinition {
  /** `$LATEST` or a number. */
  readonly version: string;
  readonly functionArn: string;
  /** Digest over code, layers and configuration: two versions with one key share environments. */
  readonly key: string;
  /** As GetFunction reports it: SHA-256 of the code in base64, of an image in hex. */
  readonly codeSha256: string;
  readonly codeSize: number;
  /** When this version came to be, Unix ms. */
  readonly modifiedAtMs: number;
  /** Absolute path of our read-only copy of the code; empty for images. */
  readonly taskDirectory: string;
  /** Absolute path of the merged layers, when there are any. */
  readonly optDirectory?: string;
  /** File names of the external extensions in its layers or image (contract 2.1). */
  readonly extensions?: readonly string[];
  /** Image reference the environments run; of a container image its id. */
  readonly imageReference: string;
  /** Of a container image: what it is and how it is started. */
  readonly resolvedImage?: ResolvedImage;
  /** Known before any start: its processes cannot be launched. */
  readonly launchProblem?: LaunchProblem;
}
