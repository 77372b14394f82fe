import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isOrchestratorError } from '../../../src/errors.js';
import { Resources, type ResourcesParts } from '../../../src/provisioning/resources.js';
import type { ServiceClientConfig } from '../../../src/services/client-config.js';
import { emptyStack, type Stack } from '../../../src/stack/stack.js';
import { ManualClock } from '../../support/manual-clock.js';

type Input = Readonly<Record<string, unknown>>;
type Answer = readonly [status: number, body: object];

const NONE: Answer = [400, { __type: 'com.amazonaws.sqs#QueueDoesNotExist', message: 'none' }];

/** SQS, as far as making queues needs it. */
class FakeSqsServer {
  readonly made: Input[] = [];
  refuses: Readonly<Record<string, string>> = {};
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
        const input = JSON.parse(Buffer.concat(pieces).toString()) as Input;
        const [status, body] = this.#answer(operation, input);
        response.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.0' });
        response.end(JSON.stringify(body));
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): Promise<unknown> {
    return new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(operation: string, input: Input): Answer {
    const name = String(input['QueueName']);
    const { [name]: refusal } = this.refuses;
    if (operation === 'GetQueueUrl') return NONE;
    if (refusal !== undefined) {
      return [400, { __type: 'com.amazonaws.sqs#InvalidAttributeValue', message: refusal }];
    }
    this.made.push(input);
    return [200, { QueueUrl: `http://queue/${name}` }];
  }
}

function stackOf(...names: readonly string[]): Stack {
  const queues = names.map((name) => ({ path: `Resources.${name}`, name, attributes: {} }));
  return { ...emptyStack(), queues };
}

describe('what a template declares', () => {
  let server: FakeSqsServer;
  let endpoint: string;
  const messages: string[] = [];
  const makers: ((config: ServiceClientConfig) => Promise<void>)[] = [];

  beforeEach(async () => {
    server = new FakeSqsServer();
    endpoint = await server.listen();
  });
  afterEach(async () => {
    await server.close();
    messages.length = 0;
    makers.length = 0;
  });

  /** Services that call the makers when they are first reached, or when a test says so. */
  function resources(kind: 'container' | 'none' = 'container'): Resources {
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
    const config = { region: 'us-east-1', endpoint, credentials, maxAttempts: 1 };
    let isFresh = true;
    const services = {
      kind,
      reach: () => Promise.resolve(config),
      clientConfig: async () => {
        if (isFresh) for (const make of makers) await make(config);
        isFresh = false;
        return config;
      },
      onFresh: (make: (typeof makers)[number]) => void makers.push(make),
    };
    const log = (message: string): void => void messages.push(message);
    return new Resources({
      settings: { region: 'us-east-1', accountId: '123456789012' },
      clock: new ManualClock(),
      log: { info: log, warn: log },
      services,
    } as unknown as ResourcesParts);
  }

  const names = (): unknown[] => server.made.map(({ QueueName: name }) => name);

  it('is made once; then only what is added, and what goes is told of and stays', async () => {
    const made = resources();
    await made.apply(stackOf('orders', 'jobs'));
    await made.apply(stackOf('orders', 'jobs'));
    expect(names().sort()).toEqual(['jobs', 'orders']);
    await made.apply(stackOf('orders', 'mail'));
    expect(names()).toHaveLength(3);
    expect(messages).toEqual([
      expect.stringContaining('queue jobs is no longer declared; it stays'),
    ]);
  });

  it('is made again when the services have lost their data', async () => {
    await resources().apply(stackOf('orders'));
    for (const make of makers) {
      await make({ region: 'us-east-1', endpoint, credentials: CREDENTIALS });
    }
    expect(names()).toEqual(['orders', 'orders']);
  });

  it('and is refused is told with its place and what the endpoint answered, all at once', async () => {
    server.refuses = { orders: 'no such attribute', jobs: 'too long' };
    const error: unknown = await resources()
      .apply(stackOf('orders', 'mail', 'jobs'))
      .catch((thrown: unknown) => thrown);
    if (!isOrchestratorError(error, 'resource-refused')) throw error;
    expect(error.message).toContain(
      'Resources.orders (queue orders): InvalidAttributeValue: no such attribute',
    );
    expect(error.message).toContain('Resources.jobs (queue jobs): InvalidAttributeValue: too long');
    expect(names()).toEqual(['mail']);
  });

  it('stays unmade where the services are turned off, which is said', async () => {
    const made = resources('none');
    await made.apply(stackOf('orders'));
    await made.ready;
    expect(names()).toEqual([]);
    expect(messages).toEqual([expect.stringContaining('queues of the template are not made')]);
  });

  it('that is nothing asks nobody', async () => {
    await resources().apply(emptyStack());
    expect(makers).toHaveLength(1);
    expect(names()).toEqual([]);
  });
});

const CREDENTIALS = { accessKeyId: 'a', secretAccessKey: 'b' };
