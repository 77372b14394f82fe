import net from 'node:net';
import fs from 'node:fs';
const api = process.env.AWS_LAMBDA_RUNTIME_API;
const marker = process.env._ORCHESTRATOR_LOG_MARKER;
delete process.env._ORCHESTRATOR_LOG_MARKER;
const [host, port] = api.split(':');
const NEXT = `GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: ${api}\r\n\r\n`;
const socket = net.connect({ host, port: Number(port), noDelay: true });
let unread = Buffer.alloc(0);
let waiting;
function pump() {
  for (;;) {
    if (!waiting) return;
    const end = unread.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = unread.toString('latin1', 0, end);
    const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    if (unread.length < end + 4 + length) return;
    const body = unread.subarray(end + 4, end + 4 + length);
    unread = unread.subarray(end + 4 + length);
    const done = waiting;
    waiting = undefined;
    done({ head, body });
  }
}
socket.on('data', (chunk) => { unread = unread.length ? Buffer.concat([unread, chunk]) : chunk; pump(); });
socket.on('close', () => process.exit(1));
socket.on('error', () => process.exit(1));
const answer = () => new Promise((resolve) => { waiting = resolve; pump(); });
const mark = (what) => { if (marker) fs.writeSync(1, `\x1e${marker} ${what}\n`); };
function post(path, text, next) {
  const length = Buffer.byteLength(text);
  socket.write(`POST /2018-06-01/runtime/${path} HTTP/1.1\r\nHost: ${api}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${text}${next ? NEXT : ''}`);
}
const errorOf = (error) => JSON.stringify({ errorType: error?.name ?? typeof error, errorMessage: error?.message ?? String(error), trace: (error?.stack ?? '').split('\n') });
let handler;
try {
  const spec = process.env._HANDLER;
  const dot = spec.indexOf('.', spec.lastIndexOf('/') + 1);
  const base = `${process.env.LAMBDA_TASK_ROOT ?? '/var/task'}/${spec.slice(0, dot)}`;
  const file = ['.js', '.mjs', '.cjs'].map((e) => base + e).find((f) => fs.existsSync(f));
  if (!file) throw Object.assign(new Error(`Cannot find module '${spec.slice(0, dot)}'`), { name: 'Runtime.ImportModuleError' });
  const module = await import(file);
  handler = spec.slice(dot + 1).split('.').reduce((o, k) => o?.[k] ?? o?.default?.[k], module);
  if (!handler) throw Object.assign(new Error(`${spec} is undefined or not exported`), { name: 'Runtime.HandlerNotFound' });
} catch (error) {
  console.error(error);
  mark('init');
  post('init/error', errorOf(error), false);
  await answer();
  process.exit(1);
}
mark('init');
socket.write(NEXT);
for (;;) {
  const { head, body } = await answer();
  const id = /lambda-runtime-aws-request-id: *([^\r\n]+)/i.exec(head)[1];
  const deadline = Number(/lambda-runtime-deadline-ms: *(\d+)/i.exec(head)[1]);
  const context = { awsRequestId: id, functionName: process.env.AWS_LAMBDA_FUNCTION_NAME, getRemainingTimeInMillis: () => deadline - Date.now() };
  try {
    const result = JSON.stringify(await handler(JSON.parse(body.toString()), context)) ?? 'null';
    mark(id);
    post(`invocation/${id}/response`, result, true);
  } catch (error) {
    console.error(error);
    mark(id);
    post(`invocation/${id}/error`, errorOf(error), true);
  }
  await answer();
}
