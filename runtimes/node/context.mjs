// The context object (contract 4.1), and Node.js 24's other way to what it holds.

import { PROMISES_ONLY, runtimeError } from './errors.mjs';

const { env } = process;
/** What is the same for all events; asking the environment takes longer than all the rest. */
let constants;

/**
 * `completion`: what the context of Node.js 22 and before can do besides; undefined: nothing. Written
 * out in their order: put together from parts an object takes seven times as long.
 */
export function createContext(headers, completion) {
  constants ??= fromEnvironment();
  const { functionName, functionVersion, memoryLimitInMB, logGroupName, logStreamName } = constants;
  const deadline = Number(headers.get('lambda-runtime-deadline-ms'));
  const clientContext = json(headers, 'lambda-runtime-client-context', 'ClientContext');
  const identity = json(headers, 'lambda-runtime-cognito-identity', 'CognitoIdentity');
  const invokedFunctionArn = headers.get('lambda-runtime-invoked-function-arn');
  const awsRequestId = headers.get('lambda-runtime-aws-request-id');
  const tenantId = headers.get('lambda-runtime-aws-tenant-id');
  const getRemainingTimeInMillis = () => deadline - Date.now();
  if (PROMISES_ONLY) {
    return {
      clientContext,
      identity,
      invokedFunctionArn,
      awsRequestId,
      tenantId,
      xRayTraceId: headers.get('lambda-runtime-trace-id') ?? '',
      getRemainingTimeInMillis,
      functionName,
      functionVersion,
      memoryLimitInMB,
      logGroupName,
      logStreamName,
    };
  }
  const { succeed, fail, done } = completion ?? {};
  const context = {
    callbackWaitsForEmptyEventLoop: true,
    succeed,
    fail,
    done,
    functionVersion,
    functionName,
    memoryLimitInMB,
    logGroupName,
    logStreamName,
    clientContext,
    identity,
    invokedFunctionArn,
    awsRequestId,
    tenantId,
    getRemainingTimeInMillis,
  };
  return completion === undefined ? withoutCompletion(context) : context;
}

function withoutCompletion({ succeed: _succeed, fail: _fail, done: _done, ...rest }) {
  return rest;
}

function fromEnvironment() {
  return {
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
  };
}

function json(headers, header, name) {
  const text = headers.get(header);
  if (text === undefined || text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!PROMISES_ONLY) throw new Error(`Cannot parse ${name} as json: ${error}`);
    const message = `Failed to parse ${header} as JSON: ${error.message}`;
    throw runtimeError('Runtime.PlatformError', message);
  }
}

/** It is asked again: the function's module may change it. */
export function forgetEnvironment() {
  constants = undefined;
}

const KEYS = {
  REQUEST_ID: Symbol.for('_AWS_LAMBDA_REQUEST_ID'),
  X_RAY_TRACE_ID: Symbol.for('_AWS_LAMBDA_X_RAY_TRACE_ID'),
  TENANT_ID: Symbol.for('_AWS_LAMBDA_TENANT_ID'),
};

/** `awslambda.InvokeStore`, as the package @aws/lambda-invoke-store looks for it. */
export class InvokeStore {
  static PROTECTED_KEYS = KEYS;
  #context;

  run(context, body) {
    this.#context = context;
    return body();
  }

  getContext() {
    return this.#context;
  }

  hasContext() {
    return this.#context !== undefined;
  }

  get(key) {
    return this.#context?.[key];
  }

  set(key, value) {
    if (this.isProtectedKey(key))
      throw new Error(`Cannot modify protected Lambda context field: ${String(key)}`);
    this.#context ??= {};
    this.#context[key] = value;
  }

  isProtectedKey(key) {
    return Object.values(KEYS).includes(key);
  }

  getRequestId() {
    return this.get(KEYS.REQUEST_ID) ?? '-';
  }

  getXRayTraceId() {
    return this.get(KEYS.X_RAY_TRACE_ID);
  }

  getTenantId() {
    return this.get(KEYS.TENANT_ID);
  }
}

export function storedContext(headers) {
  return {
    [KEYS.REQUEST_ID]: headers.get('lambda-runtime-aws-request-id'),
    [KEYS.X_RAY_TRACE_ID]: headers.get('lambda-runtime-trace-id') ?? '',
    [KEYS.TENANT_ID]: headers.get('lambda-runtime-aws-tenant-id'),
  };
}
