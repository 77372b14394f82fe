import { describe, expect, it } from '@jest/globals';
import { readArguments } from '../../bench/tools/arguments.js';

const KNOWN = ['warm', 'frozen', 'cold'];
const read = (...argv: string[]) => readArguments(argv, KNOWN);

describe('The arguments of a bench', () => {
  it('measure everything in three rounds when nothing is said', () => {
    expect(read()).toEqual({
      kind: 'measure',
      sections: KNOWN,
      rounds: 3,
      update: false,
      documents: false,
    });
  });

  it('choose sections, in their own order and each once', () => {
    expect(read('cold', 'warm', 'cold')).toMatchObject({ sections: ['warm', 'cold'] });
  });

  it('refuse a section that there is not, with the nearest there is', () => {
    expect(read('wram')).toEqual({
      kind: 'refused',
      reason: 'No section is called wram. Did you mean warm? There are: warm, frozen, cold.',
    });
  });

  it('take a number of rounds, and refuse what is none', () => {
    expect(read('--rounds', '7')).toMatchObject({ rounds: 7 });
    for (const rounds of ['0', '-1', '2.5', 'many']) {
      expect(read(`--rounds=${rounds}`)).toMatchObject({ kind: 'refused' });
    }
  });

  it('refuse a flag that there is not', () => {
    expect(read('--fast')).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('--fast'),
    });
  });

  it('store and write documents when asked to', () => {
    expect(read('--update', '--readme')).toMatchObject({ update: true, documents: true });
    expect(read('--readme-only')).toEqual({ kind: 'documents' });
  });

  it('help, and list what there is', () => {
    expect(read('--help', 'nonsense')).toEqual({ kind: 'help' });
    expect(read('--list', 'warm')).toEqual({ kind: 'list' });
  });

  it('list nothing for whom a measurement would refuse', () => {
    expect(read('--list', 'nonsense')).toMatchObject({ kind: 'refused' });
    expect(read('--list', '--rounds=0')).toMatchObject({ kind: 'refused' });
  });
});
