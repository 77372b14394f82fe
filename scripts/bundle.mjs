// Packs what tsc made into one file: the program loads in a fraction of the time that its several
// hundred modules take. `src/launcher.cts` runs it; without it, the modules.
//   bundle.mjs [folder]     (default: dist/bundle)
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const output = resolve(process.argv[2] ?? join(root, 'dist/bundle'));

/** Stay in node_modules: found when they are needed, by one service or another. */
const SEPARATE = [
  '@aws-sdk/*',
  'libsql',
  'jsonata',
  'jsonpath-plus',
  '@grpc/*',
  'protobufjs',
  'ssh2',
];

/**
 * What the engine's client loads for builds with BuildKit and for engines behind SSH, a megabyte
 * and a half: only when it is used.
 */
const ON_DEMAND = {
  ssh2: `exports.Client = function (...given) {
    return new (require('ssh2').Client)(...given);
  };`,
  '@grpc/grpc-js': deferred('@grpc/grpc-js'),
  '@grpc/proto-loader': deferred('@grpc/proto-loader'),
  // Big regular expressions, for tables and the help only.
  'string-width': `module.exports = (...given) => require('string-width').default(...given);`,
};

function deferred(name) {
  return `module.exports = new Proxy({}, { get: (_, key) => require('${name}')[key] });`;
}

const onDemand = {
  name: 'on-demand',
  setup(bundling) {
    const filter = new RegExp(`^(?:${Object.keys(ON_DEMAND).join('|')})$`);
    bundling.onResolve({ filter }, ({ path, namespace, importer, resolveDir }) =>
      // Asked for by its stand-in it is the real one.
      namespace === 'on-demand'
        ? undefined
        : { path, namespace: 'on-demand', pluginData: { importer, resolveDir } },
    );
    bundling.onLoad({ filter: /.*/, namespace: 'on-demand' }, ({ path, pluginData }) => ({
      contents: ON_DEMAND[path],
      loader: 'js',
      resolveDir: pluginData.resolveDir,
    }));
  },
};

const URL_OF_IT = `const bundleUrl = require('node:url').pathToFileURL(__filename).href;`;

/** A file of `wrap`, with a first line that tells one from another. */
async function bundle(entry, name, wrap = (code) => code) {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'dist/src', entry)],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    // The launcher reads it byte by byte.
    charset: 'ascii',
    minifyWhitespace: true,
    legalComments: 'eof',
    external: SEPARATE,
    // Of a script that V8 takes from what it kept, it knows no more how to import: what is not in the
    // file is required instead.
    supported: { 'dynamic-import': false },
    plugins: [onDemand],
    define: { 'import.meta.url': 'bundleUrl' },
    logLevel: 'warning',
  });
  const code = wrap(`${URL_OF_IT}\n${outputFiles[0].text}`);
  const digest = createHash('sha256').update(code).digest('hex').slice(0, 16);
  writeFileSync(join(output, name), `// ${digest}\n${code}`);
}

rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });
await bundle('engine/watchdog-process.js', 'watchdog-process.cjs');
// As the launcher wants it: V8 keeps what it made of a script, not of a module.
await bundle(
  'main.js',
  'program.cjs',
  (code) => `(function (require, module, __filename, __dirname) {${code}\n})`,
);
