/** A template with functions and HTTP event sources, as read. */

import type { Config, Problem } from '../../src/config/config.js';
import type { ApiDefinition, RouteDefinition } from '../../src/stack/http.js';
import { ConfigFolder } from './config-folder.js';

const FUNCTION = { Runtime: 'nodejs22.x', Handler: 'index.handler', CodeUri: 'code' };

export class ApiTemplates {
  readonly folder: ConfigFolder;

  private constructor(folder: ConfigFolder) {
    this.folder = folder;
  }

  static async make(): Promise<ApiTemplates> {
    const folder = await ConfigFolder.make();
    await folder.put('code/index.mjs', '');
    return new ApiTemplates(folder);
  }

  async load(resources: object, more: object = {}): Promise<Config> {
    await this.#put(resources, more);
    return this.folder.load();
  }

  async apis(resources: object, more: object = {}): Promise<readonly ApiDefinition[]> {
    return (await this.load(resources, more)).stack.apis;
  }

  async problems(resources: object): Promise<readonly Problem[]> {
    await this.#put(resources, {});
    return this.folder.problems();
  }

  remove(): Promise<void> {
    return this.folder.remove();
  }

  #put(resources: object, more: object): Promise<void> {
    const template = { Transform: 'AWS::Serverless-2016-10-31', ...more, Resources: resources };
    return this.folder.put('template.yaml', JSON.stringify(template));
  }
}

export function fn(events?: object, more: object = {}): object {
  return {
    Type: 'AWS::Serverless::Function',
    Properties: { ...FUNCTION, ...more, ...(events === undefined ? {} : { Events: events }) },
  };
}

export const event = (Type: string, Properties: object = {}): object => ({ Type, Properties });

export const keysOf = (api: ApiDefinition | undefined): string[] =>
  (api?.routes ?? []).map(({ method, resource }) => `${method} ${resource}`);

export function routeOf(api: ApiDefinition | undefined, key: string): RouteDefinition {
  const found = api?.routes.find(({ method, resource }) => `${method} ${resource}` === key);
  if (found === undefined) throw new Error(`no route ${key} among ${keysOf(api).join()}`);
  return found;
}

/** The URI that API Gateway calls the function of this logical id by. */
export const invocation = (name: string): object => ({
  'Fn::Sub': `arn:aws:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${${name}.Arn}/invocations`,
});
