/** Targets of PutTargets ↔ those of rules. */

import type { RuleTargetDefinition } from '../stack/event-bridge.js';
import { invalid } from './api-fault.js';
import { Checked, type Input } from './api-input.js';
import { inputProblem } from '../event-input/input.js';
import { ruleTargetProblem, UNSERVED_PARAMETERS } from '../event-input/target-kinds.js';

/** Raises `ValidationException`. */
export function readTarget(target: Input): RuleTargetDefinition {
  const checked = new Checked(target);
  const id =
    checked.text('Id', { required: true, min: 1, max: 64, pattern: /^[.\-_A-Za-z0-9]+$/ }) ?? '';
  const arn = checked.text('Arn', { required: true, min: 1, max: 1600 }) ?? '';
  const input = checked.text('Input', { max: 8192 });
  const inputPath = checked.text('InputPath', { max: 256 });
  const transformer = checked.map('InputTransformer');
  const retry = checked.map('RetryPolicy');
  const deadLetterArn = deadLetterOf(checked.map('DeadLetterConfig'));
  const queue = checked.map('SqsParameters');
  const stream = checked.map('KinesisParameters');
  checked.done();
  const unusable = ruleTargetProblem(arn);
  if (unusable !== undefined) {
    throw invalid(`Parameter ${arn} is not valid. Reason: ${unusable}.`);
  }
  const refused = UNSERVED_PARAMETERS.find((name) => target[name] !== undefined);
  if (refused !== undefined) throw invalid(`${refused} is not supported here.`);
  const found: RuleTargetDefinition = {
    id,
    arn,
    ...(input === undefined ? {} : { input }),
    ...(inputPath === undefined ? {} : { inputPath }),
    ...(transformer === undefined ? {} : { inputTransformer: transformerOf(transformer) }),
    ...(retry === undefined ? {} : { retry: readRetry(retry) }),
    ...(deadLetterArn === undefined ? {} : { deadLetterArn }),
    ...textMember(queue, 'MessageGroupId', 'messageGroupId'),
    ...textMember(stream, 'PartitionKeyPath', 'partitionKeyPath'),
  };
  const problem = inputProblem(found);
  if (problem !== undefined) {
    throw invalid(
      `Parameter ${problem.path} is not valid for target ${id}. Reason: it ${problem.reason}.`,
    );
  }
  return found;
}

/** Raises `ValidationException`. */
export function readRetry(retry: Input): NonNullable<RuleTargetDefinition['retry']> {
  const checked = new Checked(retry);
  const attempts = checked.number('MaximumRetryAttempts', { min: 0, max: 185 });
  const age = checked.number('MaximumEventAgeInSeconds', { min: 60, max: 86_400 });
  checked.done();
  return {
    ...(age === undefined ? {} : { maximumAgeSeconds: age }),
    ...(attempts === undefined ? {} : { maximumAttempts: attempts }),
  };
}

export function deadLetterOf(config: Input | undefined): string | undefined {
  return config === undefined ? undefined : new Checked(config).text('Arn');
}

function shownRetry(retry: RuleTargetDefinition['retry']): object {
  if (retry === undefined) return {};
  const { maximumAgeSeconds, maximumAttempts } = retry;
  return {
    RetryPolicy: {
      ...(maximumAttempts === undefined ? {} : { MaximumRetryAttempts: maximumAttempts }),
      ...(maximumAgeSeconds === undefined ? {} : { MaximumEventAgeInSeconds: maximumAgeSeconds }),
    },
  };
}

export function shownTarget(target: RuleTargetDefinition): object {
  const { id, arn, input, inputPath, inputTransformer, retry, deadLetterArn } = target;
  return {
    Id: id,
    Arn: arn,
    ...(input === undefined ? {} : { Input: input }),
    ...(inputPath === undefined ? {} : { InputPath: inputPath }),
    ...(inputTransformer === undefined
      ? {}
      : {
          InputTransformer: {
            InputPathsMap: inputTransformer.paths,
            InputTemplate: inputTransformer.template,
          },
        }),
    ...shownRetry(retry),
    ...(deadLetterArn === undefined ? {} : { DeadLetterConfig: { Arn: deadLetterArn } }),
    ...(target.messageGroupId === undefined
      ? {}
      : { SqsParameters: { MessageGroupId: target.messageGroupId } }),
    ...(target.partitionKeyPath === undefined
      ? {}
      : { KinesisParameters: { PartitionKeyPath: target.partitionKeyPath } }),
  };
}

function transformerOf(input: Input): NonNullable<RuleTargetDefinition['inputTransformer']> {
  const checked = new Checked(input);
  const template = checked.text('InputTemplate', { required: true, min: 1, max: 8192 }) ?? '';
  const paths = checked.map('InputPathsMap') ?? {};
  checked.done();
  return {
    paths: Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, String(path)])),
    template,
  };
}

function textMember(input: Input | undefined, theirs: string, ours: string): object {
  const value = input === undefined ? undefined : new Checked(input).text(theirs);
  return value === undefined ? {} : { [ours]: value };
}
