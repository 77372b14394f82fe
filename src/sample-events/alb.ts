/** Application Load Balancers (contract 11.5). */

import type { ALBEvent } from 'aws-lambda';
import { BODY, multi, ORDER, SOURCE_IP, USER_AGENT } from './http-parts.js';
import type { Maker } from './maker.js';
import type { SampleSource } from './sample.js';

export const alb: SampleSource = {
  name: 'alb',
  about: 'Application Load Balancer: a request to a target group',
  kinds: {
    single: { about: 'one value per header', make: single, fields: [BODY] },
    multi: {
      about: 'lambda.multi_value_headers.enabled',
      make: (maker) => {
        const { headers = {}, queryStringParameters = {}, ...event } = single(maker);
        return {
          ...event,
          multiValueQueryStringParameters: multi(queryStringParameters as Record<string, string>),
          multiValueHeaders: multi(headers as Record<string, string>),
        } satisfies ALBEvent;
      },
      fields: [BODY],
    },
    health: { about: 'a health check', make: health },
  },
};

function contextOf(maker: Maker) {
  const name = `targetgroup/orders/${maker.hex(16)}`;
  return { elb: { targetGroupArn: maker.arn('elasticloadbalancing', name) } };
}

function single(maker: Maker): ALBEvent {
  return {
    requestContext: contextOf(maker),
    httpMethod: 'POST',
    path: '/orders/o-1',
    queryStringParameters: { verbose: 'true' },
    headers: {
      accept: '*/*',
      'content-type': 'application/json',
      host: `orders-1234567890.${maker.region}.elb.amazonaws.com`,
      'user-agent': USER_AGENT,
      'x-amzn-trace-id': maker.traceId(),
      'x-forwarded-for': SOURCE_IP,
      'x-forwarded-port': '80',
      'x-forwarded-proto': 'http',
    },
    body: JSON.stringify(ORDER),
    isBase64Encoded: false,
  };
}

function health(maker: Maker): ALBEvent {
  return {
    requestContext: contextOf(maker),
    httpMethod: 'GET',
    path: '/',
    queryStringParameters: {},
    headers: { 'user-agent': 'ELB-HealthChecker/2.0' },
    body: '',
    isBase64Encoded: false,
  };
}
