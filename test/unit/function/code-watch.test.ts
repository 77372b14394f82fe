import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { CodeWatch, type CodeWatchOptions } from '../../../src/function/code-watch.js';

let root: string;
let open: CodeWatch[];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'orchestrator-watch-'));
  open = [];
});
afterEach(async () => {
  await Promise.all(open.map((watch) => watch.close()));
  await rm(root, { recursive: true, force: true });
});

async function put(file: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, file)), { recursive: true });
  await writeFile(join(root, file), text);
}

/** What was told, in order, and promises of what is told next. */
class Heard {
  readonly told: string[] = [];
  #waiting: { of: string; resolve: () => void }[] = [];

  hear(what: string): void {
    this.told.push(what);
    for (const { of, resolve } of this.#waiting) if (of === what) resolve();
  }

  next(of: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ of, resolve }));
  }
}

async function watching(
  options: Pick<CodeWatchOptions, 'functions'> & Partial<CodeWatchOptions>,
): Promise<Heard> {
  const heard = new Heard();
  const watch = new CodeWatch({
    ignored: [],
    onDirty: (name) => heard.hear(name),
    onConfigChanged: () => heard.hear('the configuration'),
    onError: (error) => heard.hear(String(error)),
    ...options,
  });
  open.push(watch);
  await watch.ready;
  return heard;
}

const at = (...names: string[]): string => join(root, ...names);

it('names the function whose file was saved, and no other', async () => {
  await put('a/index.js', '1');
  await put('b/index.js', '1');
  const heard = await watching({
    functions: [
      { name: 'a', paths: [at('a')] },
      { name: 'b', paths: [at('b')] },
    ],
  });
  const told = heard.next('b');
  await put('b/index.js', '2');
  await told;
  expect(new Set(heard.told)).toEqual(new Set(['b']));
});

it('names every function that shares a layer', async () => {
  await put('a/index.js', '1');
  await put('layer/lib.js', '1');
  const heard = await watching({
    functions: [
      { name: 'a', paths: [at('a'), at('layer')] },
      { name: 'b', paths: [at('layer')] },
    ],
  });
  const told = Promise.all([heard.next('a'), heard.next('b')]);
  await put('layer/lib.js', '2');
  await told;
});

it('sees files that are added in new folders, and files that go', async () => {
  await put('a/index.js', '1');
  const heard = await watching({ functions: [{ name: 'a', paths: [at('a')] }] });
  const added = heard.next('a');
  await put('a/deep/er/new.js', '1');
  await added;
  const removed = heard.next('a');
  await rm(at('a/index.js'));
  await removed;
});

it('watches code that SAM built, although SAM’s folder is ignored elsewhere', async () => {
  await put('.aws-sam/build/F/index.js', '1');
  await put('index.js', '1');
  const heard = await watching({
    functions: [
      { name: 'built', paths: [at('.aws-sam/build/F')] },
      { name: 'source', paths: [root] },
    ],
  });
  const told = heard.next('built');
  await put('.aws-sam/build/F/index.js', '2');
  await told;
  expect(heard.told).not.toContain('source');
});

it('says nothing of version control, state and what editors leave beside a file', async () => {
  await put('index.js', '1');
  await put('state/x', '1');
  await put('other/x', '1');
  await put('.git/HEAD', '1');
  const heard = await watching({
    functions: [
      { name: 'a', paths: [root] },
      { name: 'sentinel', paths: [at('other')] },
    ],
    ignored: [at('state'), at('other')],
  });
  for (const file of ['.git/HEAD', 'state/x', '.index.js.swp', 'index.js~', '4913', '.#index.js']) {
    await put(file, '2');
  }
  // The system tells of changes in order: once the last one is told, so were those before it.
  const told = heard.next('sentinel');
  await put('other/x', '2');
  await told;
  expect(heard.told).not.toContain('a');
});

it('watches inline code kept in the state folder without hearing the state', async () => {
  await put('state/inline/F/index.js', '1');
  await put('index.js', '1');
  const heard = await watching({
    functions: [
      { name: 'inline', paths: [at('state/inline/F')] },
      { name: 'source', paths: [root] },
    ],
    ignored: [at('state')],
  });
  const told = heard.next('inline');
  await put('state/inline/F/index.js', '2');
  await told;
  expect(heard.told).not.toContain('source');
});

it('sees a zip replaced by another, again and again', async () => {
  await put('out/code.zip', '1');
  const heard = await watching({ functions: [{ name: 'a', paths: [at('out/code.zip')] }] });
  for (const content of ['2', '3']) {
    const told = heard.next('a');
    await put('out/next', content);
    await rename(at('out/next'), at('out/code.zip'));
    await told;
  }
});

it('says that the configuration changed, apart from the code', async () => {
  await put('code/index.js', '1');
  await put('orchestrator.yaml', '1');
  const heard = await watching({
    functions: [{ name: 'a', paths: [at('code')] }],
    configFiles: [at('orchestrator.yaml')],
  });
  const told = heard.next('the configuration');
  await put('orchestrator.yaml', '2');
  await told;
  expect(heard.told).not.toContain('a');
});

it('closes twice without harm', async () => {
  await put('a/index.js', '1');
  const heard = await watching({ functions: [{ name: 'a', paths: [at('a')] }] });
  await Promise.all(open.map((watch) => watch.close()));
  await Promise.all(open.map((watch) => watch.close()));
  expect(heard.told).toEqual([]);
});

it('hears of a file that was not there before', async () => {
  await put('template.yaml', '');
  const heard = await watching({
    functions: [],
    configFiles: [at('template.yaml'), at('.env')],
  });
  const told = heard.next('the configuration');
  await put('.env', 'A=1');
  await told;
});

it('that is closed before it is ready lets nobody wait', async () => {
  const watch = new CodeWatch({
    functions: [{ name: 'a', paths: [root] }],
    ignored: [],
    onDirty: () => undefined,
    onError: () => undefined,
  });
  await watch.close();
  await watch.ready;
});
