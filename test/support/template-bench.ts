/** A template with one function, and resources beside it, as read. */

import type { Config } from '../../src/config/config.js';
import { ConfigFolder } from './config-folder.js';

export interface Written {
  readonly resources?: object;
  /** Properties of the function, which is called `Fn`. */
  readonly own?: object;
}

export class TemplateBench {
  readonly #folder: ConfigFolder;

  private constructor(folder: ConfigFolder) {
    this.#folder = folder;
  }

  static async make(): Promise<TemplateBench> {
    const folder = await ConfigFolder.make();
    await folder.put('code/index.mjs', '');
    return new TemplateBench(folder);
  }

  async load(written: Written): Promise<Config> {
    await this.#put(written);
    return this.#folder.load();
  }

  /** Paths of all that is wrong, sorted. */
  async refused(written: Written): Promise<string[]> {
    await this.#put(written);
    const problems = await this.#folder.problems();
    return problems.map(({ path }) => path).sort();
  }

  remove(): Promise<void> {
    return this.#folder.remove();
  }

  async #put({ resources = {}, own = {} }: Written): Promise<void> {
    const base = { Runtime: 'nodejs22.x', Handler: 'index.handler', CodeUri: 'code' };
    const Fn = { Type: 'AWS::Serverless::Function', Properties: { ...base, ...own } };
    await this.#folder.put('template.yaml', JSON.stringify({ Resources: { Fn, ...resources } }));
  }
}
