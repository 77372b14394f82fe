import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  PublishVersionCommand,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import { model, type Shape } from '../../../src/control-api/model.js';
import { ControlBench, creation } from '../../support/control-bench.js';
import { Random } from '../../simulation/random.js';

const INVOKING = new Set(['Invoke', 'InvokeAsync', 'InvokeWithResponseStream']);
const OPERATIONS = Object.entries(model().operations).filter(([name]) => !INVOKING.has(name));
const WORDS = [
  'orders',
  'orders:1',
  'orders:live',
  'live',
  '$LATEST',
  '',
  '1',
  '-1',
  '99999999999999999999',
  '__proto__',
  'constructor',
  'toString',
  '../../etc/passwd',
  '%00',
  'arn:aws:lambda:us-east-1:123456789012:function:orders',
  'arn:aws:lambda:us-east-1:123456789012:layer:tools:1',
  'x'.repeat(300),
  'naïve ☃',
];

let bench: ControlBench;

beforeAll(async () => {
  bench = await new ControlBench().start();
});

/** There, whatever the operation before has done to it. */
async function orders(): Promise<void> {
  if (bench.registry.exists('orders', 'live')) return;
  bench.registry.remove('orders');
  await bench.client.send(new CreateFunctionCommand(creation('orders')));
  await waitUntilFunctionActiveV2(
    { client: bench.client, maxWaitTime: 20, minDelay: 0.02, maxDelay: 0.1 },
    { FunctionName: 'orders' },
  );
  await bench.client.send(new PublishVersionCommand({ FunctionName: 'orders' }));
  const alias = { FunctionName: 'orders', Name: 'live', FunctionVersion: '1' };
  await bench.client.send(new CreateAliasCommand(alias));
}

afterAll(() => bench.close());

/** Something of the shape, or of another one. */
function value(name: string, random: Random, depth = 0): unknown {
  const shape: Shape = model().shapes[name] ?? { type: 'string' };
  if (random.chance(0.15) || depth > 4) {
    return random.pick<unknown>([null, 0, -1, 1e308, true, [], {}, '', ['x'], { x: 1 }]);
  }
  switch (shape.type) {
    case 'structure':
      return Object.fromEntries(
        Object.entries(shape.members ?? {})
          .filter(([member]) =>
            random.chance(shape.required?.includes(member) === true ? 0.9 : 0.3),
          )
          .map(([member, { shape: inner }]) => [member, value(inner, random, depth + 1)]),
      );
    case 'list':
      return [1, 2].map(() => value(shape.member ?? '', random, depth + 1));
    case 'map':
      return {
        [random.pick(WORDS)]: value(shape.value ?? '', random, depth + 1),
      };
    case 'integer':
    case 'long':
      return random.pick([shape.min ?? 0, shape.max ?? 10, 1, 5]);
    case 'boolean':
      return random.chance(0.5);
    default:
      return random.pick([...(shape.enum ?? []), ...WORDS]);
  }
}

function target(operation: (typeof OPERATIONS)[number][1], random: Random): string {
  const [path = '', query] = operation.path.split('?');
  const filled = path.replace(/\{\w+\}/g, () =>
    encodeURIComponent(random.chance(0.6) ? 'orders' : random.pick(WORDS) || 'x'),
  );
  const words = ['Qualifier', 'Marker', 'MaxItems', 'RevisionId', 'Arn', 'tagKeys']
    .filter(() => random.chance(0.2))
    .map((name) => `${name}=${encodeURIComponent(random.pick(WORDS))}`);
  return [filled, [query, ...words].filter(Boolean).join('&')].filter(Boolean).join('?');
}

describe('requests of any kind', () => {
  it.each(OPERATIONS)('are answered by %s without a failure of ours', async (name, operation) => {
    for (let seed = 1; seed <= 8; seed += 1) {
      const random = new Random(seed);
      await orders();
      const { method } = operation;
      const path = target(operation, random);
      const input = operation.input === undefined ? {} : value(operation.input, random);
      const body = random.chance(0.1)
        ? random.pick(['{', 'null', '[]', '"x"'])
        : JSON.stringify(input);
      const answer = await bench.running.ask(path, {
        method,
        ...(method === 'GET' || method === 'DELETE' ? {} : { body }),
      });
      if (answer.status >= 500) {
        throw new Error(
          `${name} seed ${seed}: ${operation.method} ${path} ${body} ${answer.body.toString()}`,
        );
      }
      if (answer.status < 400 || answer.body.length === 0) continue;
      expect(answer.headers['x-amzn-errortype']).toMatch(/^[A-Za-z]+$/);
    }
  });
});

it('an alias may be called as what every object has', async () => {
  bench.registry.remove('orders');
  await orders();
  for (const Name of ['constructor', '__proto__', 'toString']) {
    const asked = `/2015-03-31/functions/orders:${Name}`;
    expect((await bench.running.ask(asked)).status).toBe(404);
    expect((await bench.running.invoke(`orders:${Name}`)).status).toBe(404);
    const alias = { FunctionName: 'orders', Name, FunctionVersion: '1' };
    await bench.client.send(new CreateAliasCommand(alias));
    expect((await bench.running.invoke(`orders:${Name}`)).status).toBe(200);
    const policy = await bench.running.ask(`${asked}/policy`);
    expect(policy.status).toBe(404);
  }
  bench = await bench.restart();
  expect((await bench.running.invoke('orders:__proto__')).status).toBe(200);
});
