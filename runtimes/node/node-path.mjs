// ES modules find packages in NODE_PATH as well, as on Lambda since Node.js 18: by themselves only
// CommonJS modules do.

const module = process.getBuiltinModule('node:module');
const { pathToFileURL } = process.getBuiltinModule('node:url');

const FOLDER = '/node_modules';

/** Of each packages folder in NODE_PATH a module that would look there. */
const parents = (process.env.NODE_PATH ?? '')
  .split(':')
  .filter((folder) => folder.endsWith(FOLDER))
  .map((folder) => pathToFileURL(`${folder.slice(0, -FOLDER.length)}/index.mjs`).href);

/** To be called before the first module of the function is imported. */
export async function importFromNodePath() {
  if (parents.length === 0) return;
  if (module.registerHooks) {
    module.registerHooks({ resolve: resolveSync });
    return;
  }
  // Node.js 20 has only hooks that run in a thread of their own.
  const source = `const parents = ${JSON.stringify(parents)};\nexport ${resolveLater.toString()}`;
  const named = source.replace('resolveLater', 'resolve');
  module.register(`data:text/javascript,${encodeURIComponent(named)}`);
}

function resolveSync(specifier, context, next) {
  try {
    return next(specifier, context);
  } catch (error) {
    if (error?.code !== 'ERR_MODULE_NOT_FOUND' || !/^[^./]/.test(specifier)) throw error;
    for (const parentURL of parents) {
      try {
        return next(specifier, { ...context, parentURL });
      } catch {
        // It is in none of the folders: what was said first is the truth.
      }
    }
    throw error;
  }
}

async function resolveLater(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    const isPackage = error?.code === 'ERR_MODULE_NOT_FOUND' && /^[^./]/.test(specifier);
    for (const parentURL of isPackage ? parents : []) {
      try {
        return await next(specifier, { ...context, parentURL });
      } catch {
        // As above.
      }
    }
    // This thread's frame is nothing that the function did.
    error.stack = error.stack?.replace(/\n +at resolve \(data:[^\n]*/, '');
    throw error;
  }
}
