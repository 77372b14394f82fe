/**
 * A network of a test's own: bridges, addresses and packet filter of what runs in it are not the
 * machine's, and go with it. One cable leads out of it, to this process.
 */

import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

interface Interface {
  readonly ifname: string;
  readonly addr_info: readonly { readonly local?: string }[];
}

export class NetworkNamespace {
  /** Of what listens in it, for us. */
  readonly address: string;
  /** Addresses for networks in it, which nobody on this machine uses. */
  readonly pool: string;
  readonly #file: string;
  readonly #cable: string;

  /** `file` is made; it stands for the namespace. */
  static async make(file: string): Promise<NetworkNamespace> {
    const numbers = await freeNumbers();
    const namespace = new NetworkNamespace(file, numbers);
    await writeFile(file, '');
    await run('unshare', [`--net=${file}`, 'true']);
    try {
      await namespace.#lay(numbers);
    } catch (error) {
      await namespace.remove();
      throw error;
    }
    return namespace;
  }

  private constructor(file: string, numbers: string) {
    this.#file = file;
    this.#cable = `orc-${numbers.split('.').slice(1).join('-')}`;
    this.address = `${numbers}.2`;
    this.pool = `base=${numbers}.128/25,size=28`;
  }

  /** The words that run a command in it, to be followed by those of the command. */
  get enter(): readonly string[] {
    return ['nsenter', `--net=${this.#file}`, '--'];
  }

  /** Deletes all bridges in it. */
  async loseBridges(): Promise<void> {
    const { stdout } = await this.#ip('-json', 'link', 'show', 'type', 'bridge');
    for (const { ifname } of JSON.parse(stdout || '[]') as Interface[]) {
      await this.#ip('link', 'delete', ifname);
    }
  }

  /** The kernel takes the rest away with the last process in it. */
  async remove(): Promise<void> {
    await run('ip', ['link', 'delete', this.#cable]).catch(() => undefined);
    await run('umount', [this.#file]).catch(() => undefined);
    await rm(this.#file, { force: true });
  }

  async #lay(numbers: string): Promise<void> {
    const peer = ['peer', 'name', this.#cable, 'netns', String(process.pid)];
    await this.#ip('link', 'add', 'eth0', 'type', 'veth', ...peer);
    await this.#ip('address', 'add', `${numbers}.2/30`, 'dev', 'eth0');
    for (const name of ['lo', 'eth0']) await this.#ip('link', 'set', name, 'up');
    await run('ip', ['address', 'add', `${numbers}.1/30`, 'dev', this.#cable]);
    await run('ip', ['link', 'set', this.#cable, 'up']);
  }

  #ip(...args: readonly string[]): Promise<{ stdout: string }> {
    const [program = '', ...rest] = [...this.enter, 'ip', ...args];
    return run(program, rest);
  }
}

/** The first three numbers of addresses nobody here uses, as far as the interfaces tell. */
async function freeNumbers(): Promise<string> {
  const { stdout } = await run('ip', ['-json', 'address']);
  const taken = (JSON.parse(stdout) as Interface[]).flatMap(({ addr_info: all }) =>
    all.map(({ local }) => local ?? ''),
  );
  for (;;) {
    const range = `10.${128 + random(127)}.`;
    if (!taken.some((address) => address.startsWith(range))) return `${range}${random(255)}`;
  }
}

function random(below: number): number {
  return Math.floor(Math.random() * below);
}
