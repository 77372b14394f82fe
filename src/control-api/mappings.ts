/** The five operations on event source mappings (contract 8.2, 8.11, 11.8, 11.9). */

import { parseFunctionReference } from '../function/arn.js';
import type { MappingRecord } from '../registry/mapping-records.js';
import type { MappingState } from '../registry/mapping-registry.js';
import { LATEST } from '../registry/records.js';
import { ApiFailure, conflict, invalid, notFound } from './failure.js';
import { kindOf } from '../stack/mappings.js';
import { checkMapping, definitionOf, toldOf, type SettingsInput } from './mapping-settings.js';
import type { Answer, ControlRequest } from './operation.js';
import { pageOf, type PageInput } from './paging.js';
import type { ControlParts } from './parts.js';
import { arnOf, readTarget, type Target } from './target.js';
import { checkTags } from './tag-rules.js';
import { userError } from '../invoke-api/errors.js';

interface CreateInput extends SettingsInput {
  readonly FunctionName: string;
  readonly EventSourceArn?: string;
  readonly Tags?: Readonly<Record<string, string>>;
}

interface IdInput {
  readonly UUID: string;
}

const PAGE = 100;
const MOST = 10_000;

export async function createEventSourceMapping({
  parts,
  input,
}: ControlRequest<CreateInput>): Promise<Answer> {
  const target = targetOf(parts, input.FunctionName);
  const { EventSourceArn: sourceArn, Tags: tags = {} } = input;
  checkTags(tags);
  const definition = definitionOf(input, {
    path: '',
    target,
    sourceArn: recognised(sourceArn),
    enabled: true,
  });
  checkMapping(definition);
  refuseTwin(parts, { definition });
  const record = { definition, told: toldOf(input, {}), tags };
  await examine(parts, record);
  // Somebody else may have made the same one meanwhile.
  refuseTwin(parts, { definition });
  return { body: shown(parts, parts.mappings.add(record), 'Creating') };
}

export function getEventSourceMapping({ parts, input }: ControlRequest<IdInput>): Answer {
  const { mappings } = parts;
  const record = mappings.get(input.UUID) ?? mappings.follower.statusOf(input.UUID)?.record;
  if (record === undefined) throw missing();
  return { body: shown(parts, record) };
}

export function listEventSourceMappings({
  parts,
  input,
}: ControlRequest<
  PageInput & { readonly EventSourceArn?: string; readonly FunctionName?: string }
>): Answer {
  const { EventSourceArn: sourceArn, FunctionName: name } = input;
  const target = name === undefined ? undefined : targetIn(readTarget(parts, name));
  const records = parts.mappings
    .list()
    .filter(({ definition }) => sourceArn === undefined || definition.sourceArn === sourceArn)
    .filter(({ definition }) => target === undefined || isSame(definition.target, target))
    .map((record) => ({ key: record.uuid, record }));
  const { page, next } = pageOf(records, { MaxItems: PAGE, ...input }, MOST);
  return { body: { ...next, EventSourceMappings: page.map(({ record }) => shown(parts, record)) } };
}

export async function updateEventSourceMapping({
  parts,
  input,
}: ControlRequest<IdInput & SettingsInput & { readonly FunctionName?: string }>): Promise<Answer> {
  const record = settled(parts, input.UUID, 'update');
  const { FunctionName: name } = input;
  const before = record.definition;
  const target = name === undefined ? before.target : targetOf(parts, name);
  const definition = definitionOf(input, { ...before, target });
  checkMapping(definition);
  refuseTwin(parts, { definition, uuid: record.uuid });
  const changed = { ...record, definition, told: toldOf(input, record.told) };
  if (name !== undefined) await examine(parts, changed);
  const kept = parts.mappings.change(changed);
  return { body: shown(parts, kept) };
}

export function deleteEventSourceMapping({ parts, input }: ControlRequest<IdInput>): Answer {
  const record = settled(parts, input.UUID, 'delete');
  parts.mappings.remove(record.uuid);
  return { body: shown(parts, record, 'Deleting') };
}

/** A mapping that is not being changed already. */
function settled(parts: ControlParts, uuid: string, verb: 'update' | 'delete'): MappingRecord {
  const record = parts.mappings.get(uuid);
  if (record === undefined) throw missing();
  const state = stateOf(parts, record);
  if (state === 'Enabled' || state === 'Disabled') return record;
  const text = `Cannot ${verb} the event source mapping because it is in use.`;
  throw new ApiFailure(userError(400, 'ResourceInUseException', text, 'Message'));
}

function missing(): ApiFailure {
  return notFound('The resource you requested does not exist.');
}

function targetOf(parts: ControlParts, text: string): Target & { functionName: string } {
  const target = readTarget(parts, text);
  if (!parts.registry.exists(target.name, target.qualifier)) {
    throw invalid('Function does not exist');
  }
  return { ...targetIn(target), name: target.name };
}

function targetIn({ name, qualifier }: Target) {
  return {
    functionName: name,
    ...(qualifier === undefined || qualifier === LATEST ? {} : { qualifier }),
  };
}

function isSame(
  one: MappingRecord['definition']['target'],
  other: MappingRecord['definition']['target'],
): boolean {
  return one.functionName === other.functionName && one.qualifier === other.qualifier;
}

/** Services whose sources Lambda has, and that are not run here. */
const ELSEWHERE = /^arn:[^:]+:(kafka|mq|rds|docdb)[^:]*:/;

function recognised(sourceArn: string | undefined): string {
  if (sourceArn !== undefined && kindOf(sourceArn) !== undefined) return sourceArn;
  if (sourceArn === undefined || !ELSEWHERE.test(sourceArn)) {
    throw invalid('Unrecognized event source.');
  }
  throw invalid(`Event sources such as ${sourceArn} are not run here. On AWS Lambda they are.`);
}

