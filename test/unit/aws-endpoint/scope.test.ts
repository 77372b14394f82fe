import { expect, test } from '@jest/globals';
import { mayBeObject, scopeOf, sessionTokenOf } from '../../../src/aws-endpoint/scope.js';

const signed = (service: string): string =>
  `AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=abc`;

const request = (
  url: string,
  headers: Record<string, string> = {},
  method = 'POST',
): Parameters<typeof scopeOf>[0] => ({ url, headers, method });

test.each(['sqs', 's3', 'lambda', 'execute-api', 'dynamodb'])(
  'a signature for %s names the service and the key',
  (service) => {
    expect(scopeOf(request('/', { authorization: signed(service) }))).toEqual({
      service,
      accessKeyId: 'AKID',
    });
  },
);

test.each([
  [
    'a presigned request',
    '/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20260101%2Fus-east-1%2Fs3%2Faws4_request',
  ],
  ['one whose slashes are plain', '/b/k?X-Amz-Credential=AKID/20260101/us-east-1/s3/aws4_request'],
  ['one of signature version 2', '/b/k?AWSAccessKeyId=AKID&Signature=x&Expires=1'],
])('%s names them in its query', (_what, url) => {
  expect(scopeOf(request(url, {}, 'GET'))).toEqual({ service: 's3', accessKeyId: 'AKID' });
});

test('a signature over several regions, and one of version 2, name them as well', () => {
  const several =
    'AWS4-ECDSA-P256-SHA256 Credential=AKID/20260101/s3/aws4_request, SignedHeaders=host, Signature=abc';
  expect(scopeOf(request('/b', { authorization: several }))?.service).toBe('s3');
  expect(scopeOf(request('/b', { authorization: 'AWS AKID:c2ln' }))).toEqual({
    service: 's3',
    accessKeyId: 'AKID',
  });
});

test.each([
  ['AmazonSQS.SendMessage', 'sqs'],
  ['DynamoDB_20120810.PutItem', 'dynamodb'],
  ['DynamoDBStreams_20120810.GetRecords', 'dynamodb'],
  ['Kinesis_20131202.PutRecord', 'kinesis'],
  ['AWSEvents.PutEvents', 'events'],
  ['AWSStepFunctions.StartExecution', 'states'],
  ['Logs_20140328.PutLogEvents', 'logs'],
  ['AWSCognitoIdentityProviderService.InitiateAuth', 'cognito-idp'],
  ['SomethingNew.Do', 'somethingnew'],
])('without a signature the target %s is one of %s', (target, service) => {
  expect(scopeOf(request('/', { 'x-amz-target': target }))).toEqual({ service });
});

test('an unsigned form at the root is for whoever knows its action', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  expect(scopeOf(request('/', form))).toEqual({ service: 'query' });
  expect(scopeOf(request('/elsewhere', form))).toBeUndefined();
});

test('an unsigned invocation says nothing, whatever its headers', () => {
  const path = '/2015-03-31/functions/hello/invocations';
  expect(scopeOf(request(path))).toBeUndefined();
  expect(scopeOf(request(path, { 'x-amz-target': 'AmazonSQS.SendMessage' }))).toBeUndefined();
  expect(scopeOf(request(path, { authorization: 'Bearer secret' }))).toBeUndefined();
  expect(scopeOf(request('/x?X-Amz-Credential=nonsense'))).toBeUndefined();
});

test.each([
  ['/uploads/a.txt', true],
  ['/uploads', true],
  ['/uploads?list-type=2', true],
  ['/2015-03-31/functions', false],
  ['/2018-10-31/layers', false],
  ['/', false],
  ['/ab/c', false],
  ['/_orchestrator/status', false],
])('%s as a path of S3: %s', (url, expected) => {
  expect(mayBeObject(request(url, {}, 'GET'))).toBe(expected);
});

test('a session token is in a header, or in the query of what is presigned', () => {
  expect(sessionTokenOf(request('/', { 'x-amz-security-token': 'abc' }))).toBe('abc');
  expect(sessionTokenOf(request('/b/k?a=1&X-Amz-Security-Token=a%2Fb'))).toBe('a/b');
  expect(sessionTokenOf(request('/'))).toBeUndefined();
});
