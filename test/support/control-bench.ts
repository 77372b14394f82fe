/**
 * The Lambda API over a real registry, code store, version builder and router, for real clients;
 * only environments are missing: a version answers with what it is.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { systemClock } from '../../src/async/clock.js';
import { VersionBuilder } from '../../src/builder/version-builder.js';
import { describeUnbuilt } from '../../src/builder/unbuilt.js';
import { PACKAGE_PREFIX, servePackage } from '../../src/control-api/download.js';
import type { ControlParts } from '../../src/control-api/parts.js';
import { controlRoutes } from '../../src/control-api/routes.js';
import type { Assignment } from '../../src/environment/assignment.js';
import { CodeStore } from '../../src/function/code-store.js';
import type { FunctionDefinition, FunctionVersion } from '../../src/function/function-version.js';
import type { Pool } from '../../src/pool/pool.js';
import { MappingRegistry } from '../../src/registry/mapping-registry.js';
import { PackageStore } from '../../src/registry/package-store.js';
import type { ProvisionStatus } from '../../src/pool/provision.js';
import { FunctionRegistry } from '../../src/registry/registry.js';
import { FileRegistryStore } from '../../src/registry/registry-store.js';
import type { PreparedImage } from '../../src/builder/function-images.js';
import { Concurrency } from '../../src/router/concurrency.js';
import { Deployment } from '../../src/router/deployment.js';
import { FunctionRouter } from '../../src/router/function-router.js';
import { fakeVersion, type FakeRouter } from './fake-router.js';
import { RunningInvokeApi } from './running-invoke-api.js';
import { zipOf } from './zip-archive.js';

export const ROLE = 'arn:aws:iam::123456789012:role/lambda-role';
const ACCOUNT = { region: 'us-east-1', accountId: '123456789012' };
export const ACCOUNT_ARN = 'arn:aws:lambda:us-east-1:123456789012';

export class ControlBench {
  readonly directory: string;
  readonly told: string[] = [];
  /** Images are there when this resolves. */
  image: Promise<string> = Promise.resolve('image:1');
  /** Container images that are there: what their names mean now. */
  readonly images = new Map<string, string>();
  random = 0;
  registry!: FunctionRegistry;
  router!: FunctionRouter;
  parts!: ControlParts;
  code!: CodeStore;
  running!: RunningInvokeApi;
  client!: LambdaClient;

  constructor(directory = mkdtempSync(join(tmpdir(), 'control-'))) {
    this.directory = directory;
  }

  async start(files: readonly FunctionDefinition[] = []): Promise<this> {
    await this.serve(files);
    const sdk = await import('@aws-sdk/client-lambda');
    this.client = new sdk.LambdaClient({
      endpoint: `http://127.0.0.1:${this.running.port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      maxAttempts: 1,
    });
    return this;
  }

  /** Without a client of its own, which takes a second to load. */
  async serve(files: readonly FunctionDefinition[] = []): Promise<void> {
    const packages = new PackageStore(join(this.directory, 'functions'));
    const store = new FileRegistryStore(join(this.directory, 'registry.jsonl'));
    this.registry = new FunctionRegistry({
      store,
      clock: systemClock,
      pathOf: (file) => packages.pathOf(file),
    });
    this.code = new CodeStore(join(this.directory, 'code'));
    this.router = new FunctionRouter({
      concurrency: new Concurrency({
        limit: 1000,
        unreservedMinimum: 100,
        requestsPerSecond: 'unlimited',
        clock: systemClock,
      }),
      directory: this.registry,
      deploy: (definition) => this.#deployment(definition),
      random: () => this.random,
    });
    this.registry.onChanged = (name) => this.router.sync(name);
    this.registry.setFiles(files);
    for (const name of this.registry.names()) this.router.sync(name);
    this.parts = {
      registry: this.registry,
      mappings: new MappingRegistry({ store, clock: systemClock }),
      packages,
      router: this.router,
      code: this.code,
      region: 'us-east-1',
      accountId: '123456789012',
      concurrency: 1000,
      unreservedMinimum: 100,
      provisioned: (name, qualifier) => this.router.provisioned(name, qualifier),
      architecture: 'x86_64',
      now: () => systemClock.now(),
      tell: (message) => this.told.push(message),
    };
    this.running = new RunningInvokeApi({
      router: this.router as unknown as FakeRouter,
      routes: () => controlRoutes(this.parts),
    });
    this.running.api.mount(PACKAGE_PREFIX, (request, response) =>
      servePackage(this.parts, request, response),
    );
    await this.running.start();
  }

  /** Ends this run and begins another one on the same folder. */
  async restart(files: readonly FunctionDefinition[] = []): Promise<ControlBench> {
    await this.#end();
    return new ControlBench(this.directory).start(files);
  }

  async close(): Promise<void> {
    await this.#end();
    // Copies that nobody holds any more may be on their way out: what they become next is seen by
    // looking again, which is more than what is tried again by itself.
    for (let left = 100; ; left -= 1) {
      try {
        rmSync(this.directory, { recursive: true, force: true });
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY' || left === 0) throw error;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  async #end(): Promise<void> {
    this.client.destroy();
    await this.running.api.destroy();
    this.registry.close();
  }

  #prepareImage(source: FunctionDefinition['image']): Promise<PreparedImage> {
    const uri = source !== undefined && 'uri' in source ? source.uri : '';
    const id = uri.startsWith('sha256:') ? uri : this.images.get(uri);
    if (id === undefined) return Promise.reject(new Error(`no container image ${uri} here`));
    const resolvedUri = `${uri.replace(/:.*/, '')}@${id}`;
    const program = { entryPoint: ['/program'], command: [], workingDirectory: '/' };
    return Promise.resolve({ id, image: { uri, resolvedUri, ...program }, extensions: [] });
  }

  #deployment(definition: FunctionDefinition): Deployment {
    const versions = new VersionBuilder({
      clock: systemClock,
      code: this.code,
      ...ACCOUNT,
      architecture: 'x86_64',
      ensureImage: () => this.image,
      prepareImage: ({ image }) => this.#prepareImage(image),
      releaseImage: () => undefined,
    });
    return new Deployment(definition, {
      build: (changed) => versions.build(changed),
      describeUnbuilt: (unbuilt) =>
        describeUnbuilt(unbuilt, { ...ACCOUNT, nowMs: systemClock.now() }),
      openPool: (version) => echoPool(version),
      replaced: () => undefined,
      failed: () => undefined,
      discarded: (version) => versions.release(version),
      monotonic: () => systemClock.monotonic(),
    });
  }
}

/** Answers with the version that was asked and what it would have run. */
function echoPool(version: FunctionVersion): Pool {
  const { taskDirectory, optDirectory, environment, memoryMb } = version;
  let provisioned: ProvisionStatus | undefined;
  return {
    version,
    waiting: 0,
    environments: [],
    provision: (count: number) => {
      const counts = { requested: count, allocated: count, available: count };
      provisioned = count === 0 ? undefined : { ...counts, status: 'READY' };
    },
    get provisioned() {
      return provisioned;
    },
    submit: (assignment: Assignment) => {
      const { invokedFunctionArn } = assignment.request;
      const answer = {
        version: version.version,
        invokedFunctionArn,
        taskDirectory,
        optDirectory,
        environment,
        memoryMb,
      };
      assignment.settle({
        kind: 'succeeded',
        payload: Buffer.from(JSON.stringify(answer)),
        contentType: 'application/json',
        executedVersion: version.version,
      });
    },
    close: () => [],
    destroy: () => undefined,
    empty: () => Promise.resolve(),
    tryAgain: () => undefined,
  } as unknown as Pool;
}

/** A function as a file would bring it. */
export function fileFunction(
  name: string,
  codePath: string,
  parts: Partial<FunctionDefinition> = {},
): FunctionDefinition {
  const { runtime, handler, layerPaths, architecture, environment } = fakeVersion({ name });
  return {
    name,
    logicalId: name,
    runtime,
    handler,
    codePath,
    layerPaths,
    memoryMb: 128,
    timeoutSeconds: 3,
    ephemeralStorageMb: 512,
    environment,
    architecture,
    description: '',
    ...parts,
  };
}

/** What CreateFunction needs at least. */
export function creation(name: string, source = 'exports.handler = async () => 1;') {
  return {
    FunctionName: name,
    Runtime: 'nodejs22.x',
    Handler: 'index.handler',
    Role: ROLE,
    Code: { ZipFile: zipOf({ 'index.js': source }) },
  } as const;
}
