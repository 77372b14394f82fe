// The Node.js bootstrap: polls the Runtime API, calls the handler, posts what came of it. The
// numbers are the steps of runtimes/README.md.

import { writeSync } from 'node:fs';
import { logError, patchConsole, setRequestId } from './console.mjs';
import { errorForLog, errorPayload, runtimeError } from './errors.mjs';
import { loadHandler, PROMISES_ONLY } from './handler.mjs';
import { awslambda, callHandler, Streamed } from './invoke.mjs';
import { RuntimeClient } from './runtime-client.mjs';

const { env } = process;
// 1. What the platform says.
const marker = env._ORCHESTRATOR_LOG_MARKER;
delete env._ORCHESTRATOR_LOG_MARKER;
const root = env.LAMBDA_TASK_ROOT ?? '/var/task';
const client = new RuntimeClient(env.AWS_LAMBDA_RUNTIME_API);
let current;

patchConsole({ format: env.AWS_LAMBDA_LOG_FORMAT, level: env.AWS_LAMBDA_LOG_LEVEL });
if (!['1', 'true'].includes(env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA))
  globalThis.awslambda = awslambda;
if (!PROMISES_ONLY) reportStrayErrors();
void main();

async function main() {
  // 2. The handler is found and its module run: the init phase.
  let handler;
  try {
    handler = await loadHandler(root, env._HANDLER ?? '');
  } catch (error) {
    logError('Init Error', errorForLog(error));
    await initError(error);
    process.exit(1);
  }
  mark('init');
  // 3. Polling says that init is over.
  let event = await client.next();
  for (;;) {
    if (event.status !== 200) {
      process.stdout.write(`The Runtime API answered ${event.status} to the poll: ${event.body}\n`);
      process.exit(1);
    }
    event = await serve(handler, event);
  }
}

/** 4–7. One event; resolves to the next one. */
async function serve(handler, { headers, body }) {
  const requestId = headers['lambda-runtime-aws-request-id'];
  const traceId = headers['lambda-runtime-trace-id'];
  current = requestId;
  setRequestId(requestId);
  if (traceId === undefined) delete env._X_AMZN_TRACE_ID;
  else env._X_AMZN_TRACE_ID = traceId;
  // 5. Only what the handler does keeps the process alive meanwhile.
  client.unref();
  let result;
  let failure;
  try {
    result = resultOf(await callHandler(handler, JSON.parse(body.toString('utf8')), headers));
  } catch (error) {
    failure = { error };
  }
  client.ref();
  if (failure !== undefined) {
    logError('Invoke Error', errorForLog(failure.error));
    const text = JSON.stringify(errorPayload(failure.error));
    done(requestId);
    return client.fail(requestId, text, '');
  }
  // 6. The log is complete; 7. the response, and the poll behind it.
  done(requestId);
  return client.respond(requestId, result.body, result.contentType);
}

function done(requestId) {
  current = undefined;
  mark(requestId);
}

function resultOf(value) {
  if (value instanceof Streamed) return value;
  try {
    const body = JSON.stringify(value === undefined ? null : value);
    return { body: body ?? 'null', contentType: 'application/json' };
  } catch {
    const type = PROMISES_ONLY ? 'Runtime.JSONStringifyError' : 'Error';
    throw runtimeError(type, 'Unable to stringify response body');
  }
}

/** Everything written before this line belongs to `what`. */
function mark(what) {
  if (marker !== undefined) writeSync(1, `\x1e${marker} ${what}\n`);
}

function initError(error) {
  const payload = errorPayload(error);
  mark('init');
  return client.post(
    'init/error',
    JSON.stringify(payload),
    `Lambda-Runtime-Function-Error-Type: ${headerText(payload.errorType)}\r\n`,
  );
}

function headerText(text) {
  return String(text).replace(/[^\x20-\x7e]/g, '?');
}

/** Node.js 22 and before: errors outside the handler's promise are reported, then the process ends. */
function reportStrayErrors() {
  const report = async (label, error, status) => {
    logError(label, errorForLog(error));
    client.ref();
    const requestId = current;
    if (requestId === undefined) await initError(error);
    else {
      mark(requestId);
      await client.post(`invocation/${requestId}/error`, JSON.stringify(errorPayload(error)), '');
    }
    process.exit(status);
  };
  process.on('uncaughtException', (error) => void report('Uncaught Exception', error, 129));
  process.on('unhandledRejection', (reason) => {
    const error = runtimeError('Runtime.UnhandledPromiseRejection', String(reason));
    if (reason instanceof Error) error.stack = reason.stack;
    void report('Unhandled Promise Rejection', error, 128);
  });
}
