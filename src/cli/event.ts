/**
 * `orchestrator event`: a sample event of any source, printed, or sent to a function as `invoke`
 * does.
 */

import { DEFAULTS, LIMITS } from '../config/defaults.js';
import { OrchestratorError, isOrchestratorError, messageOf } from '../errors.js';
import type { SampleKind, SampleSource } from '../sample-events/sample.js';
import { STATE_OPTION, type Command, type CommandContext } from './command.js';
import { EXIT } from './host.js';
import { sendEvent } from './invoke.js';
import { didYouMean, nearest } from './nearest.js';

/** With a seed everything is the same each time, this time included: 5 January 2026, 10:00 UTC. */
const SEEDED_MS = Date.UTC(2026, 0, 5, 10);
const MOST_RECORDS = 10_000;
const SENDS = ['async', 'qualifier', 'tenant-id'];

export const event: Command = {
  name: 'event',
  summary: 'Make a sample event of a source, or invoke a function with it',
  about:
    'Without a source it lists what there is. The event goes to stdout, with fresh ids and the ' +
    'time of now. What stands encoded in it (bodies, data, items, keys) is set by a short name ' +
    'as what it means. `orchestrator events`, with an s, is about events that are queued.',
  positionals: {
    source: { describe: 'Such as s3, sqs or apigateway' },
    kind: { describe: 'Such as delete or fifo (default: the first of the source)' },
  },
  options: {
    set: {
      type: 'list',
      describe:
        'path=value or name=value; may be repeated. JSON where it parses, text where the event has text',
    },
    count: { type: 'number', describe: 'Records in it (default: 1)' },
    seed: { type: 'number', describe: 'The same ids and time each time' },
    region: { type: 'string', describe: 'Region it comes from (default: the project’s)' },
    invoke: { type: 'string', describe: 'Send it to this function instead of printing it' },
    async: { type: 'boolean', describe: 'Queue it; stdout gets its request id' },
    qualifier: { type: 'string', describe: 'Version or alias to invoke' },
    'tenant-id': {
      type: 'string',
      describe: 'Whose the event is (functions with tenant isolation)',
    },
    'no-logs': { type: 'boolean', describe: 'Leave the function’s log out of stderr' },
    ...STATE_OPTION,
  },
  examples: [
    ['event', 'what there is'],
    ['event s3 delete --set key=orders/7.json', 'an object is gone'],
    [`event sqs --set body='{"orderId":7}' --invoke orders`, 'one message, to a function'],
    [`event kinesis --count 3 --set data.page=/cart`, 'three records, the first one changed'],
  ],
  async run(context) {
    const { args, report } = context;
    const { SAMPLE_SOURCES, sampleEvent } = await import('../sample-events/catalogue.js');
    const { settingOf } = await import('../sample-events/settings.js');
    const name = args.string('source');
    if (name === undefined) return list(context, SAMPLE_SOURCES);
    const source = found(SAMPLE_SOURCES, name);
    const kind = kindOf(source, args.string('kind'));
    refuseLost(context);
    const seed = args.number('seed');
    const made = sampleEvent(kind, {
      ...(await placeOf(context)),
      nowMs: seed === undefined ? context.clock.now() : SEEDED_MS,
      count: countOf(context),
      ...(seed === undefined ? {} : { seed }),
      settings: args.list('set').map(settingOf),
      nearest,
    });
    const target = args.string('invoke');
    if (target === undefined) {
      if (report.json) report.printJson(made);
      else report.print(JSON.stringify(made, undefined, 2));
      return EXIT.ok;
    }
    return send(context, target, Buffer.from(JSON.stringify(made)));
  },
};

function send(context: CommandContext, target: string, body: Buffer): Promise<number> {
  const { args } = context;
  if (body.length > LIMITS.payloadBytes) {
    const message = `the event is larger than ${LIMITS.payloadBytes} bytes, the most Lambda takes`;
    throw invalid(message, 'Lower --count, or set less.');
  }
  const qualifier = args.string('qualifier');
  const tenantId = args.string('tenant-id');
  return sendEvent(context, {
    name: qualifier === undefined ? target : `${target}:${qualifier}`,
    body,
    async: args.flag('async'),
    ...(tenantId === undefined ? {} : { tenantId }),
  });
}

/** Flags that mean something only with a function. */
function refuseLost({ args }: CommandContext): void {
  if (args.string('invoke') !== undefined) return;
  const lost = SENDS.find((flag) => args.string(flag) !== undefined);
  if (lost === undefined) return;
  throw invalid(`--${lost} needs --invoke`, 'Name the function, as in --invoke hello.');
}

function countOf({ args }: CommandContext): number {
  const count = args.number('count') ?? 1;
  if (count >= 1 && count <= MOST_RECORDS) return count;
  throw invalid(`--count cannot be ${count}`, `It is from 1 to ${MOST_RECORDS}.`);
}

/** Where the project says its functions are; without a project, where they are by default. */
async function placeOf({
  args,
  host,
  parts,
  report,
}: CommandContext): Promise<{ region: string; accountId: string }> {
  const region = args.string('region');
  try {
    const { settings } = await parts.loadConfig({
      directory: host.cwd,
      flags: region === undefined ? {} : { region },
      environment: host.environment,
    });
    return { region: settings.region, accountId: settings.accountId };
  } catch (error) {
    if (!isOrchestratorError(error, 'config-not-found')) {
      report.warn(`The project’s settings are not used: ${messageOf(error)}`);
    }
    return { region: region ?? DEFAULTS.region, accountId: DEFAULTS.accountId };
  }
}

function found(sources: readonly SampleSource[], name: string): SampleSource {
  const source = sources.find((each) => each.name === name);
  if (source !== undefined) return source;
  const names = sources.map((each) => each.name);
  throw invalid(
    `there is no sample event of ${name === '' ? "''" : name}`,
    `${didYouMean(name, names)}Sources: ${names.join(', ')}.`,
  );
}

function kindOf(source: SampleSource, name: string | undefined): SampleKind {
  const names = Object.keys(source.kinds);
  const kind = source.kinds[name ?? (names[0] as string)];
  if (kind !== undefined) return kind;
  throw invalid(
    `there is no event ${name === '' ? "''" : name} of ${source.name}`,
    `${didYouMean(name ?? '', names)}Kinds: ${names.join(', ')}.`,
  );
}

function list({ report }: CommandContext, sources: readonly SampleSource[]): number {
  if (report.json) {
    report.printJson(
      sources.map(({ name, about, kinds }) => ({
        source: name,
        about,
        kinds: Object.entries(kinds).map(([kind, { about: does, fields = [] }]) => ({
          kind,
          about: does,
          set: fields.flatMap(({ name: short = [] }) => short),
        })),
      })),
    );
    return EXIT.ok;
  }
  report.table({
    columns: [{ title: 'SOURCE' }, { title: 'KIND' }, { title: 'SET' }, { title: 'ABOUT' }],
    rows: sources.flatMap(({ name, about, kinds }) =>
      Object.entries(kinds).map(([kind, { about: does, fields = [] }], index) => [
        name,
        kind,
        fields.flatMap(({ name: short = [] }) => short).join(' '),
        index === 0 ? `${about}: ${does}` : does,
      ]),
    ),
  });
  report.note(report.paintError.dim('The first kind of a source is made when none is named.'));
  return EXIT.ok;
}

function invalid(message: string, remedy: string): OrchestratorError {
  return new OrchestratorError('config-invalid', message, { remedy });
}
