// The Node.js bootstrap: polls the Runtime API, calls the handler, posts what came of it. The
// numbers are the steps of runtimes/README.md.

import { textOf } from './answers.mjs';
import { logError, mark, NO_REQUEST, patchConsole, setRequest, tell } from './console.mjs';
import { errorCause, errorPayload, PROMISES_ONLY, runtimeError } from './errors.mjs';
import { loadHandler } from './handler.mjs';
import { awslambda, callerOf, forgetInvocations, Told, withInvokeStore } from './invoke.mjs';
import { emptyNewSpace, nobody, rehearse } from './rehearsal.mjs';
import { STREAMED } from './response-stream.mjs';
import { RuntimeClient } from './runtime-client.mjs';

const { env, execArgv } = process;
const LARGEST_CAUSE_BYTES = 1024 * 1024;
// 1. What the platform says.
let marker = env._ORCHESTRATOR_LOG_MARKER;
delete env._ORCHESTRATOR_LOG_MARKER;
const root = env.LAMBDA_TASK_ROOT ?? '/var/task';
let client = new RuntimeClient(env.AWS_LAMBDA_RUNTIME_API, env._ORCHESTRATOR_RUNTIME_SOCKET);
delete env._ORCHESTRATOR_RUNTIME_SOCKET;
/** `init`, `polling`, `ending`, or the id of the request in progress. */
let phase = 'init';

// A flag of the platform's own, which is nothing to the function or to what it starts.
const flag = execArgv.indexOf('--no-memory-reducer');
if (flag >= 0) execArgv.splice(flag, 1);
patchConsole({ format: env.AWS_LAMBDA_LOG_FORMAT, level: env.AWS_LAMBDA_LOG_LEVEL });
if (!['1', 'true'].includes(env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA))
  globalThis.awslambda = awslambda;
if (!PROMISES_ONLY) reportStrayErrors();
void main();

async function main() {
  await rehearseServing();
  // 2. The handler is found and its module run: the init phase.
  let call;
  try {
    call = callerOf(await loadHandler(root, env._HANDLER ?? ''), client);
  } catch (error) {
    // Up to Node.js 22 nobody catches this: Lambda's log and exit status show it.
    if (PROMISES_ONLY) return end('Init Error', error, 1);
    return end('Uncaught Exception', error, 129);
  }
  if (!PROMISES_ONLY) {
    // Stray errors of the module come up now, and belong to the init phase.
    await new Promise(setImmediate);
    if (phase === 'ending') return;
  }
  emptyNewSpace();
  await mark(marker, 'init');
  // 3. Polling says that init is over.
  let event = await next(() => client.next());
  for (;;) {
    if (event.status !== 200) {
      process.stdout.write(`The Runtime API answered ${event.status} to the poll: ${event.body}\n`);
      process.exit(1);
    }
    event = await serve(call, event);
  }
}

/** The way of an event, once, before anything of the function runs; nothing of it is left. */
async function rehearseServing() {
  const own = { client, marker };
  const traceId = env._X_AMZN_TRACE_ID;
  client = new RuntimeClient(env.AWS_LAMBDA_RUNTIME_API, undefined, nobody);
  marker = undefined;
  const call = callerOf(async () => null, client);
  await rehearse(client, (event) => serve(call, event));
  ({ client, marker } = own);
  client.hold(false);
  client.hold(true);
  phase = 'init';
  setRequest(NO_REQUEST);
  forgetInvocations();
  if (traceId !== undefined) env._X_AMZN_TRACE_ID = traceId;
}

/** 4–7. One event; resolves to the next one. */
async function serve(call, { headers, body }) {
  const requestId = headers.get('lambda-runtime-aws-request-id');
  const traceId = headers.get('lambda-runtime-trace-id');
  phase = requestId;
  setRequest(requestId, headers.get('lambda-runtime-aws-tenant-id'));
  if (traceId) env._X_AMZN_TRACE_ID = traceId;
  else delete env._X_AMZN_TRACE_ID;
  // 5. Only what the handler does keeps the process alive meanwhile.
  client.hold(false);
  let answer;
  try {
    const event = JSON.parse(textOf(body));
    const value = await withInvokeStore(headers, () => call(event, headers));
    const text = value === STREAMED ? undefined : resultOf(value);
    answer = () =>
      text === undefined
        ? client.nextAfterStream()
        : client.respond(requestId, text, 'application/json');
  } catch (thrown) {
    const error = thrown instanceof Told ? thrown.error : tell(thrown);
    const text = JSON.stringify(errorPayload(error));
    answer = () => client.fail(requestId, text, causeHeader(error));
  }
  client.hold(true);
  // 6. The log is complete; 7. the response, and the poll behind it.
  const written = mark(marker, requestId);
  if (written !== undefined) await written;
  return next(answer);
}

/** A process that reports a stray error does not go on: it would take an event with it. */
function next(ask) {
  if (phase === 'ending') return new Promise(() => undefined);
  phase = 'polling';
  return ask();
}

function resultOf(value) {
  let body;
  try {
    body = JSON.stringify(value === undefined ? null : value);
  } catch {
    const message = 'Unable to stringify response body';
    throw PROMISES_ONLY ? runtimeError('Runtime.JSONStringifyError', message) : new Error(message);
  }
  // What JSON leaves out, such as a function, Lambda's client does not take.
  if (body === undefined) throw new TypeError('Wrong arguments');
  return body;
}

/** Reports the error to whom it belongs, and ends the process. */
async function end(label, error, status) {
  if (phase === 'ending') return;
  const during = phase;
  phase = 'ending';
  client.hold(true);
  logError(label, error);
  // Between two events there is nobody to tell, and no mark to make.
  await mark(during === 'polling' ? undefined : marker, during);
  const payload = errorPayload(error);
  const body = JSON.stringify(payload);
  if (during === 'init') {
    const type = headerText(payload.errorType);
    await client.post('init/error', body, `Lambda-Runtime-Function-Error-Type: ${type}\r\n`);
  } else if (during === 'polling') await client.posted;
  else await client.failAndEnd(during, body, causeHeader(error));
  process.exit(status);
}

/** What X-Ray is told: UTF-8, in a text whose characters are bytes. A server takes heads so long. */
function causeHeader(error) {
  const cause = Buffer.from(errorCause(error)).toString('latin1');
  return cause === '' || cause.length > LARGEST_CAUSE_BYTES
    ? ''
    : `Lambda-Runtime-Function-XRay-Error-Cause: ${cause}\r\n`;
}

function headerText(text) {
  return String(text).replace(/[^\x20-\x7e]/g, '?');
}

/** Node.js 22 and before: errors outside the handler's promise are reported, then the process ends. */
function reportStrayErrors() {
  process.on('uncaughtException', (error) => void end('Uncaught Exception', error, 129));
  process.on('unhandledRejection', (reason, promise) => {
    const message = reason === undefined ? '' : String(reason);
    const error = runtimeError('Runtime.UnhandledPromiseRejection', message);
    void end('Unhandled Promise Rejection', Object.assign(error, { reason, promise }), 128);
  });
}
