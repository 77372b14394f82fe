import { describe, expect, it } from '@jest/globals';
import { decide, type Decision } from '../../../src/api-gateway/authorizers/policy.js';

describe('policies of authorizers', () => {
  const ARN = 'arn:aws:execute-api:us-east-1:123456789012:abc/dev/GET/orders/7';
  const one = (statement: object) => decide({ Statement: statement }, ARN);
  const allow = { Effect: 'Allow', Action: 'execute-api:Invoke', Resource: '*' };

  it.each<[string, object | object[], Decision]>([
    ['everything', allow, 'allowed'],
    ['actions by wildcard, whatever their case', { ...allow, Action: 'Execute-API:*' }, 'allowed'],
    ['other actions', { ...allow, Action: 's3:*' }, 'denied'],
    [
      'one of several resources',
      { ...allow, Resource: ['arn:x', 'arn:*/dev/*/orders/?'] },
      'allowed',
    ],
    ['? for one character only', { ...allow, Resource: '*/orders/7?' }, 'denied'],
    ['another stage', { ...allow, Resource: 'arn:aws:execute-api:*:*:abc/prod/*' }, 'denied'],
    ['all but this', { Effect: 'Allow', Action: '*', NotResource: '*/orders/*' }, 'denied'],
    ['all actions but others', { Effect: 'Allow', NotAction: 's3:*', Resource: '*' }, 'allowed'],
    [
      'a denial beside it',
      [allow, { ...allow, Effect: 'Deny', Resource: '*/orders/*' }],
      'denied-explicitly',
    ],
    [
      'a denial of something else',
      [{ ...allow, Effect: 'Deny', Resource: '*/other' }, allow],
      'allowed',
    ],
  ])('%s', (_, statement, decision) => {
    expect(one(statement)).toBe(decision);
  });

  it('take no time to speak of for patterns made to take much', () => {
    const pattern = 'a*'.repeat(40);
    expect(decide({ Statement: { ...allow, Resource: `${pattern}b` } }, 'a'.repeat(400))).toBe(
      'denied',
    );
  });

  it.each([undefined, 'x', {}, { Statement: [{}] }, { Statement: [{ Effect: 'Allow' }] }])(
    'are none: %j',
    (document) => {
      expect(decide(document, ARN)).toBeUndefined();
    },
  );
});
