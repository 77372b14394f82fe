import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigFolder } from '../../support/config-folder.js';

let folder: ConfigFolder;
beforeEach(async () => {
  folder = await ConfigFolder.make();
});
afterEach(() => folder.remove());

const SERVICE = `
service: shop
custom:
  stage: \${opt:stage, self:provider.stage}
  table: orders-\${self:custom.stage}-\${env:SUFFIX, 'x'}
  sizes: \${file(sizes.yml):\${sls:stage}}
provider:
  name: aws
  runtime: nodejs22.x
  stage: test
  region: eu-west-1
  environment:
    TABLE: \${self:custom.table}
    QUEUE: !GetAtt Jobs.Arn
    SECRET: \${ssm:/secret}
    ACCOUNT: \${aws:accountId}
    LOCAL: \${AWS::Region}
layers:
  common: { path: layer }
functions:
  hello:
    handler: src/hello.handler
    memorySize: \${self:custom.sizes.hello}
    layers: [!Ref CommonLambdaLayer]
    url: true
    destinations: { onFailure: other }
    maximumRetryAttempts: 1
    events:
      - sqs: { arn: !GetAtt Jobs.Arn, batchSize: 5, functionResponseType: ReportBatchItemFailures }
      - stream: { type: dynamodb, arn: !GetAtt Orders.StreamArn, filterPatterns: [{ eventName: [INSERT] }] }
      - s3: { bucket: uploads-x, event: 's3:ObjectCreated:*', rules: [{ prefix: in/ }, { suffix: .jpg }] }
      - sns: announcements
      - cognitoUserPool: { pool: people, trigger: PreSignUp }
  other: { handler: src/hello.handler, name: other-function, provisionedConcurrency: 2 }
resources:
  Resources:
    Jobs: { Type: AWS::SQS::Queue, Properties: { QueueName: jobs } }
    Orders:
      Type: AWS::DynamoDB::Table
      Properties:
        TableName: \${self:custom.table}
        BillingMode: PAY_PER_REQUEST
        AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
        KeySchema: [{ AttributeName: id, KeyType: HASH }]
        StreamSpecification: { StreamViewType: NEW_IMAGE }
`;

