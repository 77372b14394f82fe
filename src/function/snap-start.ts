/** Which functions SnapStart is for (contract 7.6). Pure. */

export interface SnapStartCandidate {
  /** Empty for container images. */
  readonly runtime: string;
  readonly ephemeralStorageMb: number;
  readonly packageType: 'Zip' | 'Image';
}

export type SnapStartProblem = 'runtime' | 'package' | 'ephemeral-storage';

const LARGEST_STORAGE_MB = 512;
/** The first version of each family that has it. */
const FIRST_VERSIONS: Readonly<Record<string, readonly [major: number, minor: number]>> = {
  java: [11, 0],
  python: [3, 12],
  dotnet: [8, 0],
};

/** Why a function cannot have it; undefined when it can. */
export function snapStartProblem(candidate: SnapStartCandidate): SnapStartProblem | undefined {
  if (candidate.packageType === 'Image') return 'package';
  if (!isSupported(candidate.runtime)) return 'runtime';
  return candidate.ephemeralStorageMb > LARGEST_STORAGE_MB ? 'ephemeral-storage' : undefined;
}

function isSupported(runtime: string): boolean {
  const [, family = '', major = '', minor = '0'] = /^([a-z]+)(\d+)(?:\.(\d+))?/.exec(runtime) ?? [];
  const first = FIRST_VERSIONS[family];
  if (first === undefined) return false;
  return Number(major) > first[0] || (Number(major) === first[0] && Number(minor) >= first[1]);
}
