/** SDK clients of the services, each loaded and made when somebody first asks for it. */

import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SNSClient } from '@aws-sdk/client-sns';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { ServiceClientConfig } from './client-config.js';

interface Clients {
  readonly sqs: SQSClient;
  readonly s3: S3Client;
  readonly sns: SNSClient;
  readonly dynamodb: DynamoDBClient;
  readonly dynamodbStreams: DynamoDBStreamsClient;
  readonly kinesis: KinesisClient;
  readonly logs: CloudWatchLogsClient;
}

type Name = keyof Clients;

/** Long polls and batches at once, over all sources. */
const SOCKETS = 256;

const MAKERS: { readonly [N in Name]: (config: ServiceClientConfig) => Promise<Clients[N]> } = {
  sqs: async (config) => {
    const { SQSClient } = await import('@aws-sdk/client-sqs');
    // A queue's address may have been handed out by another door to the same services.
    return new SQSClient({ ...(await withHandler(config)), useQueueUrlAsEndpoint: false });
  },
  s3: async (config) => {
    const { S3Client } = await import('@aws-sdk/client-s3');
    return new S3Client(await withHandler(config));
  },
  sns: async (config) => {
    const { SNSClient } = await import('@aws-sdk/client-sns');
    return new SNSClient(await withHandler(config));
  },
  dynamodb: async (config) => {
    const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb');
    return new DynamoDBClient(await withHandler(config));
  },
  dynamodbStreams: async (config) => {
    const { DynamoDBStreamsClient } = await import('@aws-sdk/client-dynamodb-streams');
    return new DynamoDBStreamsClient(await withHandler(config));
  },
  kinesis: async (config) => {
    const { KinesisClient } = await import('@aws-sdk/client-kinesis');
    return new KinesisClient(await withHandler(config));
  },
  logs: async (config) => {
    const { CloudWatchLogsClient } = await import('@aws-sdk/client-cloudwatch-logs');
    return new CloudWatchLogsClient(await withHandler(config));
  },
};

export class ServiceClients {
  readonly #config: () => Promise<ServiceClientConfig>;
  readonly #made = new Map<Name, Promise<Clients[Name]>>();

  /** Each client is made with what `config` then gives. */
  constructor(config: () => Promise<ServiceClientConfig>) {
    this.#config = config;
  }

  sqs(): Promise<SQSClient> {
    return this.#get('sqs');
  }

  s3(): Promise<S3Client> {
    return this.#get('s3');
  }

  sns(): Promise<SNSClient> {
    return this.#get('sns');
  }

  dynamodb(): Promise<DynamoDBClient> {
    return this.#get('dynamodb');
  }

  dynamodbStreams(): Promise<DynamoDBStreamsClient> {
    return this.#get('dynamodbStreams');
  }

  kinesis(): Promise<KinesisClient> {
    return this.#get('kinesis');
  }

  logs(): Promise<CloudWatchLogsClient> {
    return this.#get('logs');
  }

  /**
   * Ends their connections; that of one which is still being made once it is, and nobody waits for
   * that: the services may never answer. They may be asked for again.
   */
  close(): Promise<void> {
    for (const making of this.#made.values()) {
      making.then(
        (client) => client.destroy(),
        () => undefined,
      );
    }
    this.#made.clear();
    return Promise.resolve();
  }

  #get<N extends Name>(name: N): Promise<Clients[N]> {
    const known = this.#made.get(name) as Promise<Clients[N]> | undefined;
    if (known !== undefined) return known;
    const making = this.#config().then((config) => MAKERS[name](config));
    this.#made.set(name, making);
    making.catch(() => this.#made.delete(name));
    return making;
  }
}

/** HTTP/1.1 for all: Kinesis clients speak HTTP/2 otherwise, and most servers but AWS's do not. */
async function withHandler(config: ServiceClientConfig) {
  const { NodeHttpHandler } = await import('@smithy/node-http-handler');
  const agent = { keepAlive: true, maxSockets: SOCKETS };
  const requestHandler = new NodeHttpHandler({ httpAgent: agent, httpsAgent: agent });
  return { ...config, requestHandler };
}
