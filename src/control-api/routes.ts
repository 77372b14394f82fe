/** Every operation of the Lambda API that does not invoke (contract 8.2), in one table. */

import type { Route } from '../invoke-api/routes.js';
import {
  createFunction,
  deleteFunction,
  getFunction,
  getFunctionConfiguration,
} from './functions.js';
import { getAccountSettings } from './account.js';
import { createAlias, deleteAlias, getAlias, listAliases, updateAlias } from './aliases.js';
import {
  deleteFunctionConcurrency,
  deleteProvisionedConcurrencyConfig,
  getFunctionConcurrency,
  getProvisionedConcurrencyConfig,
  listProvisionedConcurrencyConfigs,
  putFunctionConcurrency,
  putProvisionedConcurrencyConfig,
} from './concurrency.js';
import {
  deleteFunctionEventInvokeConfig,
  getFunctionEventInvokeConfig,
  listFunctionEventInvokeConfigs,
  putFunctionEventInvokeConfig,
  updateFunctionEventInvokeConfig,
} from './event-invoke.js';
import {
  addLayerVersionPermission,
  deleteLayerVersion,
  getLayerVersion,
  getLayerVersionByArn,
  getLayerVersionPolicy,
  listLayers,
  listLayerVersions,
  publishLayerVersion,
  removeLayerVersionPermission,
} from './layers.js';
import { listFunctions } from './list-functions.js';
import {
  createEventSourceMapping,
  deleteEventSourceMapping,
  getEventSourceMapping,
  listEventSourceMappings,
  updateEventSourceMapping,
} from './mappings.js';
import {
  getFunctionRecursionConfig,
  getRuntimeManagementConfig,
  putFunctionRecursionConfig,
  putRuntimeManagementConfig,
} from './other-configs.js';
import { addPermission, getPolicy, removePermission } from './policy.js';
import { deleteResourcePolicy, getResourcePolicy, putResourcePolicy } from './resource-policy.js';
import { listTags, tagResource, untagResource } from './tags.js';
import {
  createFunctionUrlConfig,
  deleteFunctionUrlConfig,
  getFunctionUrlConfig,
  listFunctionUrlConfigs,
  updateFunctionUrlConfig,
} from './urls.js';
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
  CreateAlias: createAlias,
  DeleteAlias: deleteAlias,
  GetAlias: getAlias,
  ListAliases: listAliases,
  UpdateAlias: updateAlias,
  DeleteFunctionConcurrency: deleteFunctionConcurrency,
  DeleteProvisionedConcurrencyConfig: deleteProvisionedConcurrencyConfig,
  GetFunctionConcurrency: getFunctionConcurrency,
  GetProvisionedConcurrencyConfig: getProvisionedConcurrencyConfig,
  ListProvisionedConcurrencyConfigs: listProvisionedConcurrencyConfigs,
  PutFunctionConcurrency: putFunctionConcurrency,
  PutProvisionedConcurrencyConfig: putProvisionedConcurrencyConfig,
  DeleteFunctionEventInvokeConfig: deleteFunctionEventInvokeConfig,
  GetFunctionEventInvokeConfig: getFunctionEventInvokeConfig,
  ListFunctionEventInvokeConfigs: listFunctionEventInvokeConfigs,
  PutFunctionEventInvokeConfig: putFunctionEventInvokeConfig,
  UpdateFunctionEventInvokeConfig: updateFunctionEventInvokeConfig,
  AddLayerVersionPermission: addLayerVersionPermission,
  DeleteLayerVersion: deleteLayerVersion,
  GetLayerVersion: getLayerVersion,
  GetLayerVersionByArn: getLayerVersionByArn,
  GetLayerVersionPolicy: getLayerVersionPolicy,
  ListLayers: listLayers,
  ListLayerVersions: listLayerVersions,
  PublishLayerVersion: publishLayerVersion,
  RemoveLayerVersionPermission: removeLayerVersionPermission,
  GetFunctionRecursionConfig: getFunctionRecursionConfig,
  GetRuntimeManagementConfig: getRuntimeManagementConfig,
  PutFunctionRecursionConfig: putFunctionRecursionConfig,
  PutRuntimeManagementConfig: putRuntimeManagementConfig,
  CreateFunctionUrlConfig: createFunctionUrlConfig,
  DeleteFunctionUrlConfig: deleteFunctionUrlConfig,
  GetFunctionUrlConfig: getFunctionUrlConfig,
  ListFunctionUrlConfigs: listFunctionUrlConfigs,
  UpdateFunctionUrlConfig: updateFunctionUrlConfig,
  AddPermission: addPermission,
  GetPolicy: getPolicy,
  RemovePermission: removePermission,
  DeleteResourcePolicy: deleteResourcePolicy,
  GetResourcePolicy: getResourcePolicy,
  PutResourcePolicy: putResourcePolicy,
  ListTags: listTags,
  CreateEventSourceMapping: createEventSourceMapping,
  DeleteEventSourceMapping: deleteEventSourceMapping,
  GetEventSourceMapping: getEventSourceMapping,
  ListEventSourceMappings: listEventSourceMappings,
  UpdateEventSourceMapping: updateEventSourceMapping,
  TagResource: tagResource,
  UntagResource: untagResource,
};

/** Those of the invoke API. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'Invoke',
  'InvokeAsync',
  'InvokeWithResponseStream',
]);

export function controlRoutes(parts: ControlParts): readonly Route[] {
  // Of two operations with one path, the one that asks for a parameter is looked at first.
  const asking: Route[] = [];
  const others: Route[] = [];
  for (const [name, { path }] of Object.entries(model().operations)) {
    if (ELSEWHERE.has(name)) continue;
    (path.includes('?') ? asking : others).push(routeOf(name, HANDLERS[name], parts));
  }
  return [...asking, ...others];
}

/** Operations that are answered by name as not served. */
export function unservedOperations(): readonly string[] {
  return Object.keys(model().operations).filter(
    (name) => !ELSEWHERE.has(name) && HANDLERS[name] === undefined,
  );
}
