/** From the id of a function URL to the function it belongs to. */

import { LATEST } from '../registry/records.js';
import type { FunctionRegistry } from '../registry/registry.js';
import type { Cors } from '../http-events/cors.js';
import type { FunctionUrl } from './function-urls.js';

const EVERYBODY = { Effect: 'Allow', Action: 'lambda:InvokeFunctionUrl', Principal: '*' };

export class UrlIndex {
  readonly #registry: FunctionRegistry;
  /** Where it was last: looked at first, and believed only if it still holds. */
  readonly #known = new Map<string, { name: string; key: string }>();

  constructor(registry: FunctionRegistry) {
    this.#registry = registry;
  }

  find(urlId: string): FunctionUrl | undefined {
    const known = this.#known.get(urlId);
    if (known !== undefined) {
      const url = this.#at(urlId, known.name, known.key);
      if (url !== undefined) return url;
      this.#known.delete(urlId);
    }
    for (const name of this.#registry.names()) {
      for (const key of Object.keys(this.#registry.urls(name))) {
        const url = this.#at(urlId, name, key);
        if (url === undefined) continue;
        this.#known.set(urlId, { name, key });
        return url;
      }
    }
    return undefined;
  }

  #at(urlId: string, name: string, key: string): FunctionUrl | undefined {
    const { urls, policies } = this.#registry.record(name);
    const url = this.#registry.urls(name)[key];
    if (url?.urlId !== urlId || !this.#registry.exists(name, key)) return undefined;
    return {
      functionName: name,
      ...(key === LATEST ? {} : { qualifier: key }),
      authType: url.authType,
      invokeMode: url.invokeMode,
      ...(url.cors === undefined ? {} : { cors: url.cors as Cors }),
      // SAM opens what a file says is for everybody.
      statements: [
        ...(policies[key]?.statements ?? []),
        ...(urls[key] === undefined ? [EVERYBODY] : []),
      ],
    };
  }
}
