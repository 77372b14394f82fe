import { describe, expect, it } from '@jest/globals';
import type { Json } from '../../../src/step-functions/interpreter/json.js';
import { failureOf, only, outputOf } from '../../support/state-machine-run.js';

const INPUT: Json = {
  a: [1, 2, 3, 3, 1],
  o: { x: 1, y: 2 },
  p: { y: 3 },
  s: 'a,b;c',
  n: 4,
  t: '{"k":[1]}',
};

function machineOf(call: string): object {
  return only({ Type: 'Pass', Parameters: { 'v.$': call } });
}

describe('intrinsic functions', () => {
  it.each<readonly [string, Json]>([
    ["States.Array('x', 1, true, null, $.n)", ['x', 1, true, null, 4]],
    ['States.Array()', []],
    ['States.ArrayPartition($.a, 2)', [[1, 2], [3, 3], [1]]],
    ['States.ArrayContains($.a, 3)', true],
    ["States.ArrayContains($.a, '3')", false],
    ['States.ArrayRange(1, 9, 2)', [1, 3, 5, 7, 9]],
    ['States.ArrayRange(3, 1, -1)', [3, 2, 1]],
    ['States.ArrayGetItem($.a, 1)', 2],
    ['States.ArrayLength($.a)', 5],
    ['States.ArrayUnique($.a)', [1, 2, 3]],
    ["States.Base64Encode('hé')", 'aMOp'],
    ["States.Base64Decode('aMOp')", 'hé'],
    ["States.Hash('input data', 'SHA-1')", 'aaff4a450a104cd177d28d18d74485e8cae074b7'],
    ['States.JsonMerge($.o, $.p, false)', { x: 1, y: 3 }],
    ['States.StringToJson($.t)', { k: [1] }],
    ['States.JsonToString($.o)', '{"x":1,"y":2}'],
    ['States.MathAdd($.n, -1)', 3],
    ['States.MathRandom(1, 5)', 3],
    ["States.StringSplit($.s, ',;')", ['a', 'b', 'c']],
    ["States.Format('{} \\{\\} {}', $.n, $.o)", '4 {} {"x":1,"y":2}'],
    ["States.Format('it\\'s {}', States.Format('{}', States.MathAdd(1, 1)))", "it's 2"],
    ["States.Format('{}', $.o['x'])", '1'],
  ])('%s', async (call, expected) => {
    expect(await outputOf(machineOf(call), { input: INPUT })).toEqual({ v: expected });
  });

  it('States.UUID is another each time, States.MathRandom the same for a seed', async () => {
    const machine = only({
      Type: 'Pass',
      Parameters: {
        'one.$': 'States.UUID()',
        'other.$': 'States.UUID()',
        'r.$': 'States.MathRandom(0, 1000, 7)',
        'q.$': 'States.MathRandom(0, 1000, 7)',
      },
    });
    const { one, other, r, q } = (await outputOf(machine)) as Record<string, Json>;
    expect(one).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    expect(other).not.toBe(one);
    expect(r).toBe(q);
  });

  it.each([
    ['States.ArrayRange(1, 1001, 1)', 'makes at most 1000 items'],
    ['States.ArrayGetItem($.a, 9)', 'out of bounds'],
    ["States.StringToJson('{')", 'not JSON'],
    ['States.JsonMerge($.o, $.p, true)', 'shallowly'],
    ["States.Format('{}', 1, 2)", '1 places for 2 arguments'],
    ["States.Hash('x', 'CRC')", 'SHA-512'],
    ['States.MathAdd(1)', 'takes 2 arguments'],
  ])('%s fails, and says where', async (call, reason) => {
    const { error, cause } = await failureOf(machineOf(call), { input: INPUT });
    expect(error).toBe('States.IntrinsicFailure');
    expect(cause).toMatch(
      /^An error occurred while executing the state 'A' \(entered at the event id #1\)\./,
    );
    expect(cause).toContain(reason);
  });
});
