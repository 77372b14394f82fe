// Packs what tsc made into a few files: the program loads in a fraction of the time that its several
// hundred modules take. `src/launcher.cts` runs them; without them, the modules.
//   bundle.mjs [folder]     (default: dist/bundle)
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { divide, LOADER, PACKS } from './packs.mjs';
import { callsOf } from './stand-in.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const output = resolve(process.argv[2] ?? join(root, 'dist/bundle'));

/** Stay in node_modules: found when they are needed, by one service or another. */
const SEPARATE = ['@aws-sdk/*', 'jsonata', 'jsonpath-plus', '@grpc/*', 'protobufjs', 'ssh2'];

/**
 * Stand-ins that ask for the real one when it is used: what the engine's client loads for builds
 * with BuildKit and for engines behind SSH is a megabyte and a half.
 */
const ON_DEMAND = {
  // Where its native part cannot be found from here, it may be found from where the package is.
  libsql: `let found;
  function load() {
    try {
      return require('libsql');
    } catch {
      return require('node:module').createRequire(__filename)('libsql');
    }
  }
  module.exports = function (...given) {
    found ??= load();
    return new found(...given);
  };`,
  // It looks for the C library in a report about the whole process, which takes as long as all else
  // of opening a file. Of the two names libsql takes the other where the library is the other one.
  '@neon-rs/load': `exports.currentTarget = () =>
    process.platform === 'linux' && /^(x64|arm64)$/.test(process.arch)
      ? 'linux-' + process.arch + '-musl'
      : require('@neon-rs/load').currentTarget();
  exports.load = (...given) => require('@neon-rs/load').load(...given);`,
  // Its own first way, without what the others need.
  'detect-libc': `exports.GLIBC = 'glibc';
  exports.MUSL = 'musl';
  exports.familySync = () => {
    let ldd = '';
    try {
      ldd = require('node:fs').readFileSync('/usr/bin/ldd', 'latin1');
    } catch {}
    if (ldd.includes('musl')) return 'musl';
    return ldd.includes('GLIBC') ? 'glibc' : require('detect-libc').familySync();
  };`,
  ssh2: `exports.Client = function (...given) {
    return new (require('ssh2').Client)(...given);
  };`,
  '@grpc/grpc-js': deferred('@grpc/grpc-js'),
  '@grpc/proto-loader': deferred('@grpc/proto-loader'),
  // It looks whether the output is a terminal as it loads, which opens it.
  picocolors: `exports.createColors = (...given) => require('picocolors').createColors(...given);`,
  // Big regular expressions, for tables and the help only.
  'string-width': `module.exports = (...given) => require('string-width').default(...given);`,
};

/** Node.js compiles its own modules as they are asked for, too: those that no start needs. */
const BUILT_IN = [
  'node:child_process',
  'node:crypto',
  'node:fs/promises',
  'node:https',
  'node:module',
  'node:stream/consumers',
  'node:stream/promises',
  'node:zlib',
];

function deferred(name) {
  return `module.exports = new Proxy({}, { get: (_, key) => require('${name}')[key] });`;
}

/**
 * For whoever imports names of it: of those, only what is used is packed. What cannot be called is
 * asked for at once.
 */
function deferredNames(name) {
  const original = createRequire(import.meta.url)(name);
  const names = Object.entries(original).map(([key, value]) =>
    typeof value === 'function'
      ? `export const ${key} = /* @__PURE__ */ as('${key}');`
      : `export const ${key} = /* @__PURE__ */ (() => require('${name}').${key})();`,
  );
  return `${callsOf(`require('${name}')`)}
  ${names.join('\n')}
  export default /* @__PURE__ */ (() => require('${name}'))();`;
}

const onDemand = {
  name: 'on-demand',
  setup(bundling) {
    const filter = new RegExp(`^(?:${[...Object.keys(ON_DEMAND), ...BUILT_IN].join('|')})$`);
    bundling.onResolve({ filter }, ({ path, kind, namespace, importer, resolveDir }) =>
      // Asked for by its stand-in it is the real one.
      namespace === 'on-demand' || (BUILT_IN.includes(path) && kind !== 'import-statement')
        ? undefined
        : { path, namespace: 'on-demand', pluginData: { importer, resolveDir } },
    );
    bundling.onLoad({ filter: /.*/, namespace: 'on-demand' }, ({ path, pluginData }) => ({
      contents: ON_DEMAND[path] ?? deferredNames(path),
      loader: 'js',
      resolveDir: pluginData.resolveDir,
    }));
  },
};

/** For whoever asks: what makes URLs takes a while to load. */
const URL_OF_IT = `const bundle = { get url() {
  return require('node:url').pathToFileURL(__filename).href;
} };`;

const OPTIONS = {
  absWorkingDir: root,
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
  define: {
    'import.meta.url': 'bundle.url',
    'import.meta.dirname': '__dirname',
    'import.meta.filename': '__filename',
  },
  logLevel: 'warning',
};

/** What esbuild makes of it, in a file of that name; gives the line that tells one from another. */
async function bundle(name, options, wrap = (code) => code) {
  const { outputFiles } = await build({ ...OPTIONS, ...options });
  const code = wrap(`${URL_OF_IT}\n${outputFiles[0].text}`);
  const digest = createHash('sha256').update(code).digest('hex').slice(0, 16);
  writeFileSync(join(output, name), `// ${digest}\n${code}`);
  return digest;
}

rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });
await bundle('watchdog-process.cjs', { entryPoints: ['dist/src/engine/watchdog-process.js'] });

const main = { entryPoints: ['dist/src/main.js'] };
const { entry, plugin } = await divide({ ...OPTIONS, ...main });
const digests = {};
// The last one knows the others, so that no program runs with parts of another.
for (const pack of PACKS) {
  const contents = entry(pack);
  digests[pack] = await bundle(
    `${pack}.cjs`,
    {
      stdin: { contents, resolveDir: root, sourcefile: `${pack}.js` },
      plugins: [onDemand, plugin(pack)],
    },
    // As the launcher wants it: V8 keeps what it made of a script, not of a module.
    (code) => `(function (require, module, __filename, __dirname, ${LOADER}) {
${pack === 'program' ? `${LOADER}.expect(${JSON.stringify(digests)});` : ''}${code}
})`,
  );
}

// What `npx orchestrator` runs: npm makes it executable only where it installs the package.
chmodSync(join(root, 'dist/src/launcher.cjs'), 0o755);
