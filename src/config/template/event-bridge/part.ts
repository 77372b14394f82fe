/** Reads what templates say about EventBridge and its Scheduler. */

import type { StackDraft } from '../../../stack/stack.js';
import type { TemplateContext } from '../context.js';
import type { TemplatePart } from '../parts.js';
import { bus, ignoredResource, rule, ruleEvent, scheduleEvent } from './rules.js';
import { schedule, scheduleGroup, scheduleV2Event } from './schedules.js';

const NOT_KEPT = 'events are not archived here';
const NO_HTTP_TARGETS = 'no requests are sent to other places from here';

/** A second one of a name would take the place of the first. */
function refuseSecond(stack: StackDraft, problems: TemplateContext['problems']): void {
  const names = new Set<string>();
  const check = (kind: string, path: string, name: string): void => {
    if (!names.has(`${kind} ${name}`)) names.add(`${kind} ${name}`);
    else if (!problems.list.some((problem) => problem.path === path)) {
      const expected = `a ${kind} with a name of its own`;
      problems.add({ path, value: name, expected, remedy: 'Give one of the two another name.' });
    }
  };
  for (const { path, name } of stack.buses) check('bus', path, name);
  for (const { path, bus: on, name } of stack.rules) check('rule', path, `${on}/${name}`);
  for (const { path, group, name } of stack.schedules) check('schedule', path, `${group}/${name}`);
}

export const eventBridge: TemplatePart = {
  resources: {
    'AWS::Events::EventBus': bus,
    'AWS::Events::Rule': rule,
    'AWS::Events::EventBusPolicy': ignoredResource('permissions are not checked here'),
    'AWS::Events::Archive': ignoredResource(NOT_KEPT),
    'AWS::Events::Connection': ignoredResource(NO_HTTP_TARGETS),
    'AWS::Events::ApiDestination': ignoredResource(NO_HTTP_TARGETS),
    'AWS::Events::Endpoint': ignoredResource('there is one region here'),
    'AWS::Scheduler::Schedule': schedule,
    'AWS::Scheduler::ScheduleGroup': scheduleGroup,
  },
  events: {
    Schedule: scheduleEvent,
    ScheduleV2: scheduleV2Event,
    EventBridgeRule: ruleEvent,
    CloudWatchEvent: ruleEvent,
  },
  finish({ context }) {
    refuseSecond(context.stack, context.problems);
  },
};
