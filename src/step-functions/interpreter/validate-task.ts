/** Task states, and numbers. Pure. */

import { nearestOf } from '../../config/problems.js';
import { actionsOf } from '../integrations/actions.js';
import type { Report } from './diagnostics.js';
import type { JsonMap } from './json.js';
import { parseResource, unsupported, type Resource } from './resource.js';

interface Around {
  readonly report: Report;
  readonly type: 'STANDARD' | 'EXPRESS';
}

/** Of services that are reached through the AWS SDK. */
function unknownAction(resource: Resource): string | undefined {
  if (resource.kind !== 'integration' || !resource.service.startsWith('aws-sdk:')) return undefined;
  const service = resource.service.slice('aws-sdk:'.length);
  const actions = actionsOf(service);
  if (actions === undefined || actions.includes(resource.action)) return undefined;
  const nearest = nearestOf(resource.action, actions);
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  return `${service} has no action ${resource.action}${hint}`;
}

export function checkTask(state: JsonMap, path: string, { report, type }: Around): void {
  checkNumber(state, 'TimeoutSeconds', path, report);
  checkNumber(state, 'HeartbeatSeconds', path, report);
  const { Resource: written, TimeoutSeconds: timeout, HeartbeatSeconds: heartbeat } = state;
  if (typeof timeout === 'number' && typeof heartbeat === 'number' && heartbeat >= timeout) {
    report({
      path: `${path}.HeartbeatSeconds`,
      value: heartbeat,
      message: 'the heartbeat is no shorter than the timeout',
      expected: `less than TimeoutSeconds (${timeout})`,
      remedy: 'Shorten it.',
    });
  }
  if (state['Credentials'] !== undefined) {
    report({
      severity: 'WARNING',
      path: `${path}.Credentials`,
      message: 'permissions are not checked here',
      expected: 'no Credentials',
      remedy: 'Nothing has to be done.',
    });
  }
  if (written === undefined) return;
  const resource = typeof written === 'string' ? parseResource(written) : undefined;
  const reason =
    resource === undefined
      ? 'it is neither a function, an activity nor a service integration'
      : (unsupported(resource) ?? unknownAction(resource));
  if (reason !== undefined) {
    report({
      path: `${path}.Resource`,
      value: written,
      ...(resource === undefined ? {} : { code: 'NOT_SUPPORTED_HERE' as const }),
      message: reason,
      expected: 'a resource that runs here',
      remedy:
        resource === undefined
          ? 'Write the ARN of a function, or arn:aws:states:::<service>:<action>.'
          : 'Put a function in its place, or leave the state machine out here.',
    });
    return;
  }
  const waits =
    resource?.kind === 'activity' ||
    (resource?.kind === 'integration' && resource.pattern !== undefined);
  if (type !== 'EXPRESS' || !waits) return;
  report({
    path: `${path}.Resource`,
    value: written,
    message: 'Express machines wait neither for callbacks nor for other executions',
    expected: 'a resource without .sync, .waitForTaskToken and activities',
    remedy: 'Make the machine a STANDARD one, or leave the pattern out.',
  });
}

export function checkNumber(state: JsonMap, field: string, path: string, report: Report): void {
  const value = state[field];
  if (value === undefined || typeof value === 'string') return;
  if (typeof value === 'number' && value >= 0 && value <= 99_999_999) return;
  report({
    path: path === '' ? field : `${path}.${field}`,
    value,
    message: 'the number is out of range',
    expected: 'a number of seconds from 0 to 99999999',
    remedy: 'Change it.',
  });
}
