import { describe, expect, it } from '@jest/globals';
import { parseFilterPattern } from '../../../src/log-filter/pattern.js';

function matches(pattern: string, message: string): boolean {
  const parsed = parseFilterPattern(pattern);
  if (parsed.kind === 'invalid') throw new Error(`refused: ${parsed.expected}`);
  return parsed.matches(message);
}

const JSON_LINE = JSON.stringify({
  level: 'ERROR',
  ms: 120,
  user: { id: 7, name: 'Ann', admin: false, note: null },
  items: [{ sku: 'red-1' }, { sku: 'blue-2' }],
  'dotted.key': 'x',
  ip: '198.51.100.7',
});
const ACCESS_LINE =
  '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" 404 1534';

describe('terms', () => {
  it.each([
    ['', 'anything', true],
    ['ERROR', '[ERROR 400] BAD REQUEST', true],
    ['ERROR', '[error 400] BAD REQUEST', false],
    ['ERROR', 'two ERRORS', false],
    ['ERROR ARGUMENTS', '[ERROR 419] MISSING ARGUMENTS', true],
    ['ERROR ARGUMENTS', '[ERROR 401] UNAUTHORIZED', false],
    ['"INTERNAL SERVER ERROR"', '[ERROR 500] INTERNAL SERVER ERROR', true],
    ['"INTERNAL SERVER ERROR"', '[ERROR 500] SERVER INTERNAL ERROR', false],
    ['ERROR -ARGUMENTS', '[ERROR 400] BAD REQUEST', true],
    ['ERROR -ARGUMENTS', '[ERROR 419] MISSING ARGUMENTS', false],
    ['ERROR -"BAD REQUEST"', '[ERROR 400] BAD REQUEST', false],
    ['?ERROR ?WARN', 'WARN low on disk', true],
    ['?ERROR ?WARN', 'all is well', false],
    ['?"two words" ?other', 'these two words', true],
    ['%AUTH[A-Z]*D%', 'UNAUTHORIZED', true],
    ['%^REPORT%', 'no REPORT', false],
    ['-DEBUG', 'INFO', true],
  ])('%s on %s: %s', (pattern, message, expected) => {
    expect(matches(pattern, message)).toBe(expected);
  });
});

describe('JSON patterns', () => {
  it.each([
    ['{ $.level = "ERROR" }', true],
    ['{ $.level = ERROR }', true],
    ['{ $.level = "ERR*" }', true],
    ['{ $.level = "error" }', false],
    ['{ $.level != "INFO" }', true],
    ['{ $.ms = 120 }', true],
    ['{ $.ms > 100 && $.ms <= 120 }', true],
    ['{ $.ms < 100 || $.user.id = 7 }', true],
    ['{ ($.ms < 100 || $.user.id = 8) && $.level = "ERROR" }', false],
    ['{ $.items[1].sku = "blue*" }', true],
    ['{ $.items[0].sku = "blue*" }', false],
    ['{ $.user.note IS NULL }', true],
    ['{ $.user.admin IS FALSE }', true],
    ['{ $.user.admin IS TRUE }', false],
    ['{ $.user.mail NOT EXISTS }', true],
    ['{ $.user.name NOT EXISTS }', false],
    ['{ $.user.mail != "x" }', false],
    ['{ $.["dotted.key"] = "x" }', true],
    ['{ $.ip = 198.51.* }', true],
    ['{ $.user.name = %^A.n$% }', true],
  ])('%s: %s', (pattern, expected) => {
    expect(matches(pattern, JSON_LINE)).toBe(expected);
    expect(matches(pattern, 'no JSON at all')).toBe(false);
  });
});

describe('fields', () => {
  it.each([
    ['[ip, user, username, timestamp, request, status_code, bytes]', true],
    ['[ip, user, username, timestamp, request, status_code = 4*, bytes > 1000]', true],
    ['[ip, user, username, timestamp, request = *.gif*, status_code = 404, bytes]', true],
    ['[ip, ..., status_code = 4*, bytes]', true],
    ['[..., status_code = 5*, bytes]', false],
    ['[ip, user, username]', false],
    ['[ip, user, username = frank || username = ann, ...]', true],
    ['[ip != 10.*, ...]', true],
  ])('%s: %s', (pattern, expected) => {
    expect(matches(pattern, ACCESS_LINE)).toBe(expected);
  });
});

it.each([
  '{ $.level }',
  '{ level = 1 }',
  '{ $.a > "x" }',
  '[a, b > ]',
  '%(a)%',
  '"open',
  '[..., a, ...]',
])('%s is refused with what is expected', (pattern) => {
  expect(parseFilterPattern(pattern)).toEqual({ kind: 'invalid', expected: expect.any(String) });
});
