import { describe, expect, it } from '@jest/globals';
import { RouteTable } from '../../../src/api-gateway/route-table.js';
import { route } from '../../support/http-bench.js';

function table(kind: 'rest' | 'http', ...keys: string[]) {
  const routes = new RouteTable({ kind, routes: keys.map((key) => route(key)) });
  return (request: string): string => {
    const [method = '', path = ''] = request.split(' ');
    const found = routes.find(method, path);
    if (found === undefined) return 'none';
    const { route: meant, parameters } = found;
    const names = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
    return [`${meant.method} ${meant.resource}`, ...names].join(' ');
  };
}

describe('routes of an HTTP API', () => {
  // The order in which API Gateway's documents say they are chosen.
  const find = table(
    'http',
    'GET /pets/dog/1',
    'GET /pets/dog/{id}',
    'GET /pets/{proxy+}',
    'ANY /{proxy+}',
    '$default',
  );

  it.each([
    ['GET /pets/dog/1', 'GET /pets/dog/1'],
    ['GET /pets/dog/2', 'GET /pets/dog/{id} id=2'],
    ['GET /pets/cat/1', 'GET /pets/{proxy+} proxy=cat/1'],
    ['POST /pets/dog/1', 'ANY /{proxy+} proxy=pets/dog/1'],
    ['POST /test/5', 'ANY /{proxy+} proxy=test/5'],
    ['GET /', 'ANY $default'],
  ])('%s leads to %s', (request, expected) => {
    expect(find(request)).toBe(expected);
  });

  it('takes a named method before ANY, and the path before the method', () => {
    const of = table('http', 'ANY /a', 'GET /a', 'GET /{x}', 'ANY /b');
    expect(of('GET /a')).toBe('GET /a');
    expect(of('POST /a')).toBe('ANY /a');
    expect(of('GET /b')).toBe('ANY /b');
    expect(of('GET /c')).toBe('GET /{x} x=c');
  });

  it('takes a slash at the end for part of the path', () => {
    const of = table('http', 'GET /a', 'GET /b/{proxy+}');
    expect(of('GET /a/')).toBe('none');
    expect(of('GET /b/c/')).toBe('GET /b/{proxy+} proxy=c/');
    expect(of('GET /b/')).toBe('none');
  });
});

describe('methods of a REST API', () => {
  it('are those of the resource that the path means, whatever others would take', () => {
    const of = table('rest', 'GET /users', 'ANY /{proxy+}', 'GET /users/{id}');
    expect(of('GET /users')).toBe('GET /users');
    expect(of('POST /users')).toBe('none');
    expect(of('GET /users/7')).toBe('GET /users/{id} id=7');
    expect(of('GET /users/7/x')).toBe('ANY /{proxy+} proxy=users/7/x');
  });

  it('forgive a slash at the end', () => {
    const of = table('rest', 'GET /users', 'GET /', 'ANY /files/{path+}');
    expect(of('GET /users/')).toBe('GET /users');
    expect(of('GET /')).toBe('GET /');
    expect(of('GET /files/a/b/')).toBe('ANY /files/{path+} path=a/b');
  });

  it('leave parameters as they were written', () => {
    expect(table('rest', 'GET /x/{id}')('GET /x/a%2Fb+c')).toBe('GET /x/{id} id=a%2Fb+c');
  });
});
