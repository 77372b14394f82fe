/** Step Functions tasks, AppSync resolvers, and Lambda's own destinations (contract 9.5, 11.16). */

import type { AppSyncAuthorizerEvent, AppSyncResolverEvent } from 'aws-lambda';
import { plain } from './codecs.js';
import { USER_AGENT } from './http-parts.js';
import type { Maker } from './maker.js';
import type { SampleSource } from './sample.js';

export const stepFunctions: SampleSource = {
  name: 'stepfunctions',
  about: 'Step Functions: a task',
  kinds: {
    task: {
      about: 'the state’s input',
      make: () => ({ orderId: 'o-1', quantity: 2 }),
      free: ['*'],
    },
    token: {
      about: 'lambda:invoke.waitForTaskToken',
      make: (maker) => ({ taskToken: maker.base64(684), input: { orderId: 'o-1' } }),
      free: ['input'],
    },
    error: {
      about: 'what a Catch hands on',
      make: () => ({
        Error: 'StockError',
        Cause: '{"errorType":"StockError","errorMessage":"no stock","trace":[]}',
      }),
    },
  },
};

const PAYLOADS = ['requestPayload', 'responsePayload'];

export const destination: SampleSource = {
  name: 'destination',
  about: 'Lambda: what became of an asynchronous event',
  kinds: {
    success: {
      about: 'it was handled',
      make: (maker) => record(maker, { condition: 'Success', attempts: 1 }),
      free: PAYLOADS,
    },
    failure: {
      about: 'all attempts have failed',
      make: (maker) => record(maker, { condition: 'RetriesExhausted', attempts: 3 }),
      free: PAYLOADS,
    },
    expired: {
      about: 'it was too old to be tried again',
      make: (maker) => {
        const {
          responseContext: _,
          responsePayload: __,
          ...rest
        } = record(maker, {
          condition: 'EventAgeExceeded',
          attempts: 1,
        });
        return rest;
      },
      free: PAYLOADS,
    },
  },
};

function record(maker: Maker, { condition, attempts }: { condition: string; attempts: number }) {
  const requestId = maker.uuid();
  const failed = condition !== 'Success';
  return {
    version: '1.0',
    timestamp: maker.iso(),
    requestContext: {
      requestId,
      functionArn: maker.arn('lambda', 'function:orders:$LATEST'),
      condition,
      approximateInvokeCount: attempts,
    },
    requestPayload: { orderId: 'o-1' },
    responseContext: {
      statusCode: 200,
      executedVersion: '$LATEST',
      ...(failed ? { functionError: 'Unhandled' } : {}),
    },
    responsePayload: failed
      ? { errorMessage: 'no stock', errorType: 'StockError', requestId, stackTrace: [] }
      : { shipped: true },
  };
}

export const appSync: SampleSource = {
  name: 'appsync',
  about: 'AppSync: a field or a request of a GraphQL API',
  kinds: {
    resolver: {
      about: 'a direct Lambda resolver',
      make: resolver,
      fields: [{ name: 'field', at: 'info.fieldName', codec: plain }],
      free: ['arguments', 'source', 'prev', 'stash', 'info.variables'],
    },
    authorizer: { about: 'whether a request may go on', make: authorizer },
  },
};

function resolver(maker: Maker): AppSyncResolverEvent<Record<string, unknown>> {
  return {
    arguments: { id: 'o-1' },
    identity: null,
    source: null,
    request: {
      headers: {
        'content-type': 'application/json',
        host: `${maker.id(26)}.appsync-api.${maker.region}.amazonaws.com`,
        'user-agent': USER_AGENT,
        'x-amzn-trace-id': maker.traceId(),
      },
      domainName: null,
    },
    prev: null,
    info: {
      selectionSetList: ['id', 'quantity'],
      selectionSetGraphQL: '{\n  id\n  quantity\n}',
      parentTypeName: 'Query',
      fieldName: 'getOrder',
      variables: { id: 'o-1' },
    },
    stash: {},
  };
}

function authorizer(maker: Maker): AppSyncAuthorizerEvent {
  return {
    authorizationToken: 'allow-me',
    requestContext: {
      apiId: maker.id(26),
      accountId: maker.accountId,
      requestId: maker.uuid(),
      queryString: 'query getOrder($id: ID!) { getOrder(id: $id) { id quantity } }',
      operationName: 'getOrder',
      variables: { id: 'o-1' },
    },
    requestHeaders: { 'content-type': 'application/json', 'user-agent': USER_AGENT },
  };
}
