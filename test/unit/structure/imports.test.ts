import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { packageRoot } from '../../../src/package-root.js';

const SOURCES = join(packageRoot(), 'src');
const DOCUMENT = readFileSync(join(packageRoot(), 'ARCHITECTURE.md'), 'utf8');
const IMPORT = /(?:from\s+|import\()'(\.[^']+)\.js'/g;

const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => path.slice(0, -'.ts'.length));

/** From the top down. */
const order = (/Imports go downwards[^]*?```\n([^]*?)```/.exec(DOCUMENT)?.[1] ?? '')
  .split(/\s+/)
  .filter((room) => room !== '');

function roomOf(file: string): string {
  return order.includes(file) ? file : (file.split('/')[0] ?? '');
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(SOURCES, `${file}.ts`), 'utf8');
  return [...text.matchAll(IMPORT)].map(([, path = '']) => normalize(join(dirname(file), path)));
}

/** Folders of the tree that ARCHITECTURE.md draws below `src/`, with those above them. */
function drawn(): string[] {
  const tree = /^src\/\n((?: .*\n)+)/m.exec(DOCUMENT)?.[1] ?? '';
  const above: string[] = [];
  return [...tree.matchAll(/^( +)([\w-]+)\/ /gm)].map(([, indent = '', name = '']) => {
    const depth = indent.length / 2 - 1;
    above.length = depth;
    above.push(name);
    return above.join('/');
  });
}

describe('The sources', () => {
  it('import downwards only, in the order of ARCHITECTURE.md', () => {
    const upwards = files.flatMap((file) =>
      importsOf(file)
        .filter((target) => order.indexOf(roomOf(target)) < order.indexOf(roomOf(file)))
        .map((target) => `${file} -> ${target}`),
    );
    expect(upwards).toEqual([]);
  });

  it('stand in rooms that the order names, each once', () => {
    const rooms = [...new Set(files.map(roomOf))];
    expect([...order].sort()).toEqual(rooms.sort());
  });

  it('have every folder in the tree of ARCHITECTURE.md, and no other is drawn', () => {
    const folders = [...new Set(files.map((file) => dirname(file)))].filter((path) => path !== '.');
    expect(drawn().sort()).toEqual(folders.sort());
  });
});
