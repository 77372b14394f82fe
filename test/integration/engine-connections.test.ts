import { mkdtemp } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Authority } from '../support/certificates.js';
import { NO_PRIVATE_ENGINE, PrivateEngine } from '../support/private-engine.js';
import { finished, projectFolder, removeFolder, up } from '../support/running-up.js';

const LIMIT_MS = 120_000;
const ADDRESS = '127.0.0.1';
const ECHO = 'export const handler = async (event) => ({ echo: event });';

type Variables = Record<string, string>;

const title = 'an engine reached by TCP';
if (NO_PRIVATE_ENGINE !== undefined) {
  describe.skip(`${title} (skipped: ${NO_PRIVATE_ENGINE})`, () => it('is not tested', () => {}));
} else {
  describe(title, () => {
    let certificates: string;
    let engine: PrivateEngine;
    let directory: string;
    let clientFolder: string;
    let strangerFolder: string;
    let tls: number;
    let plain: number;

    beforeAll(async () => {
      certificates = await mkdtemp(join(tmpdir(), 'orchestrator-test-'));
      const [ours, strangers] = await Promise.all([
        Authority.make(join(certificates, 'ours')),
        Authority.make(join(certificates, 'strangers')),
      ]);
      const server = await ours.issue('server', 'serverAuth', ADDRESS);
      clientFolder = await ours.issue('client', 'clientAuth');
      strangerFolder = await strangers.issue('client', 'clientAuth');
      [tls, plain] = await freePorts();
      engine = await PrivateEngine.start({
        args: [
          `--host=tcp://${ADDRESS}:${tls}`,
          '--tlsverify',
          `--tlscacert=${join(server, 'ca.pem')}`,
          `--tlscert=${join(server, 'cert.pem')}`,
          `--tlskey=${join(server, 'key.pem')}`,
        ],
      });
      await engine.load('nodejs22.x');
      directory = await projectFolder({ echo: { files: { 'index.mjs': ECHO } } });
    }, LIMIT_MS);
    afterAll(async () => {
      await engine?.close();
      await Promise.all([certificates, directory].filter(Boolean).map(removeFolder));
    }, LIMIT_MS);

    async function serves(environment: Variables): Promise<void> {
      const orchestrator = await up(directory, { engine, environment });
      try {
        const answer = await orchestrator.invoke('echo', { word: 'there' });
        expect([answer.status, answer.json]).toEqual([200, { echo: { word: 'there' } }]);
        // Its second event comes to a frozen environment, where only the engine can thaw.
        expect((await orchestrator.invoke('echo')).status).toBe(200);
      } finally {
        expect(await orchestrator.end('SIGTERM')).toBe(0);
      }
      expect(await engine.docker.listContainers({ all: true })).toEqual([]);
    }

    /** What `up` says when it cannot use the engine, as people read it. */
    async function refusal(environment: Variables): Promise<string> {
      const { code, stderr } = await finished(['up', directory, '--port', '0'], {
        engine,
        environment,
      });
      expect(code).not.toBe(0);
      expect(stderr).not.toMatch(/\n\s+at /);
      expect(stderr).toContain('Remedy:');
      return stderr;
    }

    const withTls = (folder: string): Variables => ({
      DOCKER_HOST: `tcp://${ADDRESS}:${tls}`,
      DOCKER_TLS_VERIFY: '1',
      DOCKER_CERT_PATH: folder,
    });

    it('serves with certificates of its authority', () => serves(withTls(clientFolder)), LIMIT_MS);

    it(
      'refuses certificates of another authority with a remedy',
      async () => {
        expect(await refusal(withTls(strangerFolder))).toMatch(/certificates of the engine/);
      },
      LIMIT_MS,
    );

    it(
      'refuses a client that the engine does not know with a remedy',
      async () => {
        const server = join(certificates, 'ours', 'server');
        expect(await refusal(withTls(server))).toMatch(/certificates of the engine/);
      },
      LIMIT_MS,
    );

    it(
      'names the folder when certificates are missing',
      async () => {
        const said = await refusal(withTls(join(certificates, 'nowhere')));
        expect(said).toContain('DOCKER_CERT_PATH must be a folder');
      },
      LIMIT_MS,
    );

    it(
      'says so when only one of the two speaks TLS',
      async () => {
        const said = await refusal({ DOCKER_HOST: `tcp://${ADDRESS}:${tls}` });
        expect(said).toContain('disagree');
      },
      LIMIT_MS,
    );

    it(
      'says so when nobody listens there',
      async () => {
        const said = await refusal({ DOCKER_HOST: `tcp://${ADDRESS}:${plain}` });
        expect(said).toContain('does not answer');
      },
      LIMIT_MS,
    );

    it(
      'serves without TLS too',
      async () => {
        await engine.stop();
        engine.args = [`--host=tcp://${ADDRESS}:${plain}`, '--tls=false'];
        await engine.start();
        await serves({ DOCKER_HOST: `tcp://${ADDRESS}:${plain}` });
      },
      LIMIT_MS,
    );
  });
}

async function freePorts(): Promise<[number, number]> {
  const servers = await Promise.all(
    [0, 1].map(
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer().listen(0, ADDRESS, () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return [ports[0] ?? 0, ports[1] ?? 0];
}
