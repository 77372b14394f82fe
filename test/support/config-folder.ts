/** A temporary folder whose project file is read: the configuration, or the problems it has. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { Config, Flags, Problem } from '../../src/config/config.js';
import { loadConfig } from '../../src/config/load.js';
import { isOrchestratorError } from '../../src/errors.js';

export class ConfigFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<ConfigFolder> {
    return new ConfigFolder(await mkdtemp(join(tmpdir(), 'orchestrator-config-')));
  }

  async put(file: string, content: string | Buffer): Promise<void> {
    await mkdir(dirname(join(this.path, file)), { recursive: true });
    await writeFile(join(this.path, file), content);
  }

  load(flags: Flags = {}): Promise<Config> {
    return loadConfig({ directory: this.path, flags, environment: {} });
  }

  /** Fails when the file has none. */
  async problems(flags: Flags = {}): Promise<readonly Problem[]> {
    try {
      await this.load(flags);
    } catch (error) {
      if (isOrchestratorError(error, 'config-invalid') && error.details['problems'] !== undefined) {
        return error.details['problems'] as Problem[];
      }
      throw error;
    }
    throw new Error('the file was accepted');
  }

  remove(): Promise<void> {
    return rm(this.path, { recursive: true, force: true });
  }
}
