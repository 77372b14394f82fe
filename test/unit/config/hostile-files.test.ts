import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigFolder } from '../../support/config-folder.js';

let folder: ConfigFolder;
beforeEach(async () => {
  folder = await ConfigFolder.make();
});
afterEach(() => folder.remove());

const FUNCTION = '{runtime: nodejs22.x, handler: index.handler}';

describe('a file that is no project', () => {
  it('has one problem when its syntax is broken, with the line as written', async () => {
    const rest = Array.from({ length: 50 }, (_, index) => `  f${index}: ${FUNCTION}`).join('\n');
    await folder.put('orchestrator.yaml', `functions:\n  a: { path: /x/{id}, b: c }\n${rest}\n`);
    expect(await folder.problems()).toEqual([
      {
        path: 'line 2',
        value: 'a: { path: /x/{id}, b: c }',
        expected: expect.stringMatching(/^valid YAML \(.+, at column \d+\)$/),
        remedy: expect.stringContaining('quotes'),
      },
    ]);
  });

  it.each([
    ['random bytes', Buffer.from([0xff, 0xfe, 0x00, 0x80, 0xc3, 0x28])],
    ['UTF-16', Buffer.from('functions: {}\n', 'utf16le')],
    ['text with a zero byte', Buffer.from('functions:\n  a: \0\n')],
  ])('is refused as no text when it holds %s', async (_, content) => {
    await folder.put('orchestrator.yaml', content);
    await expect(folder.load()).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('no text in UTF-8'),
    });
  });

  it('is refused for its size before it is read', async () => {
    await folder.put('orchestrator.yaml', '#'.repeat(2 * 1024 * 1024 + 1));
    await expect(folder.load()).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('larger than 2 MB'),
    });
  });

  it('is not waited for when it is a pipe', async () => {
    execFileSync('mkfifo', [join(folder.path, 'template.yaml')]);
    await expect(folder.load()).rejects.toMatchObject({ code: 'config-not-found' });
  });

  it('says what either kind of file holds when it is empty', async () => {
    await folder.put('template.yaml', '# nothing yet\n');
    const [problem] = await folder.problems();
    expect(problem?.expected).toContain('Resources');
    expect(problem?.expected).toContain('functions');
  });
});

describe('a file from another editor', () => {
  it('may have a byte order mark and carriage returns', async () => {
    await folder.put('orchestrator.yaml', `\uFEFFfunctions:\r\n  a: ${FUNCTION}\r\n`);
    expect((await folder.load()).functions).toHaveLength(1);
  });
});

describe('problems', () => {
  it('of a function are told together, whatever their kind', async () => {
    await folder.put(
      'orchestrator.yaml',
      `functions:
  a:
    runtime: nodejs99.x
    memory: 1
    code: gone
    layers: [gone-too]
    environment: { AWS_REGION: x }
  b: text
`,
    );
    const paths = (await folder.problems()).map(({ path }) => path);
    expect(new Set(paths)).toEqual(
      new Set([
        'functions.a.handler',
        'functions.a.memory',
        'functions.a.runtime',
        'functions.a.environment.AWS_REGION',
        'functions.a.code',
        'functions.a.layers',
        'functions.b',
      ]),
    );
  });

  it.each(['null', '[]', '"text"', '{"a": 1}', '{'])(
    'of an --env-vars file that holds %s are told',
    async (content) => {
      await folder.put('orchestrator.yaml', `functions:\n  a: ${FUNCTION}\n`);
      await folder.put('vars.json', content);
      const list = await folder.problems({ envVars: join(folder.path, 'vars.json') });
      expect(list).toEqual([expect.objectContaining({ path: '--env-vars' })]);
    },
  );
});

describe('inline code', () => {
  const TEMPLATE =
    'Resources: {F: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13, Handler: index.h, Code: {ZipFile: "def h(e, c): return 1"}}}}';

  it('is kept in a state folder that git ignores and others cannot read', async () => {
    await folder.put('template.yaml', TEMPLATE);
    await folder.load();
    const state = join(folder.path, '.orchestrator');
    expect(await readFile(join(state, '.gitignore'), 'utf8')).toBe('*\n');
    expect((await stat(state)).mode & 0o777).toBe(0o700);
  });

  it('that cannot be kept is a matter of the state folder', async () => {
    await folder.put('template.yaml', TEMPLATE);
    await writeFile(join(folder.path, '.orchestrator'), 'a file in its place');
    await expect(folder.load()).rejects.toMatchObject({
      code: 'state-unusable',
      remedy: expect.stringContaining('--state'),
    });
    await mkdir(join(folder.path, 'other'));
    await chmod(join(folder.path, 'other'), 0o700);
    const config = await folder.load({ state: join(folder.path, 'other') });
    expect(config.functions[0]?.codePath).toContain(join('other', 'inline'));
  });
});
