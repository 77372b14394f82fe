import { describe, expect, it } from '@jest/globals';
import { model } from '../../../src/control-api/model.js';
import { violationsOf, WrongKind } from '../../../src/control-api/validate.js';

const told = (shape: string, input: unknown): string[] =>
  violationsOf(model(), shape, input).map(
    ({ value, field, rule }) => `${String(value)} at ${field}: ${rule}`,
  );

const CREATION = {
  FunctionName: 'orders',
  Role: 'arn:aws:iam::123456789012:role/r',
  Code: { ZipFile: '' },
};

describe('a request held against the model', () => {
  it('breaks no rule when it breaks none', () => {
    expect(told('CreateFunctionRequest', CREATION)).toEqual([]);
  });

  it.each([
    [{ Handler: 'a b' }, 'a b at handler: Member must satisfy regular expression pattern: [^\\s]+'],
    [
      { Handler: 'x'.repeat(129) },
      `${'x'.repeat(129)} at handler: Member must have length less than or equal to 128`,
    ],
    [
      { MemorySize: 10_241 },
      '10241 at memorySize: Member must have value less than or equal to 10240',
    ],
    [{ Timeout: 0 }, '0 at timeout: Member must have value greater than or equal to 1'],
    [{ EphemeralStorage: {} }, 'null at ephemeralStorage.size: Member must not be null'],
    [
      { EphemeralStorage: { Size: 511 } },
      '511 at ephemeralStorage.size: Member must have value greater than or equal to 512',
    ],
    [
      { Architectures: ['x86_64', 'arm64'] },
      '[x86_64, arm64] at architectures: Member must have length less than or equal to 1',
    ],
    [
      { Architectures: ['mips'] },
      'mips at architectures.1.member: Member must satisfy enum value set: [x86_64, arm64]',
    ],
    [
      { PackageType: 'Tar' },
      'Tar at packageType: Member must satisfy enum value set: [Zip, Image]',
    ],
    [
      { Environment: { Variables: { '1X': 'v' } } },
      '1X at environment.variables: Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]',
    ],
    [
      { Role: 'nobody' },
      'nobody at role: Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+',
    ],
  ])('is told of %j', (wrong, message) => {
    expect(told('CreateFunctionRequest', { ...CREATION, ...wrong })).toEqual([message]);
  });

  it('is told of everything at once, in the order of the model', () => {
    expect(told('CreateFunctionRequest', { Timeout: 0, Handler: '' })).toEqual([
      'null at functionName: Member must not be null',
      'null at role: Member must not be null',
      ' at handler: Member must satisfy regular expression pattern: [^\\s]+',
      'null at code: Member must not be null',
      '0 at timeout: Member must have value greater than or equal to 1',
    ]);
  });

  it.each([
    { Timeout: '3' },
    { Timeout: 1.5 },
    { Code: 'zip' },
    { Layers: 'layer' },
    { Publish: 'yes' },
    { Environment: { Variables: [] } },
    { FunctionName: 7 },
  ])('is not looked at further when a value is of another kind: %j', (wrong) => {
    expect(() => told('CreateFunctionRequest', { ...CREATION, ...wrong })).toThrow(WrongKind);
  });

  it('knows a pattern for every text of the model', () => {
    for (const { pattern } of Object.values(model().shapes)) {
      if (pattern === undefined) continue;
      expect(
        () => new RegExp(`^(?:${pattern})$`, pattern.includes('\\p{') ? 'u' : ''),
      ).not.toThrow();
    }
  });
});
