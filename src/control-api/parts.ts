/** What the operations of the control API work with. */

import type { CodeSnapshot } from '../function/code-store.js';
import type { MappingRegistry } from '../registry/mapping-registry.js';
import type { PackageStore } from '../registry/package-store.js';
import type { FunctionRegistry } from '../registry/registry.js';
import type { Deployment } from '../router/deployment.js';

export interface ControlParts {
  readonly registry: FunctionRegistry;
  readonly mappings: MappingRegistry;
  readonly packages: PackageStore;
  readonly router: ControlRouter;
  /** Unpacks zips: what cannot be unpacked is refused at once. */
  readonly code: {
    snapshot(path: string): Promise<CodeSnapshot>;
    release(hash: string): void;
  };
  readonly region: string;
  readonly accountId: string;
  /** The account's concurrency. */
  readonly concurrency: number;
  /** What of it no function may reserve. */
  readonly unreservedMinimum: number;
  /** What has become of the provisioned concurrency of a version or alias. */
  provisioned?(functionName: string, qualifier: string): ProvisionedStatus | undefined;
  /** What runs functions here, and the default for new ones. */
  readonly architecture: 'x86_64' | 'arm64';
  /** Unix ms. */
  now(): number;
  /** Something the user should know of. */
  tell(message: string): void;
}

export interface ControlRouter {
  deployment(
    functionName: string,
    version?: string,
  ): Pick<Deployment, 'description' | 'problem' | 'ready' | 'state' | 'codeChanged'> | undefined;
}

export interface ProvisionedStatus {
  readonly allocated: number;
  readonly available: number;
  readonly status: 'IN_PROGRESS' | 'READY' | 'FAILED';
  readonly reason?: string;
}
