// Builds the images of the runtimes named as arguments (or `services`), or of `all` this machine can build, and prints
// `<runtime> <reference>` for each. BUILD_OUTPUT names the folder of the compiled code.
// Exit status 3: a base must be made and the tool for it is missing.
import Docker from 'dockerode';

const compiled = new URL(`../${process.env.BUILD_OUTPUT ?? 'dist'}/src/`, import.meta.url);
const { Builder } = await import(new URL('builder/builder.js', compiled).href);
const { RUNTIMES, findRuntime } = await import(new URL('function/runtimes.js', compiled).href);
const { SERVICES_IMAGE } = await import(new URL('builder/services-image.js', compiled).href);

const flags = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const base = flags.find((flag) => flag.startsWith('--base='))?.slice('--base='.length) ?? 'auto';
const all = names.includes('all');
const runtimes = all ? [...RUNTIMES.keys(), SERVICES_IMAGE] : names;

const started = performance.now();
const elapsed = () => `${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s`;

function onProgress({ runtime, step, detail }) {
  if (step === 'ready') return;
  console.error(`${elapsed()}  ${runtime}: ${detail.replace(/\s+/g, ' ').slice(0, 100)}`);
}

const builder = new Builder(new Docker());
const results = await Promise.allSettled(
  runtimes.map((runtime) => builder.ensureImage(runtime, { base, onProgress })),
);
let exitCode = 0;
for (const [index, result] of results.entries()) {
  const runtime = runtimes[index];
  if (result.status === 'fulfilled') {
    console.log(`${runtime} ${result.value}`);
    continue;
  }
  const { code, message, remedy, details } = result.reason;
  // Of `all`, those that only a registry has are left out where there is none.
  const onlyPublic = runtime !== SERVICES_IMAGE && findRuntime(runtime)?.debian === undefined;
  if (all && code === 'base-unavailable' && onlyPublic) {
    console.error(
      `${runtime} is left out: no registry can be reached, and Debian does not have it.`,
    );
    continue;
  }
  if (details?.missingTool !== undefined) {
    if (exitCode === 0) exitCode = 3;
    console.error(`${runtime}: ${details.missingTool} is needed to make its base.`);
    continue;
  }
  exitCode = 1;
  console.error(`\n${message}${remedy === undefined ? '' : `\n${remedy}`}`);
}
process.exitCode = exitCode;
