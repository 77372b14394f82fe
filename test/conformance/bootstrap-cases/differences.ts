/** Every difference between our Node.js bootstrap and Amazon's client that the suite lets pass. */

import type { AllowedDifference } from '../../support/differential.js';

export const NODE_DIFFERENCES: readonly AllowedDifference[] = [
  {
    name: 'frames of the client',
    reason: 'A trace shows the files of whoever loads and calls the handler.',
    levels: withoutFrames,
  },
  {
    name: 'the place of a syntax error',
    reason:
      'Up to Node.js 22 Amazon loses the file and line; ours are kept, or nobody could find it.',
    cases: /syntax|missing export/i,
    levels: (text) => text.replace(/(Runtime\.UserCodeSyntaxError: [^"]*"),"[^\]]*\]/g, '$1]'),
  },
  {
    name: 'last words of Node.js',
    reason:
      "After an error at init Amazon's client for Node.js 24 lets it end the process, and Node.js prints it once more; ours has reported it and goes.",
    levels: (text, what, { posts }) =>
      what === 'output' && posts.some((post) => post.startsWith('POST init/error'))
        ? text.replace(/(?<=^|\n)\n?node:internal\/process\/promises:\d+\n[\s\S]*$/, '')
        : text,
  },
  {
    name: 'who imports',
    reason: 'The message of a failed import names the file that asked: ours has another name.',
    levels: (text) => text.replaceAll('/var/runtime/handler.mjs', '/var/runtime/index.mjs'),
  },
  {
    name: 'imports from layers',
    reason:
      'On Lambda ES modules find packages of layers since Node.js 18; the published client alone does not let them.',
    cases: /^an import finds a dependency in the layers$/,
    levels: () => '',
  },
  {
    name: 'tenant',
    reason:
      'AWS documents the tenant in JSON logs and in the store; 4.0.2 forgets to put it there.',
    cases: /^JSON: a tenant$|^context: the store of the invocation$/,
    levels: (text) =>
      text
        .replace('"tenantId":"tenant-1",', '')
        .replace(/,"tenantId":"tenant-1"/g, '')
        .replace(',"Symbol(_AWS_LAMBDA_TENANT_ID)"', ''),
  },
  {
    name: 'no trace id',
    reason: "An empty text with the native part of Amazon's client, as ours; undefined without it.",
    cases: /^context: no trace id$/,
    levels: (text) =>
      text
        .replace('"xRayTraceId":"",', '')
        .replace('"xRayTraceId":"string"', '"xRayTraceId":"undefined"'),
  },
  {
    name: 'ends the process',
    reason:
      "What Amazon's client for Node.js 24 cannot read or show ends its process; with ours it fails the invocation.",
    cases:
      /^event: no|^context: .* that is no JSON$|^thrown: an object (without a prototype|whose toString fails)$/,
    levels: () => '',
  },
  {
    name: 'an error before the first chunk',
    reason:
      "Ours is posted as an error; Amazon's client opens an empty stream and puts it behind. Callers are told the same.",
    cases: /^stream: an error before anything$/,
    levels: (text, what) =>
      what === 'post' ? text.slice(text.indexOf('{"errorType"')) : withoutFrames(text),
  },
  {
    name: 'Runtime.MalformedStreamingHandler',
    reason:
      '3.3.0 means to say so, but forgets where the class is, and fails with a ReferenceError.',
    cases: /^stream: a direction nobody knows$/,
    levels: (text, what) => (what === 'ending' ? text : ''),
  },
  {
    name: 'Runtime.NodeJsExit',
    reason: 'An async handler whose promise can no longer settle: 3.3.0 answers null still.',
    cases: /^the loop empties while the promise is open$/,
    levels: (text, what) => (what === 'ending' ? text : ''),
  },
];

/** Files of a client, and of Node.js below it. */
const OF_CLIENTS = /^(?:file|node|\/var\/runtime\/|\/fixtures\/)/;

function withoutFrames(text: string): string {
  return text
    .replace(/[\r\n] +at [^\r\n]*(?:\/var\/runtime\/|\/fixtures\/|node:)[^\r\n]*/g, '')
    .replace(/,"    at [^"]*(?:\/var\/runtime\/|\/fixtures\/|node:)[^"]*"/g, '')
    .replace(/"stack":(\[\{.*?\}\])/g, (_, stack: string) => {
      const frames = JSON.parse(stack) as { path: string }[];
      return `"stack":${JSON.stringify(frames.filter(({ path }) => !OF_CLIENTS.test(path)))}`;
    })
    .replace(/"paths":(\[[^\]]*\])/g, (_, paths: string) => {
      const all = JSON.parse(paths) as string[];
      return `"paths":${JSON.stringify(all.filter((path) => !OF_CLIENTS.test(path)))}`;
    });
}
