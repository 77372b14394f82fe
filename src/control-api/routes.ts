/** Every operation of the Lambda API that does not invoke (contract 8.2), in one table. */

import type { Route } from '../invoke-api/routes.js';
import {
  createFunction,
  deleteFunction,
  getFunction,
  getFunctionConfiguration,
  listFunctions,
} from './functions.js';
import { getAccountSettings } from './account.js';
import { model } from './model.js';
import { routeOf, type Handler } from './operation.js';
import type { ControlParts } from './parts.js';
import { updateFunctionCode, updateFunctionConfiguration } from './updates.js';
import { listVersionsByFunction, publishVersion } from './versions.js';

const HANDLERS: Readonly<Record<string, Handler>> = {
  CreateFunction: createFunction,
  GetFunction: getFunction,
  GetFunctionConfiguration: getFunctionConfiguration,
  UpdateFunctionCode: updateFunctionCode,
  UpdateFunctionConfiguration: updateFunctionConfiguration,
  DeleteFunction: deleteFunction,
  ListFunctions: listFunctions,
  PublishVersion: publishVersion,
  ListVersionsByFunction: listVersionsByFunction,
  GetAccountSettings: getAccountSettings,
};

/** Those of the invoke API. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'Invoke',
  'InvokeAsync',
  'InvokeWithResponseStream',
]);

export function controlRoutes(parts: ControlParts): readonly Route[] {
  const routes = Object.keys(model().operations)
    .filter((name) => !ELSEWHERE.has(name))
    .map((name) => routeOf(name, HANDLERS[name], parts));
  // Of two operations with one path, the one that asks for a parameter is looked at first.
  return [
    ...routes.filter(({ query }) => query !== undefined),
    ...routes.filter(({ query }) => query === undefined),
  ];
}

/** Operations that are answered by name as not served. */
export function unservedOperations(): readonly string[] {
  return Object.keys(model().operations).filter(
    (name) => !ELSEWHERE.has(name) && HANDLERS[name] === undefined,
  );
}
