import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import { api, HttpBench, route, route2 } from '../../support/http-bench.js';

/** Keys take their time on a busy machine. */
const LIMIT_MS = 60_000;

let bench: HttpBench;
beforeEach(() => {
  bench = new HttpBench();
  bench.add('fn', { statusCode: 200 });
});
afterEach(() => bench.close());

describe('JSON Web Tokens', () => {
  let server: Server;
  let issuer: string;
  let sign: (claims: JWTPayload, issuedBy?: string) => Promise<string>;
  let forge: (claims: JWTPayload) => Promise<string>;
  let asks = 0;

  beforeAll(async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256' }] };
    server = createServer((request, response) => {
      asks += 1;
      const discovery = request.url === '/.well-known/openid-configuration';
      response.end(JSON.stringify(discovery ? { jwks_uri: `${issuer}/keys` } : keys));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    sign = (claims, issuedBy = issuer) =>
      new SignJWT({ iss: issuedBy, ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: 'one' })
        .sign(privateKey);
    // Of somebody who has the key of nobody: the signature belongs to other claims.
    forge = async (claims) => {
      const [head, body] = (await sign(claims)).split('.');
      const [, , signature] = (await sign({ sub: 'other' })).split('.');
      return [head, body, signature].join('.');
    };
  }, LIMIT_MS);
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const seconds = () => Math.floor(bench.clock.now() / 1000);
  const serve = (scopes: string[] = [], parts: object = {}) =>
    bench.serve([
      api({
        kind: 'http',
        stage: '$default',
        routes: [route2('GET /', { authorizer: 'Jwt', scopes })],
        authorizers: {
          Jwt: {
            kind: 'jwt',
            path: 'Jwt',
            identitySources: ['$request.header.Authorization'],
            issuer,
            audience: ['app'],
            verified: true,
            ...parts,
          },
        },
      }),
    ]);
  const ask = (token: string) => bench.ask('/', { headers: ['Authorization', `Bearer ${token}`] });

  it('let those through that the issuer signed, with their claims as texts', async () => {
    await serve(['read']);
    const exp = seconds() + 60;
    const token = await sign({
      aud: ['app', 'x'],
      exp,
      scope: 'read write',
      sub: 'me',
      groups: ['a', 'b'],
      admin: true,
    });
    expect((await ask(token)).status).toBe(200);
    expect(bench.event['requestContext']).toMatchObject({
      authorizer: {
        jwt: {
          claims: {
            sub: 'me',
            exp: String(exp),
            groups: '[a b]',
            admin: 'true',
            aud: '[app x]',
            iss: issuer,
          },
          scopes: ['read', 'write'],
        },
      },
    });
    const before = asks;
    expect((await ask(token)).status).toBe(200);
    expect(asks).toBe(before);
  });

  it('take the client for the audience, and scopes from a list', async () => {
    await serve(['read']);
    expect((await ask(await sign({ client_id: 'app', scp: ['read'] }))).status).toBe(200);
  });

  it.each([
    ['no token', async () => ''],
    ['what is no token', async () => 'nonsense'],
    ['another audience', () => sign({ aud: 'other' })],
    ['another issuer', () => sign({ aud: 'app' }, 'https://other.example')],
    ['one that has expired', () => sign({ aud: 'app', exp: seconds() - 1 })],
    ['one that is not valid yet', () => sign({ aud: 'app', nbf: seconds() + 100 })],
    ['the signature of somebody else', () => forge({ aud: 'app' })],
  ])('refuse %s with 401', async (_, make) => {
    await serve();
    const reply = await ask(await make());
    expect([reply.status, reply.json]).toEqual([401, { message: 'Unauthorized' }]);
    expect(reply.headers['www-authenticate']).toMatch(/^Bearer/);
    expect(bench.router.requests).toEqual([]);
  });

  it('refuse a scope that is missing with 403', async () => {
    await serve(['admin']);
    const reply = await ask(await sign({ aud: 'app', scope: 'read' }));
    expect([reply.status, reply.json]).toEqual([403, { message: 'Forbidden' }]);
  });

  it('are refused while the issuer cannot be reached, which is told, and it is asked again', async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const where = `http://127.0.0.1:${port}`;
    await serve([], { issuer: where });
    const token = await sign({ aud: 'app' }, where);
    expect((await ask(token)).status).toBe(401);
    expect(bench.messages.at(-1)).toContain(
      `${where}/.well-known/openid-configuration cannot be read`,
    );
    const back = createServer((request, response) => {
      const discovery = request.url === '/.well-known/openid-configuration';
      if (discovery) response.end(JSON.stringify({ jwks_uri: `${issuer}/keys` }));
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => back.listen(port, '127.0.0.1', resolve));
    expect((await ask(token)).status).toBe(401);
    bench.clock.advance(5000);
    expect((await ask(token)).status).toBe(200);
    await new Promise((resolve) => {
      back.close(resolve);
      back.closeAllConnections();
    });
  });

  it('of an issuer of the project itself are believed, but for their time', async () => {
    await serve([], {
      issuer: 'https://cognito-idp.us-east-1.amazonaws.com/pool',
      verified: false,
    });
    expect((await ask(await forge({ aud: 'app', exp: seconds() + 5 }))).status).toBe(200);
    expect((await ask(await forge({ aud: 'app', exp: seconds() - 5 }))).status).toBe(401);
  });

  it('guard REST APIs as tokens of user pools', async () => {
    await bench.serve([
      api({
        routes: [route('GET /', { authorizer: 'Pool' })],
        authorizers: {
          Pool: {
            kind: 'cognito',
            path: 'Pool',
            identitySources: ['method.request.header.Authorization'],
            pools: [{ issuer, verified: true }],
          },
        },
      }),
    ]);
    expect((await ask(await sign({ sub: 'me' }))).status).toBe(200);
    expect(bench.event['requestContext']).toMatchObject({ authorizer: { claims: { sub: 'me' } } });
    const expired = await ask(await sign({ exp: seconds() - 1 }));
    expect([expired.status, expired.json]).toEqual([
      401,
      { message: 'The incoming token has expired' },
    ]);
    expect((await ask(await forge({ sub: 'me' }))).status).toBe(401);
  });
});
