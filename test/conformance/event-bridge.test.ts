/** EventBridge and Scheduler by Debian's AWS CLI and boto3, unmodified. */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { environmentOf } from '../support/aws-clients/client.js';
import { ClientContainer } from '../support/aws-clients/client-container.js';
import { EventBridgeBench, PLACE } from '../support/event-bridge-bench.js';

const LIMIT_MS = 120_000;
const FUNCTION = 'arn:aws:lambda:eu-west-1:000000000000:function:hello';

const BOTO3 = `
import boto3, datetime, json
events = boto3.client('events')
events.put_rule(Name='boto3', EventPattern=json.dumps({'source': ['boto3']}))
events.put_targets(Rule='boto3', Targets=[{'Id': '1', 'Arn': '${FUNCTION}'}])
time = datetime.datetime(2026, 1, 5, 10, tzinfo=datetime.timezone.utc)
answer = events.put_events(Entries=[
    {'Source': 'boto3', 'DetailType': 't', 'Detail': json.dumps({'n': 1}), 'Time': time},
    {'Source': 'aws.s3', 'DetailType': 't', 'Detail': '{}'},
])
try:
    events.describe_rule(Name='none')
except events.exceptions.ResourceNotFoundException as error:
    missing = error.response['Error']['Message']
scheduler = boto3.client('scheduler')
made = scheduler.create_schedule(
    Name='boto3', ScheduleExpression='at(2030-01-01T00:00:00)', FlexibleTimeWindow={'Mode': 'OFF'},
    StartDate=time, Target={'Arn': '${FUNCTION}', 'RoleArn': 'arn:aws:iam::000000000000:role/r'})
found = scheduler.get_schedule(Name='boto3')
try:
    scheduler.get_schedule(Name='none')
except scheduler.exceptions.ResourceNotFoundException as error:
    schedule = error.response['Error']['Message']
print(json.dumps({
    'failed': answer['FailedEntryCount'], 'code': answer['Entries'][1]['ErrorCode'], 'missing': missing,
    'arn': made['ScheduleArn'], 'start': found['StartDate'].timestamp(), 'schedule': schedule,
}))
`;

describe('Debian’s clients', () => {
  let bench: EventBridgeBench;
  let container: ClientContainer;
  let variables: Readonly<Record<string, string>>;

  beforeAll(async () => {
    bench = await EventBridgeBench.make();
    variables = environmentOf({ url: bench.url, ...PLACE });
    container = await ClientContainer.start('forky');
  }, LIMIT_MS);
  afterAll(async () => {
    await container.remove();
    await bench.close();
  }, LIMIT_MS);

  async function aws(...words: string[]): Promise<unknown> {
    const command = ['aws', '--endpoint-url', bench.url, '--output', 'json', ...words];
    const { code, stdout, stderr } = await container.run(command, variables);
    if (code !== 0) throw new Error(stderr);
    return stdout.trim() === '' ? undefined : (JSON.parse(stdout) as unknown);
  }

  test(
    'the AWS CLI makes a rule, puts an event and makes a schedule',
    async () => {
      await aws('events', 'put-rule', '--name', 'cli', '--event-pattern', '{"source":["cli"]}');
      await aws('events', 'put-targets', '--rule', 'cli', '--targets', `Id=1,Arn=${FUNCTION}`);
      const entry = { Source: 'cli', DetailType: 't', Detail: '{"n":1}' };
      const answer = await aws('events', 'put-events', '--entries', JSON.stringify([entry]));
      expect(answer).toEqual({
        FailedEntryCount: 0,
        Entries: [{ EventId: expect.stringMatching(/^[0-9a-f-]{36}$/) }],
      });
      const [sent] = await bench.untilSent(1);
      expect(JSON.parse(sent?.body ?? '')).toMatchObject({ source: 'cli', detail: { n: 1 } });
      const made = await aws(
        'scheduler',
        'create-schedule',
        '--name=cli',
        '--schedule-expression=rate(1 day)',
        '--start-date=2030-01-01T00:00:00Z',
        '--flexible-time-window=Mode=OFF',
        `--target=Arn=${FUNCTION},RoleArn=arn:aws:iam::000000000000:role/r`,
      );
      expect(made).toEqual({
        ScheduleArn: 'arn:aws:scheduler:eu-west-1:000000000000:schedule/default/cli',
      });
      await expect(aws('events', 'describe-rule', '--name', 'none')).rejects.toThrow(
        /\(ResourceNotFoundException\) when calling the DescribeRule operation.*: Rule none does not exist on EventBus default\./,
      );
    },
    LIMIT_MS,
  );

  test(
    'boto3 does the same',
    async () => {
      const { code, stdout, stderr } = await container.run(['python3', '-c', BOTO3], variables);
      expect([code, stderr]).toEqual([0, '']);
      expect(JSON.parse(stdout)).toEqual({
        failed: 1,
        code: 'NotAuthorizedForSourceException',
        missing: 'Rule none does not exist on EventBus default.',
        arn: 'arn:aws:scheduler:eu-west-1:000000000000:schedule/default/boto3',
        start: Date.UTC(2026, 0, 5, 10) / 1000,
        schedule: 'Schedule none does not exist.',
      });
      await bench.until(() => bench.sent.some(({ body }) => body.includes('"source":"boto3"')));
      const sent = bench.sent.find(({ body }) => body.includes('"source":"boto3"'));
      expect(JSON.parse(sent?.body ?? '')).toMatchObject({ time: '2026-01-05T10:00:00Z' });
    },
    LIMIT_MS,
  );
});
