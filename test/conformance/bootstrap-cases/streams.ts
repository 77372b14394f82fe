/** Streaming handlers (contract 1.3, 3.6, 7.7). A stream that is left open keeps Amazon's client waiting. */

import { commonJs, type NodeCase } from './cases.js';

const streaming = (
  name: string,
  body: string,
  expects: NodeCase['expects'] = 'response',
  rest: Parameters<typeof commonJs>[3] = {},
): NodeCase =>
  commonJs(
    `stream: ${name}`,
    expects,
    `exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {\n${body}\n});\n`,
    rest,
  );

export const STREAMS: readonly NodeCase[] = [
  streaming('texts', 'stream.write("one"); stream.write("two ü"); stream.end();'),
  streaming('twice', 'stream.write(`event ${event.n}`); stream.end();', 'response, response', {
    events: [{ n: 1 }, { n: 2 }],
  }),
  streaming(
    'bytes',
    'stream.write(Buffer.from([0, 255])); stream.write(new Uint8Array([1, 2])); stream.end();',
  ),
  streaming('objects', 'stream.write({ a: 1 }); stream.write([1, "ü"]); stream.end();'),
  streaming(
    'a content type',
    'stream.setContentType("text/html; charset=utf-8"); stream.write("<p>"); stream.end();',
  ),
  streaming(
    'a content type that comes too late',
    'stream.write("one"); try { stream.setContentType("text/html"); } catch (error) { stream.write([error.name, error.message]); } stream.end();',
  ),
  streaming(
    'HTTP',
    'const http = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { "X-A": "ü" }, cookies: ["a=b"] }); http.write("body"); http.end();',
  ),
  streaming(
    'a pipeline',
    'const { Readable } = require("stream"); const { pipeline } = require("stream/promises"); await pipeline(Readable.from(["a", "b", "c"]), stream);',
  ),
  streaming(
    '1 MB',
    'for (let i = 0; i < 16; i += 1) if (!stream.write("x".repeat(65_536))) await new Promise((go) => stream.once("drain", go)); stream.end();',
  ),
  streaming(
    'with pauses',
    'for (const piece of ["a", "b"]) { stream.write(piece); await new Promise((go) => setTimeout(go, 20)); } stream.end();',
  ),
  streaming('a result, which is ignored', 'stream.write("one"); stream.end(); return "ignored";'),
  streaming(
    'an error in mid-stream',
    'stream.write("one"); await new Promise((go) => setTimeout(go, 20)); throw new RangeError("no stock ü");',
  ),
  streaming('an error before anything', 'throw new RangeError("at once");', [
    'response',
    undefined,
  ]),
  streaming(
    'the context',
    'stream.write({ id: context.awsRequestId, name: context.functionName, keys: Object.keys(context).sort().filter((key) => !/callbackWaits/.test(key)) }); stream.end();',
  ),
  commonJs(
    'stream: no async handler',
    ['response', undefined],
    'exports.handler = awslambda.streamifyResponse((event, stream) => { stream.write("one"); });',
  ),
  commonJs(
    'stream: a promise',
    'response',
    'exports.handler = awslambda.streamifyResponse((event, stream) => { stream.write("one"); stream.end(); return Promise.resolve(); });',
  ),
  commonJs(
    'stream: a high-water mark',
    'response',
    'exports.handler = awslambda.streamifyResponse(async (event, stream) => { stream.write("one"); stream.end(); }, { highWaterMark: 8 });',
  ),
  commonJs(
    'stream: marked by hand',
    'response',
    'exports.handler = async (event, stream) => { stream.write("by hand"); stream.end(); }; exports.handler[Symbol.for("aws.lambda.runtime.handler.streaming")] = "response";',
  ),
  commonJs(
    'stream: a direction nobody knows',
    ['init/error, exit 129', 'init/error, exit 1'],
    'exports.handler = async () => 1; exports.handler[Symbol.for("aws.lambda.runtime.handler.streaming")] = "request";',
  ),
  commonJs(
    'stream: three parameters',
    'response',
    'exports.handler = awslambda.streamifyResponse(async (event, stream, context) => { stream.write(String(context.awsRequestId)); stream.end(); });',
  ),
];
