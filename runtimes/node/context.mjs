// The context object (contract 4.1).

const { env } = process;

/** `legacy`: the completion functions of Node.js 22 and before, or undefined. */
export function createContext(headers, legacy) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const context = {
    ...(legacy === undefined ? {} : { callbackWaitsForEmptyEventLoop: true }),
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: json(headers['lambda-runtime-client-context']),
    identity: json(headers['lambda-runtime-cognito-identity']),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    tenantId: headers['lambda-runtime-aws-tenant-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  if (legacy === undefined) context.xRayTraceId = headers['lambda-runtime-trace-id'];
  else Object.assign(context, legacy);
  return context;
}

function json(text) {
  return text === undefined || text === '' ? undefined : JSON.parse(text);
}