describe('serverless.yml', () => {
  beforeEach(async () => {
    await folder.put('src/hello.mjs', 'export const handler = async (event) => event;');
    await folder.put('layer/nodejs/x.js', '');
    await folder.put('sizes.yml', 'test: { hello: 512 }\nprod: { hello: 2048 }\n');
    await folder.put('serverless.yml', SERVICE);
  });

  it('gives functions with the framework’s names, defaults and variables', async () => {
    const { functions, settings } = await folder.load();
    expect(settings.region).toBe('eu-west-1');
    expect(functions).toHaveLength(2);
    expect(functions[0]).toMatchObject({
      name: 'shop-test-hello',
      logicalId: 'HelloLambdaFunction',
      handler: 'src/hello.handler',
      runtime: 'nodejs22.x',
      codePath: folder.path,
      memoryMb: 512,
      timeoutSeconds: 6,
      environment: {
        TABLE: 'orders-test-x',
        QUEUE: 'arn:aws:sqs:eu-west-1:123456789012:jobs',
        SECRET: '',
        ACCOUNT: '123456789012',
        LOCAL: '${AWS::Region}',
      },
      eventInvoke: {
        maximumRetryAttempts: 1,
        onFailureArn: 'arn:aws:lambda:eu-west-1:123456789012:function:other-function',
      },
      url: { authType: 'NONE', invokeMode: 'BUFFERED' },
    });
    expect(functions[0]?.layerPaths).toEqual([`${folder.path}/layer`]);
    expect(functions[1]).toMatchObject({
      name: 'other-function',
      memoryMb: 1024,
      autoPublish: { alias: 'provisioned', provisionedConcurrency: 2 },
    });
  });

  it('takes the stage from a flag and variables from .env files', async () => {
    await folder.put('.env', 'SUFFIX=plain\n');
    await folder.put('.env.prod', 'SUFFIX=special\n');
    const plain = await folder.load();
    expect(plain.functions[0]?.environment['TABLE']).toBe('orders-test-plain');
    const { functions, files } = await folder.load({ stage: 'prod' });
    expect(functions[0]).toMatchObject({ name: 'shop-prod-hello', memoryMb: 2048 });
    expect(functions[0]?.environment['TABLE']).toBe('orders-prod-special');
    expect(files).toEqual(
      expect.arrayContaining(
        ['serverless.yml', 'sizes.yml', '.env', '.env.prod'].map(
          (name) => `${folder.path}/${name}`,
        ),
      ),
    );
  });

  it('reads events into the model of all sources, and makes what the framework makes', async () => {
    const { stack } = await folder.load();
    expect(stack.mappings).toMatchObject([
      {
        sourceArn: 'arn:aws:sqs:eu-west-1:123456789012:jobs',
        batchSize: 5,
        reportBatchItemFailures: true,
      },
      { batchSize: 10, startingPosition: 'TRIM_HORIZON', filters: ['{"eventName":["INSERT"]}'] },
    ]);
    expect(stack.buckets).toMatchObject([
      {
        name: 'uploads-x',
        notifications: [{ events: ['s3:ObjectCreated:*'], prefix: 'in/', suffix: '.jpg' }],
      },
    ]);
    expect(stack.topics).toMatchObject([
      { name: 'announcements', subscriptions: [{ target: { functionName: 'shop-test-hello' } }] },
    ]);
    expect(stack.tables).toMatchObject([{ name: 'orders-test-x' }]);
  });

  it('gives routes of an HTTP API a little more time than their function has', async () => {
    await folder.put(
      'serverless.yml',
      `
service: shop
provider: { name: aws, runtime: nodejs22.x, httpApi: { payload: '1.0' } }
functions:
  plain: { handler: src/hello.handler, events: [{ httpApi: 'GET /plain' }] }
  slow: { handler: src/hello.handler, timeout: 20, events: [{ httpApi: 'GET /slow' }] }
  slowest:
    handler: src/hello.handler
    timeout: 60
    httpApi: { payload: '2.0' }
    events: [{ httpApi: '*' }]
`,
    );
    const { stack, notices } = await folder.load();
    expect(
      stack.apis[0]?.routes.map(({ timeoutMs, integration }) => [
        timeoutMs,
        integration.kind === 'function' ? integration.payloadFormat : undefined,
      ]),
    ).toEqual([
      [6_500, '1.0'],
      [20_500, '1.0'],
      [30_000, '2.0'],
    ]);
    expect(notices).toEqual([]);
  });

  it('has routes of WebSockets ask their authorizer and answer', async () => {
    await folder.put(
      'serverless.yml',
      `
service: shop
provider: { name: aws, runtime: nodejs22.x }
functions:
  auth: { handler: src/hello.handler }
  chat:
    handler: src/hello.handler
    events:
      - websocket: { route: $connect, authorizer: auth }
      - websocket: { route: $disconnect, authorizer: { name: own, arn: !GetAtt AuthLambdaFunction.Arn } }
      - websocket: { route: ask, routeResponseSelectionExpression: $default }
      - websocket: say
`,
    );
    const { stack, notices } = await folder.load();
    expect(stack.webSocketApis[0]?.routes).toMatchObject([
      {
        routeKey: '$connect',
        target: { functionName: 'shop-dev-chat' },
        authorizer: {
          target: { functionName: 'shop-dev-auth' },
          identitySources: ['route.request.header.Auth'],
        },
      },
      { routeKey: '$disconnect' },
      { routeKey: 'ask', respond: true },
      { routeKey: 'say', respond: false },
    ]);
    expect(notices).toEqual([]);
  });

  it('makes a bus that a rule names, and tells of listeners of elsewhere', async () => {
    await folder.put(
      'serverless.yml',
      `
service: shop
provider: { name: aws, runtime: nodejs22.x }
functions:
  plain:
    handler: src/hello.handler
    events:
      - eventBridge: { eventBus: shop.events, pattern: { source: [shop] } }
      - eventBridge: { eventBus: shop.events, pattern: { source: [other] } }
      - eventBridge: { eventBus: default, pattern: { source: [shop] } }
      - alb: { listenerArn: 'arn:aws:elasticloadbalancing:us-east-1:1:listener/app/x/1/2', priority: 1, conditions: { path: /z } }
`,
    );
    const { stack, notices } = await folder.load();
    expect(stack.buses.map(({ name }) => name)).toEqual(['shop.events']);
    expect(stack.rules.map(({ bus }) => bus)).toEqual(['shop.events', 'shop.events', 'default']);
    expect(notices).toEqual([
      {
        path: 'functions.plain.events.3.alb',
        treatment: 'ignored',
        reason: 'its ListenerArn is of nothing in this template',
      },
    ]);
  });

  it('tells of settings of events that nothing reads, and gives routes their timeouts', async () => {
    await folder.put(
      'serverless.yml',
      `
service: shop
provider: { name: aws, runtime: nodejs22.x }
functions:
  plain:
    handler: src/hello.handler
    events:
      - http: { path: /a, method: get, timeoutInMillis: 700 }
      - sqs: { arn: !GetAtt Jobs.Arn, batchsize: 5 }
      - sns: { topicName: news, displayName: News }
      - cloudwatchLog: !Sub '/aws/lambda/x'
resources: { Resources: { Jobs: { Type: AWS::SQS::Queue } } }
`,
    );
    const { stack, notices } = await folder.load();
    expect(stack.apis[0]?.routes.map(({ timeoutMs }) => timeoutMs)).toEqual([700]);
    expect(notices.map(({ path, reason }) => `${path}: ${reason}`)).toEqual([
      'functions.plain.events.1.sqs.batchsize: this setting has no effect here (did you mean batchSize?)',
      'functions.plain.events.2.sns.displayName: this setting has no effect here',
    ]);
  });

  it('tells what it does not take where it is written', async () => {
    const { notices } = await folder.load();
    expect(notices.map(({ path }) => path)).toEqual(
      expect.arrayContaining([
        'functions.hello.environment.SECRET',
        'functions.hello.events.4.cognitoUserPool',
      ]),
    );
    expect(notices.some(({ path }) => path.startsWith('Resources.'))).toBe(false);
  });

  it('refuses all that is wrong at once, by the paths a person wrote', async () => {
    await folder.put(
      'serverless.yml',
      `
service: shop
provider: { name: aws, runtime: nodejs22.x }
custom: { a: '\${self:custom.b}', b: '\${self:custom.a}' }
functions:
  hello:
    handler: src/hello.handler
    memorySize: 64
    timeout: 1000
    environment: { X: '\${env:NOT_SET}', Y: '\${file(gone.yml):x}', Z: '\${param:key}' }
    events:
      - sqss: orders
      - [sqs]
resource: {}
`,
    );
    const problems = await folder.problems();
    const paths = problems.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        'custom.a',
        'functions.hello.memorySize',
        'functions.hello.timeout',
        'functions.hello.environment.X',
        'functions.hello.environment.Y',
        'functions.hello.environment.Z',
        'functions.hello.events.0',
        'functions.hello.events.1',
        'resource',
      ]),
    );
    expect(problems.find(({ path }) => path === 'functions.hello.events.0')?.remedy).toBe(
      "Did you mean 'sqs'?",
    );
    expect(problems.find(({ path }) => path === 'custom.a')?.remedy).toMatch(/Break the circle/);
  });

  it.each([
    ["${self:custom.list.1, 'none'}", 'b'],
    ['${self:custom.gone, self:custom.list.0}', 'a'],
    ["${opt:size, 'large'}-${sls:stage}", 'large-test'],
    ['${param:colour}', 'green'],
    ["${strToBool('x')}", "${strToBool('x')}"],
    ['${Orders.Arn}', '${Orders.Arn}'],
    ["${env:GONE, ''}", ''],
  ])('resolves %s', async (written, value) => {
    await folder.put(
      'serverless.yml',
      `
service: shop
params: { default: { colour: red }, test: { colour: green } }
custom: { list: [a, b] }
provider: { name: aws, runtime: nodejs22.x, stage: test }
functions:
  hello: { handler: src/hello.handler, environment: { VALUE: ${JSON.stringify(written)} } }
`,
    );
    if (written.startsWith('${strToBool')) {
      expect((await folder.problems())[0]?.expected).toMatch(/true, false, 1 or 0/);
      return;
    }
    expect((await folder.load()).functions[0]?.environment['VALUE']).toBe(value);
  });
});

