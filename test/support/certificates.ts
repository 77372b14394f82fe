/** An authority of a test's own, and certificates it signed, as an engine behind TLS needs them. */

import { execFile } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export class Authority {
  readonly #folder: string;

  /** `folder` is made. */
  static async make(folder: string): Promise<Authority> {
    await mkdir(folder, { recursive: true });
    const [key, certificate] = [join(folder, 'ca-key.pem'), join(folder, 'ca.pem')];
    await openssl(
      ['req', '-x509', ...KEY, '-days', '2', '-subj', '/CN=test authority'],
      ['-keyout', key, '-out', certificate],
    );
    return new Authority(folder);
  }

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** A folder with `ca.pem`, `cert.pem` and `key.pem`, as DOCKER_CERT_PATH names one. */
  async issue(name: string, use: 'serverAuth' | 'clientAuth', address?: string): Promise<string> {
    const folder = join(this.#folder, name);
    await mkdir(folder, { recursive: true });
    const file = (base: string): string => join(folder, base);
    const extensions = [
      `extendedKeyUsage=${use}`,
      ...(address === undefined ? [] : [`subjectAltName=IP:${address}`]),
    ];
    await writeFile(file('extensions'), extensions.join('\n'));
    await openssl(
      ['req', ...KEY, '-subj', `/CN=${name}`],
      ['-keyout', file('key.pem'), '-out', file('request.pem')],
    );
    await openssl(
      ['x509', '-req', '-days', '2', '-in', file('request.pem'), '-out', file('cert.pem')],
      ['-CA', join(this.#folder, 'ca.pem'), '-CAkey', join(this.#folder, 'ca-key.pem')],
      ['-CAcreateserial', '-extfile', file('extensions')],
    );
    await copyFile(join(this.#folder, 'ca.pem'), file('ca.pem'));
    return folder;
  }
}

async function openssl(...options: readonly (readonly string[])[]): Promise<void> {
  await run('openssl', options.flat());
}
