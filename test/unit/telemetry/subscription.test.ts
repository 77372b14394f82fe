import { describe, expect, it } from '@jest/globals';
import { readSubscription } from '../../../src/telemetry/subscription.js';

const HTTP = { protocol: 'HTTP', URI: 'http://sandbox.localdomain:8080/events?of=it' };

function read(changes: Record<string, unknown>, api: 'telemetry' | 'logs' = 'telemetry'): unknown {
  return readSubscription(
    api,
    JSON.stringify({ types: ['platform'], destination: HTTP, ...changes }),
  );
}

describe('a subscription', () => {
  it('has the contract’s defaults', () => {
    expect(read({})).toEqual({
      schema: '2022-07-01',
      types: ['platform'],
      buffering: { maxItems: 10_000, maxBytes: 262_144, timeoutMs: 1000 },
      destination: {
        protocol: 'HTTP',
        method: 'POST',
        host: 'sandbox.localdomain:8080',
        port: 8080,
        path: '/events?of=it',
      },
    });
    expect(read({}, 'logs')).toMatchObject({ schema: '2020-08-15' });
  });

  const accepted: [string, Record<string, unknown>, object][] = [
    ['a newer schema', { schemaVersion: '2025-01-29' }, { schema: '2025-01-29' }],
    ['types said twice', { types: ['function', 'function'] }, { types: ['function'] }],
    [
      'the least of everything',
      { buffering: { maxItems: 1000, maxBytes: 262_144, timeoutMs: 25 } },
      { buffering: { maxItems: 1000, maxBytes: 262_144, timeoutMs: 25 } },
    ],
    [
      'the most of everything',
      { buffering: { maxItems: 10_000, maxBytes: 1_048_576, timeoutMs: 30_000 } },
      { buffering: { maxItems: 10_000, maxBytes: 1_048_576, timeoutMs: 30_000 } },
    ],
    [
      'a TCP port',
      { destination: { protocol: 'TCP', port: 9090 } },
      { destination: { protocol: 'TCP', port: 9090 } },
    ],
    [
      'the short name of older guides, the port of HTTP, another method',
      { destination: { protocol: 'HTTP', URI: 'http://sandbox', method: 'PUT' } },
      { destination: { protocol: 'HTTP', method: 'PUT', host: 'sandbox', port: 80, path: '/' } },
    ],
  ];
  it.each(accepted)('takes %s', (_, changes, expected) => {
    expect(read(changes)).toMatchObject(expected);
  });

  const refused: [Record<string, unknown>, string][] = [
    [{ schemaVersion: '2020-08-15' }, 'schemaVersion is "2020-08-15"; expected one of 2022-07-01'],
    [{ types: [] }, 'types is []'],
    [{ types: ['metrics'] }, 'types is ["metrics"]; expected one or more of platform'],
    [{ types: 'platform' }, 'types is "platform"'],
    [{ destination: undefined }, 'destination is missing'],
    [{ destination: { protocol: 'UDP' } }, 'destination.protocol is "UDP"; expected HTTP or TCP'],
    [{ destination: { protocol: 'TCP', port: 70_000 } }, 'destination.port is 70000'],
    [{ destination: { protocol: 'TCP', port: '80' } }, 'destination.port is "80"'],
    [
      { destination: { protocol: 'HTTP', URI: 'http://169.254.169.254/' } },
      'destination.URI is "http://169.254.169.254/"; expected http://sandbox.localdomain',
    ],
    [{ destination: { protocol: 'HTTP', URI: 'https://sandbox.localdomain' } }, 'destination.URI'],
    [{ destination: { protocol: 'HTTP' } }, 'destination.URI is missing'],
    [{ destination: { ...HTTP, method: 'GET' } }, 'destination.method is "GET"'],
    [
      { buffering: { maxItems: 999 } },
      'buffering.maxItems is 999; expected a whole number from 1000',
    ],
    [{ buffering: { maxItems: 10_001 } }, 'buffering.maxItems is 10001'],
    [{ buffering: { maxBytes: 262_143 } }, 'buffering.maxBytes is 262143'],
    [{ buffering: { maxBytes: 1_048_577 } }, 'buffering.maxBytes is 1048577'],
    [{ buffering: { timeoutMs: 24 } }, 'buffering.timeoutMs is 24'],
    [{ buffering: { timeoutMs: 30_001 } }, 'buffering.timeoutMs is 30001'],
    [{ buffering: { timeoutMs: '1000' } }, 'buffering.timeoutMs is "1000"'],
    [{ buffering: 7 }, 'buffering is 7; expected an object'],
  ];
  it.each(refused)('refuses %j and says why', (changes, text) => {
    expect(read(changes)).toContain(text);
  });

  it('refuses what is no JSON object', () => {
    expect(readSubscription('telemetry', '{')).toBe('the body is not JSON');
    expect(readSubscription('logs', '[]')).toBe('the body is not a JSON object');
  });
});
