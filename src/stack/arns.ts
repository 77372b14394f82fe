/** ARNs of what a stack holds besides functions. Pure. */

export interface Place {
  readonly region: string;
  readonly accountId: string;
}

export interface ArnParts extends Place {
  readonly partition: string;
  /** Such as `sqs`. */
  readonly service: string;
  /** What follows the account: `orders`, `table/orders`, `function:hello:live`, … */
  readonly resource: string;
}

/** Undefined when the text is no ARN. */
export function parseArn(text: string): ArnParts | undefined {
  const [head, partition = '', service = '', region = '', accountId = '', ...rest] =
    text.split(':');
  if (head !== 'arn' || service === '' || rest.length === 0) return undefined;
  return { partition, service, region, accountId, resource: rest.join(':') };
}

export function arnOf(service: string, { region, accountId }: Place, resource: string): string {
  return `arn:aws:${service}:${region}:${accountId}:${resource}`;
}

export const bucketArn = (name: string): string => `arn:aws:s3:::${name}`;
export const queueArn = (place: Place, name: string): string => arnOf('sqs', place, name);
export const topicArn = (place: Place, name: string): string => arnOf('sns', place, name);
export const tableArn = (place: Place, name: string): string =>
  arnOf('dynamodb', place, `table/${name}`);
export const streamArn = (place: Place, name: string): string =>
  arnOf('kinesis', place, `stream/${name}`);
export const logGroupArn = (place: Place, name: string): string =>
  arnOf('logs', place, `log-group:${name}`);
export const busArn = (place: Place, name: string): string =>
  arnOf('events', place, `event-bus/${name}`);
/** Rules of other buses than the default one carry the bus in their ARN. */
export const ruleArn = (place: Place, bus: string, name: string): string =>
  arnOf('events', place, bus === 'default' ? `rule/${name}` : `rule/${bus}/${name}`);
export const scheduleArn = (place: Place, group: string, name: string): string =>
  arnOf('scheduler', place, `schedule/${group}/${name}`);
export const stateMachineArn = (place: Place, name: string): string =>
  arnOf('states', place, `stateMachine:${name}`);
