import { expect, it } from '@jest/globals';
import { snapStartProblem } from '../../../src/function/snap-start.js';

const zip = { packageType: 'Zip', ephemeralStorageMb: 512 } as const;

it.each(['python3.12', 'python3.13', 'python3.14', 'java11', 'java21', 'dotnet8', 'dotnet10'])(
  'SnapStart is for %s',
  (runtime) => {
    expect(snapStartProblem({ ...zip, runtime })).toBeUndefined();
  },
);

it.each([
  'python3.9',
  'python3.11',
  'nodejs22.x',
  'nodejs24.x',
  'ruby3.4',
  'provided.al2023',
  'java8.al2',
  'dotnet6',
  '',
])('SnapStart is not for %s', (runtime) => {
  expect(snapStartProblem({ ...zip, runtime })).toBe('runtime');
});

it('SnapStart is not for images, nor for a /tmp above 512 MB', () => {
  const runtime = 'python3.13';
  expect(snapStartProblem({ ...zip, runtime, packageType: 'Image' })).toBe('package');
  expect(snapStartProblem({ ...zip, runtime, ephemeralStorageMb: 513 })).toBe('ephemeral-storage');
});