describe('orchestrator.yaml with events and resources', () => {
  beforeEach(() => folder.put('index.mjs', 'export const handler = async (event) => event;'));

  it('declares what a template would', async () => {
    await folder.put(
      'orchestrator.yaml',
      `
functions:
  place-order:
    runtime: nodejs22.x
    handler: index.handler
    environment: { TABLE: !Ref Orders, PLAIN: hi }
    events:
      - sqs: jobs
      - s3: { bucket: uploads, rules: [{ suffix: .jpg }] }
      - stream: { type: dynamodb, arn: !GetAtt Orders.StreamArn }
resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: orders
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
      StreamSpecification: { StreamViewType: NEW_IMAGE }
stateMachines:
  refunds:
    definition:
      StartAt: Refund
      States: { Refund: { Type: Task, Resource: '\${placeOrder}', End: true } }
`,
    );
    const { functions, stack } = await folder.load();
    expect(functions).toMatchObject([
      { name: 'place-order', runtime: 'nodejs22.x', environment: { TABLE: 'orders', PLAIN: 'hi' } },
    ]);
    expect(stack.queues.map(({ name }) => name)).toEqual(['jobs']);
    expect(stack.mappings.map(({ target }) => target.functionName)).toEqual([
      'place-order',
      'place-order',
    ]);
    expect(stack.buckets).toMatchObject([{ name: 'uploads', notifications: [{ suffix: '.jpg' }] }]);
    expect(stack.stateMachines).toMatchObject([{ name: 'refunds', type: 'STANDARD' }]);
  });

  it('tells what is wrong by the paths of the file', async () => {
    await folder.put(
      'orchestrator.yaml',
      `
functions:
  hello:
    runtime: nodejs22.x
    handler: index.handler
    environment: { TABLE: !Ref Gone }
    events: [{ sqs: { arn: jobs, batchSize: 0 } }, nothing]
resources:
  Jobs: { Type: AWS::SQS::Queue, Properties: { VisibilityTimeout: 50000 } }
`,
    );
    expect((await folder.problems()).map(({ path }) => path)).toEqual(
      expect.arrayContaining([
        'functions.hello.environment.TABLE',
        'functions.hello.events.0.sqs.BatchSize',
        'functions.hello.events.1',
        'resources.Jobs.VisibilityTimeout',
      ]),
    );
  });
});
