/** `orchestrator check`: what `up` would start, and whether it could. No engine is needed. */

import { resolve } from 'node:path';

import type { Config } from '../config/config.js';
import { grantText } from '../stack/permissions.js';
import type { Command } from './command.js';
import { SETTING_OPTIONS, flagsOf } from './flags.js';
import { count } from './format.js';
import { EXIT } from './host.js';
import { showNotices } from './notices.js';
import type { Report } from './report.js';
import { stackRows } from './stack-rows.js';

/** Those that change what a project is. */
const OPTIONS = Object.fromEntries(
  (
    [
      'stack',
      'parameter',
      'parameter-file',
      'config-file',
      'config-env',
      'env-vars',
      'region',
      'state',
      'strict',
    ] as const
  ).map((name) => [name, SETTING_OPTIONS[name]]),
);

export const checkProject: Command = {
  name: 'check',
  summary: 'Check a project, and list all that it declares',
  about:
    'Functions, what leads events to them, what their roles would allow (nothing\nhere checks permissions) and what is not taken as written. Ends with 2 when\nsomething is wrong.',
  positionals: { dir: { describe: 'Folder of the project (default: this one)' } },
  options: OPTIONS,
  examples: [
    ['check', 'in the folder of a project'],
    ['check --strict', 'fails when anything is ignored or approximated'],
  ],
  async run({ args, host, report, parts }) {
    const config = await parts.loadConfig({
      directory: resolve(host.cwd, args.string('dir') ?? '.'),
      flags: flagsOf(args, host.cwd),
      environment: host.environment,
    });
    if (report.json) {
      const { source, functions, stack: declared, permissions, notices } = config;
      report.printJson({ source, functions, stack: declared, permissions, notices });
      return EXIT.ok;
    }
    showFunctions(report, config);
    showStack(report, config);
    showPermissions(report, config);
    report.print('');
    showNotices(report, config);
    report.note(`${config.source} can be used: ${count(config.functions.length, 'function')}.`);
    return EXIT.ok;
  },
};

function showFunctions(report: Report, { functions }: Config): void {
  if (functions.length === 0) return;
  report.table({
    columns: [
      { title: 'FUNCTION' },
      { title: 'RUNTIME' },
      { title: 'HANDLER' },
      { title: 'MEMORY', align: 'right' },
      { title: 'TIMEOUT', align: 'right' },
      { title: 'CODE' },
    ],
    rows: functions.map(({ name, runtime, handler, memoryMb, timeoutSeconds, codePath, image }) => [
      { text: name, style: report.paint.bold },
      image === undefined ? runtime : 'image',
      image === undefined ? handler : '-',
      `${memoryMb} MB`,
      `${timeoutSeconds} s`,
      image === undefined ? codePath : 'uri' in image ? image.uri : image.context,
    ]),
  });
}

function showStack(report: Report, { stack: declared }: Config): void {
  const rows = stackRows(declared);
  if (rows.length === 0) return;
  report.print('');
  report.table({
    columns: [{ title: 'KIND' }, { title: 'NAME' }, { title: 'LEADS TO' }],
    rows: rows.map(({ kind, name, leadsTo }) => [kind, name, leadsTo]),
  });
}

function showPermissions(report: Report, { permissions }: Config): void {
  if (permissions.length === 0) return;
  report.print('');
  report.table({
    columns: [{ title: 'ROLE OF' }, { title: 'WOULD ALLOW (NOT CHECKED HERE)' }],
    rows: permissions.flatMap(({ functionName, role, grants }) => [
      ...(role === undefined ? [] : [[functionName, `what ${role} allows`]]),
      ...grants.map((grant) => [functionName, grantText(grant)]),
    ]),
  });
}
