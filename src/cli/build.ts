/** `orchestrator build`: the images a project needs, before it is started. */

import { resolve } from 'node:path';

import { SERVICES_IMAGE } from '../builder/services-image.js';
import { OrchestratorError, messageOf } from '../errors.js';
import type { FunctionDefinition } from '../function/function-version.js';
import type { Command, CommandContext } from './command.js';
import { needsServices } from '../services/needs.js';
import { BASE_OPTION, SETTING_OPTIONS, flagsOf } from './flags.js';
import { EXIT } from './host.js';
import { onInterrupts } from './interrupts.js';
import type { ImageTools } from './parts.js';

const {
  'env-vars': envVars,
  'parameter-file': parameterFile,
  'config-file': configFile,
  'config-env': configEnv,
  parameter,
  stack,
  strict,
} = SETTING_OPTIONS;

export const build: Command = {
  name: 'build',
  summary: 'Build the images a project needs',
  positionals: { dir: { describe: 'Folder of the project (default: this one)' } },
  options: {
    runtime: {
      type: 'list',
      describe: 'Build for this runtime instead of a project; may be repeated',
    },
    base: BASE_OPTION,
    parameter,
    'parameter-file': parameterFile,
    'config-file': configFile,
    'config-env': configEnv,
    stack,
    'env-vars': envVars,
    strict,
  },
  examples: [
    ['build', 'for the project in this folder'],
    ['build --runtime nodejs22.x --runtime python3.13', 'without a project'],
  ],
  async run(context) {
    const { parts, host, report } = context;
    const { runtimes, functions, base } = await wanted(context);
    const { images, prepareImage, engine } = await parts.openEngine();
    const stopped = new AbortController();
    const stop = (): void => stopped.abort(new Error('interrupted'));
    const release = onInterrupts(host, {
      drain: stop,
      now: () => host.exit(EXIT.interrupted),
      abandon: () => host.exit(EXIT.interrupted),
    });
    try {
      const { signal } = stopped;
      const results = await Promise.allSettled([
        ...runtimes.map((runtime) =>
          buildOne(context, { step: `Image for ${runtime}`, told: { runtime } }, (tell) =>
            images.ensureImage(runtime, { base, signal, onProgress: ({ detail }) => tell(detail) }),
          ),
        ),
        ...functions.map((definition) => {
          const { name } = definition;
          return buildOne(context, { step: `Image of ${name}`, told: { function: name } }, (tell) =>
            prepareImage(definition, { signal, onLine: tell }).then(({ image }) => image.uri),
          );
        }),
      ]);
      if (stopped.signal.aborted) return EXIT.interrupted;
      const failures = results.flatMap((result) =>
        result.status === 'rejected' ? [result.reason] : [],
      );
      for (const failure of failures) report.error(failure);
      return failures.length === 0 ? EXIT.ok : EXIT.failed;
    } finally {
      release();
      if (functions.length > 0) await engine.close();
    }
  },
};

type Base = NonNullable<NonNullable<Parameters<ImageTools['ensureImage']>[1]>['base']>;

async function wanted({
  args,
  host,
  parts,
}: CommandContext): Promise<{ runtimes: string[]; functions: FunctionDefinition[]; base: Base }> {
  const flags = flagsOf(args, host.cwd);
  const named = args.list('runtime');
  if (named.length > 0) {
    await refuseUnknownRuntimes(named);
    return { runtimes: [...new Set(named)], functions: [], base: (flags.base ?? 'auto') as Base };
  }
  const config = await parts.loadConfig({
    directory: resolve(host.cwd, args.string('dir') ?? '.'),
    flags,
    environment: host.environment,
  });
  const managed = config.functions.filter(({ image }) => image === undefined);
  const { services } = config.settings;
  const contained =
    services === 'container' || (services === 'auto' && needsServices(config.stack));
  return {
    runtimes: [
      ...new Set(managed.map(({ runtime }) => runtime)),
      ...(contained ? [SERVICES_IMAGE] : []),
    ],
    functions: config.functions.filter(({ image }) => image !== undefined),
    base: config.settings.base,
  };
}

async function refuseUnknownRuntimes(named: readonly string[]): Promise<void> {
  const { RUNTIMES, nearestRuntime } = await import('../function/runtimes.js');
  for (const name of named) {
    if (RUNTIMES.has(name) || name === SERVICES_IMAGE) continue;
    const near = nearestRuntime(name);
    const guess = near === undefined ? '' : `Did you mean ${near}? `;
    throw new OrchestratorError('config-invalid', `--runtime cannot be ${name}`, {
      remedy: `${guess}It is one of ${[...RUNTIMES.keys(), SERVICES_IMAGE].join(', ')}.`,
    });
  }
}

async function buildOne(
  { report }: CommandContext,
  { step, told }: { step: string; told: Readonly<Record<string, string>> },
  work: (tell: (detail: string) => void) => Promise<string>,
): Promise<void> {
  report.progress({ kind: 'step', step, state: 'started' });
  try {
    const reference = await work((detail) =>
      report.progress({ kind: 'step', step, state: 'running', detail }),
    );
    report.progress({ kind: 'step', step, state: 'done', detail: reference });
    if (report.json) report.printJson({ event: 'image', ...told, reference });
  } catch (error) {
    const [detail = ''] = messageOf(error).split('\n');
    report.progress({ kind: 'step', step, state: 'failed', detail });
    throw error;
  }
}
