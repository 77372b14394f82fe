import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FunctionDefinition } from '../../../src/function/function-version.js';
import { sourcePaths } from '../../../src/function/source-paths.js';
import { ConfigFolder } from '../../support/config-folder.js';

let folder: ConfigFolder;
beforeEach(async () => {
  folder = await ConfigFolder.make();
  await folder.put('app/Dockerfile', 'FROM scratch\n');
  await folder.put('app/docker/Other.dockerfile', 'FROM scratch\n');
});
afterEach(() => folder.remove());

async function functionOf(file: string, text: string): Promise<FunctionDefinition> {
  await folder.put(file, text);
  const [first] = (await folder.load()).functions;
  if (first === undefined) throw new Error('there is no function');
  return first;
}

async function pathsWithProblems(file: string, text: string): Promise<string[]> {
  await folder.put(file, text);
  return (await folder.problems()).map(({ path }) => path);
}

describe('an image function of orchestrator.yaml', () => {
  it('may name its image', async () => {
    const definition = await functionOf('orchestrator.yaml', 'functions: {a: {image: team/x:1}}');
    expect(definition).toMatchObject({
      runtime: '',
      handler: '',
      codePath: '',
      layerPaths: [],
      image: { uri: 'team/x:1' },
    });
    expect(definition.imageConfig).toBeUndefined();
    expect(sourcePaths(definition)).toEqual([]);
  });

  it('may be built, with a context relative to its file', async () => {
    const definition = await functionOf(
      'orchestrator.yaml',
      'functions: {a: {image: {context: app, dockerfile: docker/Other.dockerfile, args: {A: 1}, target: last}, imageConfig: {entryPoint: [/run], command: [], workingDirectory: /w}}}',
    );
    expect(definition.image).toEqual({
      context: join(folder.path, 'app'),
      dockerfile: 'docker/Other.dockerfile',
      buildArguments: { A: '1' },
      target: 'last',
    });
    expect(definition.imageConfig).toEqual({
      entryPoint: ['/run'],
      command: [],
      workingDirectory: '/w',
    });
    expect(sourcePaths(definition)).toEqual([join(folder.path, 'app')]);
  });

  it.each([
    'x',
    'x:latest',
    'localhost:5000/team/x:1.0_a',
    '123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/my-x:tag',
    `public.ecr.aws/lambda/nodejs:22@sha256:${'a'.repeat(64)}`,
  ])('may be called %s', async (name) => {
    const text = `functions: {a: {image: ${JSON.stringify(name)}}}`;
    expect((await functionOf('orchestrator.yaml', text)).image).toEqual({ uri: name });
  });

  it.each(['', 'a b', 'x:', './image.tar', 'Team/X', 'https://host/x'])(
    'may not be called %j',
    async (name) => {
      const text = `functions: {a: {image: ${JSON.stringify(name)}}}`;
      expect(await pathsWithProblems('orchestrator.yaml', text)).toEqual(['functions.a.image']);
    },
  );

  it('has no runtime, handler, code or layers beside it', async () => {
    expect(
      await pathsWithProblems(
        'orchestrator.yaml',
        'functions: {a: {image: x, runtime: nodejs22.x, handler: a.b, code: ./app, layers: [app]}, b: {runtime: nodejs22.x, handler: a.b, imageConfig: {command: [x]}}}',
      ),
    ).toEqual([
      'functions.a.runtime',
      'functions.a.handler',
      'functions.a.code',
      'functions.a.layers',
      'functions.b.imageConfig',
    ]);
  });

  it('names a context and a Dockerfile inside it that are there', async () => {
    expect(
      await pathsWithProblems(
        'orchestrator.yaml',
        'functions: {a: {image: {context: gone}}, b: {image: {context: app, dockerfile: Gone}}, c: {image: {context: app, dockerfile: ../orchestrator.yaml}}, d: {image: {contxt: app}}, e: {image: x, imageConfig: {workingDirectory: relative}}}',
      ),
    ).toEqual([
      'functions.a.image.context',
      'functions.b.image.dockerfile',
      'functions.c.image.dockerfile',
      'functions.d.image.contxt',
      'functions.e.imageConfig.workingDirectory',
    ]);
  });
});

describe('an image function of a template', () => {
  it('is built from what SAM’s metadata names', async () => {
    const definition = await functionOf(
      'template.yaml',
      `Parameters: {Stage: {Type: String, Default: test}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Image, ImageConfig: {Command: [app.handler], EntryPoint: [/run], WorkingDirectory: /w}}
    Metadata: {Dockerfile: Dockerfile, DockerContext: ./app, DockerTag: v1, DockerBuildArgs: {STAGE: !Ref Stage}, DockerBuildTarget: last}
`,
    );
    expect(definition.image).toEqual({
      context: join(folder.path, 'app'),
      dockerfile: 'Dockerfile',
      buildArguments: { STAGE: 'test' },
      target: 'last',
    });
    expect(definition.imageConfig).toEqual({
      command: ['app.handler'],
      entryPoint: ['/run'],
      workingDirectory: '/w',
    });
    expect((await folder.load()).notices).toEqual([
      expect.objectContaining({ path: 'Resources.F.Metadata.DockerTag', treatment: 'ignored' }),
    ]);
  });

  it('is the image that `sam build` has made, once it has', async () => {
    const definition = await functionOf(
      'template.yaml',
      `Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Image, ImageUri: 'f:v1'}
    Metadata: {Dockerfile: Dockerfile, DockerContext: ./app, SamResourceId: F}
`,
    );
    expect(definition.image).toEqual({ uri: 'f:v1' });
  });

  it('is what plain CloudFormation and the CDK name', async () => {
    await folder.put(
      'template.yaml',
      `Resources:
  Named: {Type: AWS::Lambda::Function, Properties: {PackageType: Image, Code: {ImageUri: !Sub '\${AWS::AccountId}.dkr.ecr.\${AWS::Region}.amazonaws.com/x:1'}}}
  Asset:
    Type: AWS::Lambda::Function
    Properties: {PackageType: Image, Code: {ImageUri: !Sub 'cdk-assets:abc'}}
    Metadata: {'aws:asset:path': app, 'aws:asset:dockerfile-path': docker/Other.dockerfile, 'aws:asset:docker-build-target': t}
`,
    );
    const { functions, notices } = await folder.load();
    expect(functions.map(({ image }) => image)).toEqual([
      { uri: '123456789012.dkr.ecr.us-east-1.amazonaws.com/x:1' },
      {
        context: join(folder.path, 'app'),
        dockerfile: 'docker/Other.dockerfile',
        buildArguments: {},
        target: 't',
      },
    ]);
    expect(notices).toEqual([]);
  });

  it('needs one or the other, and says so by the template’s names', async () => {
    expect(
      await pathsWithProblems(
        'template.yaml',
        `Resources:
  A: {Type: AWS::Serverless::Function, Properties: {PackageType: Image}}
  B: {Type: AWS::Serverless::Function, Properties: {ImageUri: x, Handler: a.b, Runtime: nodejs22.x}}
`,
      ),
    ).toEqual([
      'Resources.A.Properties.ImageUri',
      'Resources.B.Properties.Runtime',
      'Resources.B.Properties.Handler',
    ]);
  });
});
