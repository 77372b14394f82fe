/** Recursion configs, and those of runtime management: the latter kept and told, of no effect. */

import { LATEST } from '../registry/records.js';
import { invalid } from './failure.js';
import type { Answer, ControlRequest } from './operation.js';
import { arnOf, existing, existingFunction, missing, type Target } from './target.js';
import type { ControlParts } from './parts.js';

interface FunctionInput {
  readonly FunctionName: string;
}

export function putFunctionRecursionConfig({
  parts,
  input,
}: ControlRequest<FunctionInput & { readonly RecursiveLoop: 'Allow' | 'Terminate' }>): Answer {
  const { name } = existingFunction(parts, input.FunctionName);
  parts.registry.change(name, (record) => {
    record.recursion = input.RecursiveLoop;
  });
  return { body: { RecursiveLoop: input.RecursiveLoop } };
}

export function getFunctionRecursionConfig({
  parts,
  input,
}: ControlRequest<FunctionInput>): Answer {
  const { name } = existingFunction(parts, input.FunctionName);
  return { body: { RecursiveLoop: parts.registry.allowsRecursion(name) ? 'Allow' : 'Terminate' } };
}

interface RuntimeInput extends FunctionInput {
  readonly Qualifier?: string;
}

export function putRuntimeManagementConfig({
  parts,
  input,
}: ControlRequest<
  RuntimeInput & {
    readonly UpdateRuntimeOn: 'Auto' | 'Manual' | 'FunctionUpdate';
    readonly RuntimeVersionArn?: string;
  }
>): Answer {
  const target = managed(parts, input);
  const { UpdateRuntimeOn: updateOn, RuntimeVersionArn: versionArn } = input;
  if (updateOn === 'Manual' && versionArn === undefined) {
    throw invalid(
      'You must provide the ARN of the specific runtime version when selecting Manual as the runtime update mode.',
    );
  }
  if (updateOn !== 'Manual' && versionArn !== undefined) {
    throw invalid('You can only provide a RuntimeVersionArn when UpdateRuntimeOn is Manual.');
  }
  parts.registry.change(target.name, ({ runtimeManagement }) => {
    runtimeManagement[target.qualifier ?? LATEST] = {
      updateOn,
      ...(versionArn === undefined ? {} : { versionArn }),
    };
  });
  return { body: managementOf(parts, target) };
}

export function getRuntimeManagementConfig({ parts, input }: ControlRequest<RuntimeInput>): Answer {
  return { body: managementOf(parts, managed(parts, input)) };
}

function managed(parts: ControlParts, input: RuntimeInput): Target {
  const target = existing(parts, input.FunctionName, input.Qualifier);
  const { name, qualifier } = target;
  if (qualifier !== undefined && parts.registry.alias(name, qualifier) !== undefined) {
    throw invalid('Runtime management is for $LATEST and published versions, not for aliases.');
  }
  if (!parts.registry.exists(name, qualifier)) throw missing(parts, target);
  return target;
}

function managementOf(parts: ControlParts, target: Target): object {
  const stored = parts.registry.record(target.name).runtimeManagement[target.qualifier ?? LATEST];
  return {
    UpdateRuntimeOn: stored?.updateOn ?? 'Auto',
    ...(stored?.versionArn === undefined ? {} : { RuntimeVersionArn: stored.versionArn }),
    FunctionArn: arnOf(parts, target),
  };
}
