// Which file of the packed program holds which modules, and how those of one reach those of another.
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { callsOf } from './stand-in.mjs';

/** Modules, by pack, from which all they import is in the pack as well, or in one that more need. */
const ROOTS = {
  // Every command.
  program: ['dist/src/main.js', 'dist/src/cli/run.js', 'dist/src/cli/real-parts.js'],
  // Until the Lambda API answers.
  up: ['dist/src/config/load.js', 'dist/src/orchestrator.js'],
  // The command line of everything but a plain `up`.
  commands: ['dist/src/cli/program.js'],
  // Files that have changed.
  documents: ['dist/src/config/document.js'],
  // Projects that are more than functions and settings.
  templates: [
    'dist/src/config/template/template.js',
    'dist/src/config/template/include.js',
    'dist/src/config/project-template.js',
    'dist/src/config/serverless/read.js',
    'dist/src/config/cdk/assembly.js',
  ],
};
/**
 * Modules of functions and classes, and nothing else, that `up` needs once one of them is called:
 * loaded then, with `rest`, without being asked for by `import()`.
 */
const ON_CALL = new Set(
  [
    ...[
      'account',
      'aliases',
      'auto-publish',
      'code',
      'concurrency',
      'event-invoke',
      'functions',
      'layers',
      'mappings',
      'other-configs',
      'policy',
      'publish',
      'resource-policy',
      'settings',
      'tags',
      'updates',
      'urls',
      'versions',
    ].map((name) => `control-api/${name}`),
    'admin-api/server',
    'event-queue/event-queue',
    'event-queue/event-store',
    'function-urls/event',
    'function-urls/url-response',
    'function/zip',
    'invoke-api/invoke-with-response-stream',
    'invoke-api/port-owner',
    'state/libsql',
  ].map((name) => `dist/src/${name}.js`),
);
/** Whatever else is imported once it is needed. */
const REST = 'rest';
/** What `templates` and `rest` have in common: neither makes the other load. */
const COMMON = 'common';

/** None needs what stands before it here. */
export const PACKS = [REST, 'templates', COMMON, 'commands', 'documents', 'up', 'program'];

/** What `packs` calls itself in the code. */
export const LOADER = 'packs';

/**
 * What `options` would make one file of, as several: `owner` has the pack of each module, `plugin`
 * builds one of them, whose modules for others `entry` names.
 */
export async function divide(options) {
  const { metafile } = await build({ ...options, write: false, metafile: true });
  const graph = new Map(Object.entries(metafile.inputs));
  const owner = ownersIn(graph);
  const asked = crossings(graph, owner);
  const names = await exportsOf(
    [...asked.values()].flatMap((set) => [...set]),
    graph,
    options,
  );
  return {
    entry: (pack) => entry(asked.get(pack) ?? new Set(), pack),
    plugin: (pack) => elsewhere(pack, { graph, owner, names }),
  };
}

function ownersIn(graph) {
  const reached = Object.fromEntries(
    Object.entries(ROOTS).map(([pack, roots]) => [pack, closure(graph, roots)]),
  );
  const named = new Set(Object.values(ROOTS).flat());
  const others = [...graph.values()].flatMap(({ imports }) =>
    imports.filter(({ kind }) => kind === 'dynamic-import').map(({ path }) => path),
  );
  for (const path of ON_CALL) if (!graph.has(path)) throw new Error(`no module ${path}`);
  const rest = closure(graph, [
    ...others.filter((path) => graph.has(path) && !named.has(path)),
    ...ON_CALL,
  ]);
  const pack = (path) => {
    const { program, up, documents, commands, templates } = reached;
    if (!program.has(path) && !up.has(path) && documents.has(path)) return 'documents';
    const isOthers = up.has(path) || rest.has(path) || templates.has(path);
    // What the command line shares with others does not make it load them.
    if (program.has(path) || (commands.has(path) && isOthers)) return 'program';
    if (up.has(path)) return 'up';
    if (commands.has(path)) return 'commands';
    if (!templates.has(path)) return REST;
    return rest.has(path) ? COMMON : 'templates';
  };
  return new Map([...graph.keys()].map((path) => [path, pack(path)]));
}

/** Whether the module is loaded when whoever imports it is. */
function isAtOnce({ path, kind, external }) {
  return external !== true && kind !== 'dynamic-import' && !ON_CALL.has(path);
}

