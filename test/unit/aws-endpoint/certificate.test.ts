import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { describe, expect, it } from '@jest/globals';
import { certificateFor } from '../../../src/aws-endpoint/certificate.js';

const NOW = Date.now();

describe('a certificate of ours', () => {
  it.each([
    ['172.17.0.1', '172.17.0.1'],
    ['fd00::1:2', 'fd00::1:2'],
    ['::1', '::1'],
  ])('is for the address %s', (host, address) => {
    const certificate = new X509Certificate(certificateFor(host, NOW).cert);
    expect(certificate.checkIP(address)).toBe(address);
    expect(certificate.checkIP('10.0.0.1')).toBeUndefined();
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(Date.parse(certificate.validFrom)).toBeLessThan(NOW);
    expect(Date.parse(certificate.validTo)).toBeGreaterThan(NOW);
  });

  it('is for a name', () => {
    const { cert } = certificateFor('host.docker.internal', NOW);
    expect(new X509Certificate(cert).checkHost('host.docker.internal')).toBe(
      'host.docker.internal',
    );
  });

  it('is believed by who was told to, and by nobody else', async () => {
    const { key, cert } = certificateFor('127.0.0.1', NOW);
    const server = createServer({ key, cert }, (socket) => socket.end('hello'));
    server.on('tlsClientError', () => undefined);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const trusting = connect({ host: '127.0.0.1', port, ca: cert });
    const [data] = (await once(trusting, 'data')) as [Buffer];
    expect(data.toString()).toBe('hello');
    const other = connect({ host: '127.0.0.1', port });
    const [error] = (await once(other, 'error')) as [Error & { code: string }];
    expect(error.code).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    trusting.destroy();
    other.destroy();
    server.close();
  });
});
