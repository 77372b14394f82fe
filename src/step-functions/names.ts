/** ARNs and names of Step Functions. Pure. */

import { arnOf, parseArn, stateMachineArn, type Place } from '../stack/arns.js';

export type MachineType = 'STANDARD' | 'EXPRESS';

/** Contract 11.16: at most 80 characters, none of these. */
const NAME = /^[^\s\p{Cc}<>{}[\]?*"#%\\^|~`$&,;:/\u{fffe}\u{ffff}]{1,80}$/u;

export function isName(text: unknown): text is string {
  return typeof text === 'string' && NAME.test(text);
}

export function executionArn(
  place: Place,
  { type, machine, name, run }: { type: MachineType; machine: string; name: string; run: string },
): string {
  return type === 'STANDARD'
    ? arnOf('states', place, `execution:${machine}:${name}`)
    : arnOf('states', place, `express:${machine}:${name}:${run}`);
}

export const activityArn = (place: Place, name: string): string =>
  arnOf('states', place, `activity:${name}`);

/** Of a state machine, an execution's machine or an activity: what follows its kind. */
export const nameOf = (arn: string): string => arn.split(':')[6] ?? '';

/** The machine an ARN means; a version or an alias behind it is left off. */
export function machineOf(
  arn: string,
): { readonly name: string; readonly arn: string } | undefined {
  const parts = parseArn(arn);
  const [kind, name] = (parts?.resource ?? '').split(':');
  if (parts?.service !== 'states' || kind !== 'stateMachine' || !isName(name)) return undefined;
  return { name, arn: stateMachineArn(parts, name) };
}

/** Whether the ARN is that of an execution; which kind. */
export function executionType(arn: string): MachineType | undefined {
  const parts = parseArn(arn);
  if (parts?.service !== 'states') return undefined;
  if (parts.resource.startsWith('execution:')) return 'STANDARD';
  return parts.resource.startsWith('express:') ? 'EXPRESS' : undefined;
}
