/** `test/fixtures/cdk/cdk.out` is what CDK made of `app.cjs` beside it, large assets left out. */

import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../../src/config/load.js';
import { isProvider } from '../../../src/config/cdk/template.js';
import { packageRoot } from '../../../src/package-root.js';
import { ConfigFolder } from '../../support/config-folder.js';

let folder: ConfigFolder;
beforeEach(async () => {
  folder = await ConfigFolder.make();
  await cp(join(packageRoot(), 'test/fixtures/cdk'), folder.path, { recursive: true });
});
afterEach(() => folder.remove());

const assembly = (): string => join(folder.path, 'cdk.out');

describe('a CDK app that has been synthesized', () => {
  it('is read from its folder: all stacks, nested ones and what they give each other included', async () => {
    const { functions, projectDirectory, files } = await folder.load();
    expect(projectDirectory).toBe(folder.path);
    const names = functions.map(({ name }) => name);
    expect(names).toEqual([
      'ShopHello4A628BD4',
      'worker',
      'ShopImage9D742C96',
      'ShopNestedInner09E1DD49',
      'AuditAudit3D8ADE0A',
      'GreeterHello4A628BD4',
    ]);
    const [hello, , image, inner] = functions;
    expect(hello?.codePath).toMatch(/cdk\.out\/asset\.\w{64}$/);
    expect(hello?.layerPaths).toEqual([expect.stringMatching(/cdk\.out\/asset\.\w{64}$/)]);
    expect(image?.image).toMatchObject({
      context: expect.stringMatching(/cdk\.out\/asset\.\w{64}$/),
      dockerfile: 'Dockerfile',
    });
    expect(image?.imageConfig).toEqual({ command: ['index.handler'] });
    expect(inner?.environment['TABLE']).toMatch(/TableCD117FA1$/i);
    expect(files).toEqual(
      expect.arrayContaining(
        ['manifest.json', 'Shop.template.json', 'ShopNestedE5719FB0.nested.template.json'].map(
          (name) => join(assembly(), name),
        ),
      ),
    );
  });

  it('may be one of its stacks, where the app says it would be', async () => {
    const { functions, settings, source } = await folder.load({ stacks: ['Greeter'] });
    expect(functions.map(({ name, environment }) => [name, environment])).toEqual([
      ['Hello4A628BD4', { STAGE: 'eu-west-1' }],
    ]);
    expect(settings).toMatchObject({ region: 'eu-west-1', accountId: '111122223333' });
    expect(source).toBe(join(assembly(), 'Greeter.template.json'));
    const other = await folder.load({ stacks: ['Greeter'], region: 'us-west-2' });
    expect(other.settings.region).toBe('us-west-2');
  });

  it('may be named by its folder, and one stack by its template', async () => {
    const load = (name: string) =>
      loadConfig({ directory: join(folder.path, name), flags: {}, environment: {} });
    const whole = await load('cdk.out');
    expect([whole.projectDirectory, whole.functions.length]).toEqual([folder.path, 6]);
    const stack = await load('cdk.out/Audit.template.json');
    expect(stack.functions.map(({ name }) => name)).toEqual(['Audit3D8ADE0A']);
    expect(stack.projectDirectory).toBe(folder.path);
  });

  it('needs no metadata of assets: its asset manifests say the same', async () => {
    const strip = (key: string, value: unknown): unknown =>
      key.startsWith('aws:asset:') ? undefined : value;
    const before = await folder.load();
    for (const name of await readdir(assembly())) {
      if (!name.endsWith('.template.json')) continue;
      const file = join(assembly(), name);
      const text = await readFile(file, 'utf8');
      await writeFile(file, JSON.stringify(JSON.parse(text), strip));
    }
    const paths = (config: Awaited<ReturnType<ConfigFolder['load']>>): unknown[] =>
      config.functions.map(({ name, codePath, layerPaths, image }) => [
        name,
        codePath,
        layerPaths,
        image,
      ]);
    expect(paths(await folder.load())).toEqual(paths(before));
  });

  it('tells stacks that it has not, and manifests without any', async () => {
    expect(await folder.problems({ stacks: ['Greter'] })).toEqual([
      expect.objectContaining({ path: '--stack Greter', remedy: "Did you mean 'Greeter'?" }),
    ]);
    await folder.put('cdk.out/manifest.json', '{"version": "55.0.0", "artifacts": {}}');
    expect(await folder.problems()).toEqual([
      expect.objectContaining({ path: 'artifacts', remedy: 'Run `cdk synth` again.' }),
    ]);
    await folder.put('orchestrator.yaml', 'functions: {}');
    expect(await folder.problems({ stacks: ['Greeter'] })).toEqual([
      expect.objectContaining({ path: '--stack Greeter' }),
    ]);
  });

  it('has stacks of stages too', async () => {
    const stage = join('cdk.out', 'assembly-Prod');
    await cp(assembly(), join(folder.path, 'stage'), { recursive: true });
    await cp(join(folder.path, 'stage'), join(folder.path, stage), { recursive: true });
    await folder.put(
      'cdk.out/manifest.json',
      JSON.stringify({
        version: '55.0.0',
        artifacts: {
          'assembly-Prod': {
            type: 'cdk:cloud-assembly',
            properties: { directoryName: 'assembly-Prod' },
          },
        },
      }),
    );
    const { functions } = await folder.load({ stacks: ['Greeter'] });
    expect(functions[0]?.codePath).toContain(stage);
  });

  it('runs nothing that only deploys a stack, and says so', async () => {
    const { notices } = await folder.load();
    const reasons = notices
      .filter(({ reason }) => reason.includes('while a stack is deployed'))
      .map(({ path }) => path.replace(/.*Resources\./, ''));
    expect(reasons).toEqual(
      expect.arrayContaining([
        'LogRetentionaae0aa3c5b4d4f87b02d85b201efdd8aFD4BFC8A',
        'WebAwsCliLayer13CD9482',
        'WebCustomResource9916C673',
        'CustomCDKBucketDeployment8693BB64968944B69AAFB0CC9EB8756C81C01536',
      ]),
    );
    expect(notices.map(({ path }) => path).join()).not.toMatch(/CDKMetadata|Bootstrap/);
  });
});

it.each([
  ['Shop/Hello/Resource', false],
  ['Shop/SingletonLambda84c0de93353f42179b0b45b6c993251a/Resource', false],
  ['Shop/AWS679f53fac002430cb0da5b7982bd2287/Resource', true],
  ['Shop/Provider/framework-onEvent/Resource', true],
  ['Shop/Custom::S3AutoDeleteObjectsCustomResourceProvider/Handler', true],
])('of constructs, %s belongs to a deployment: %s', (path, expected) => {
  expect(isProvider(path)).toBe(expected);
});