function refuseTwin(
  { mappings }: ControlParts,
  {
    definition,
    uuid,
  }: { readonly definition: MappingRecord['definition']; readonly uuid?: string },
): void {
  const { sourceArn, target } = definition;
  const twin = mappings
    .list()
    .find(
      ({ uuid: theirs, definition: other }) =>
        theirs !== uuid && other.sourceArn === sourceArn && isSame(other.target, target),
    );
  if (twin === undefined) return;
  const { functionName, qualifier } = target;
  const called = qualifier === undefined ? functionName : `${functionName}:${qualifier}`;
  const remedy = `Please update or delete the existing mapping with UUID ${twin.uuid}`;
  throw conflict(
    kindOf(sourceArn) === 'sqs'
      ? `An event source mapping with SQS arn (" ${sourceArn} ") and function (" ${called} ") already exists. ${remedy}`
      : `The event source arn (" ${sourceArn} ") and function (" ${called} ") provided mapping already exists. ${remedy}`,
  );
}

/** What only the source itself can say, as far as it can be asked. */
async function examine(
  parts: ControlParts,
  record: Pick<MappingRecord, 'definition'>,
): Promise<void> {
  const { target } = record.definition;
  const version = parts.registry.alias(target.functionName, target.qualifier ?? LATEST)?.version;
  const { functionName: name } = target;
  const found =
    version === undefined || version === LATEST
      ? parts.registry.revision(name)
      : parts.registry.version(name, version);
  const problem = await parts.mappings.follower.examine(
    record.definition,
    found?.definition.timeoutSeconds ?? 0,
  );
  if (problem !== undefined) throw invalid(problem);
}

function stateOf(parts: ControlParts, { uuid, definition }: MappingRecord): MappingState {
  const known = parts.mappings.follower.statusOf(uuid)?.state;
  return known ?? (definition.enabled ? 'Enabled' : 'Disabled');
}

function shown(parts: ControlParts, record: MappingRecord, state?: MappingState): object {
  const { uuid, definition, told, modifiedAtMs } = record;
  const { sourceArn, target, filters, onFailureArn } = definition;
  const lastResult = parts.mappings.follower.statusOf(uuid)?.lastResult ?? 'No records processed';
  const isQueue = kindOf(sourceArn) === 'sqs';
  const responses = definition.reportBatchItemFailures === true ? ['ReportBatchItemFailures'] : [];
  const { functionName: name, qualifier } = target;
  return {
    UUID: uuid,
    ...(isQueue ? {} : { StartingPosition: definition.startingPosition }),
    ...(definition.startingTimestamp === undefined
      ? {}
      : { StartingPositionTimestamp: definition.startingTimestamp }),
    BatchSize: definition.batchSize ?? (isQueue ? 10 : 100),
    MaximumBatchingWindowInSeconds: definition.batchingWindowSeconds ?? 0,
    ...(isQueue ? queueMembers(definition) : streamMembers(definition, onFailureArn)),
    EventSourceArn: sourceArn,
    ...(filters === undefined || filters.length === 0
      ? {}
      : { FilterCriteria: { Filters: filters.map((Pattern) => ({ Pattern })) } }),
    FunctionArn: arnOf(parts, { name, ...(qualifier === undefined ? {} : { qualifier }) }),
    LastModified: modifiedAtMs / 1000,
    // Of queues AWS tells nothing here; we tell what stands in the way.
    ...(!isQueue || lastResult.startsWith('PROBLEM') ? { LastProcessingResult: lastResult } : {}),
    State: state ?? stateOf(parts, record),
    StateTransitionReason: isQueue ? 'USER_INITIATED' : 'User action',
    FunctionResponseTypes: responses,
    EventSourceMappingArn: `arn:aws:lambda:${parts.region}:${parts.accountId}:event-source-mapping:${uuid}`,
    ...told,
  };
}

function queueMembers({ maximumConcurrency, pollers }: MappingRecord['definition']): object {
  return {
    ...(maximumConcurrency === undefined
      ? {}
      : { ScalingConfig: { MaximumConcurrency: maximumConcurrency } }),
    ...(pollers === undefined
      ? {}
      : {
          ProvisionedPollerConfig: {
            MinimumPollers: pollers.minimum ?? 2,
            MaximumPollers: pollers.maximum ?? 200,
          },
        }),
  };
}

function streamMembers(
  definition: MappingRecord['definition'],
  onFailureArn: string | undefined,
): object {
  return {
    ParallelizationFactor: definition.parallelizationFactor ?? 1,
    DestinationConfig: {
      OnFailure: onFailureArn === undefined ? {} : { Destination: onFailureArn },
    },
    MaximumRecordAgeInSeconds: definition.maximumRecordAgeSeconds ?? -1,
    BisectBatchOnFunctionError: definition.bisectOnError ?? false,
    MaximumRetryAttempts: definition.maximumRetryAttempts ?? -1,
    TumblingWindowInSeconds: definition.tumblingWindowSeconds ?? 0,
  };
}

/** The mapping that an ARN names, for tags; undefined when it names something else. */
export function taggedMapping(parts: ControlParts, arn: string): MappingRecord | undefined {
  const [, uuid] = /:event-source-mapping:([0-9a-f-]{36})$/.exec(arn) ?? [];
  if (uuid === undefined || parseFunctionReference(arn) !== undefined) return undefined;
  const record = parts.mappings.get(uuid);
  if (record === undefined) throw missing();
  return record;
}