/** All that is loaded with them. */
function closure(graph, roots) {
  const found = new Set();
  const look = (path) => {
    if (found.has(path)) return;
    found.add(path);
    for (const one of graph.get(path)?.imports ?? []) if (isAtOnce(one)) look(one.path);
  };
  for (const root of roots) {
    if (!graph.has(root)) throw new Error(`no module ${root}`);
    look(root);
  }
  return found;
}

/** By pack, the modules that others ask for. Stand-ins are small: each pack has its own. */
function crossings(graph, owner) {
  const asked = new Map();
  for (const [path, { imports }] of graph) {
    for (const { path: target, external } of imports) {
      if (external === true || isStandIn(target) || owner.get(target) === owner.get(path)) continue;
      const pack = owner.get(target);
      asked.set(pack, (asked.get(pack) ?? new Set()).add(target));
    }
  }
  return asked;
}

function isStandIn(path) {
  return /^[\w-]+:/.test(path);
}

function entry(modules, pack) {
  const lines = [...modules].map((path) => `${JSON.stringify(path)}: () => require('./${path}'),`);
  const start = pack === 'program' ? `require('./dist/src/main.js');` : '';
  return `${LOADER}.expose({\n${lines.join('\n')}\n});\n${start}`;
}

/** What a module of another pack is to one of this. */
function elsewhere(pack, { graph, owner, names }) {
  const resolved = new Map(
    [...graph].map(([path, { imports }]) => [
      path,
      new Map(imports.map(({ original, path: target }) => [original, target])),
    ]),
  );
  return {
    name: 'elsewhere',
    setup(bundling) {
      const root = `${bundling.initialOptions.absWorkingDir}/`;
      bundling.onResolve({ filter: /./ }, ({ path, importer, namespace }) => {
        if (namespace !== 'file' || !importer.startsWith(root)) return undefined;
        const target = resolved.get(importer.slice(root.length))?.get(path);
        if (target === undefined || isStandIn(target)) return undefined;
        const home = owner.get(target);
        return home === undefined || home === pack
          ? undefined
          : { path: target, namespace: 'elsewhere' };
      });
      bundling.onLoad({ filter: /./, namespace: 'elsewhere' }, ({ path }) => {
        const found = `${LOADER}.get('${owner.get(path)}', '${path}')`;
        if (graph.get(path).format !== 'esm') return { contents: `module.exports = ${found};` };
        if (ON_CALL.has(path)) return { contents: onCall(found, names(path)) };
        // Nothing assigns to what it has exported, see `exportsOf`.
        const given = [...names(path)].map((name) =>
          name === 'default'
            ? 'export default given.default;'
            : `export const ${name} = given.${name};`,
        );
        return { contents: [`const given = ${found};`, ...given].join('\n') };
      });
    },
  };
}

/** Stands for a module until something of it is called. */
function onCall(found, names) {
  return [
    callsOf(found),
    ...[...names].map((name) => `export const ${name} = as('${name}');`),
  ].join('\n');
}

/** The names that ES modules export. */
async function exportsOf(paths, graph, { absWorkingDir }) {
  const all = closure(graph, paths);
  const { metafile } = await build({
    entryPoints: [...all].filter((path) => graph.get(path)?.format === 'esm' && !isStandIn(path)),
    absWorkingDir,
    bundle: false,
    format: 'esm',
    outdir: 'out',
    write: false,
    metafile: true,
    logLevel: 'error',
  });
  const own = new Map(
    Object.values(metafile.outputs).map(({ entryPoint, exports }) => [entryPoint, exports]),
  );
  const names = (path, seen = new Set()) => {
    if (seen.has(path)) return new Set();
    seen.add(path);
    const found = new Set(own.get(path));
    const text = readFileSync(`${absWorkingDir}/${path}`, 'utf8');
    if (/^export let /m.test(text)) throw new Error(`${path} may assign to what it exports`);
    if (ON_CALL.has(path) && /^export (?:const|default) /m.test(text)) {
      throw new Error(`${path} exports more than what can be called`);
    }
    for (const [, original] of text.matchAll(/^export \* from ['"]([^'"]+)['"]/gm)) {
      const target = graph.get(path).imports.find((one) => one.original === original)?.path;
      for (const name of names(target, seen)) if (name !== 'default') found.add(name);
    }
    return found;
  };
  return names;
}
