/**
 * A root file system made of Debian's own packages, for machines that reach no container registry.
 *
 * mmdebstrap does the work. Mirror, proxy and other transport options come from the machine's own apt
 * configuration, so that whatever lets this machine install packages also makes a base; without a
 * Debian mirror there, mmdebstrap's default is used. Signatures are always checked.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DebianSuite } from '../function/runtimes.js';
import { hasTool, runTool, type ToolOptions } from './host-tools.js';

export interface DebianRecipe {
  readonly suite: DebianSuite;
  readonly packages: readonly string[];
  readonly architecture: 'x86_64' | 'arm64';
}

/** One entry of apt's source lists, whichever format it was written in. */
export interface AptSource {
  readonly uri: string;
  readonly suites: readonly string[];
  readonly components: readonly string[];
  readonly signedBy: string;
}

export interface DebianMirrors {
  readonly main?: string;
  readonly security?: string;
}

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const APT_FOLDER = '/etc/apt';

/** Every file newer than this gets this modification time, so that two runs agree. 2020-01-01. */
const SOURCE_DATE_EPOCH = '1577836800';

/** Suites whose Release file may be past its date on a mirror: those not released yet. */
const UNRELEASED: ReadonlySet<DebianSuite> = new Set(['forky']);

/**
 * Bookworm's packages merge /usr with a program that pulls in all of Perl (45 MB), unless it is merged
 * already: mmdebstrap brings a hook that does so. Without the hook the base is larger, not different.
 */
const MERGED_USR_HOOK = '/usr/share/mmdebstrap/hooks/merged-usr';
const MERGED_BY_HOOK: ReadonlySet<DebianSuite> = new Set(['bookworm']);

const PATH_RULES = [
  'path-exclude=/usr/share/doc/*',
  'path-include=/usr/share/doc/*/copyright',
  'path-exclude=/usr/share/man/*',
  'path-exclude=/usr/share/info/*',
  'path-exclude=/usr/share/locale/*',
  'path-exclude=/usr/share/lintian/*',
  'path-exclude=/usr/share/bug/*',
];

/**
 * Run with the new root as `$1`. Removes what belongs to this machine (its mirror, proxy, name and
 * resolver), caches, and byte-code, which the image compiles anew with hashes that stay valid.
 */
const CLEAN_UP = [
  'rm -rf "$1"/etc/apt/sources.list "$1"/etc/apt/sources.list.d/* "$1"/etc/apt/apt.conf.d/99mmdebstrap',
  'rm -rf "$1"/var/cache/apt/* "$1"/var/cache/debconf/* "$1"/var/cache/ldconfig/*',
  'rm -f "$1"/etc/hostname "$1"/etc/machine-id "$1"/etc/*- "$1"/var/lib/dpkg/*-old',
  ': > "$1"/etc/resolv.conf',
  'find "$1"/var/lib/apt "$1"/var/log -type f -delete',
  'find "$1"/usr/lib "$1"/usr/share -name __pycache__ -prune -exec rm -rf {} +',
].join('; ');

/** Of what mmdebstrap says, the lines that tell a person where it is. */
const STAGES = /^I: (running apt-get update|downloading|extracting|installing)/;

const DEBIAN_ARCHITECTURE = { x86_64: 'amd64', arm64: 'arm64' } as const;

/** Names one recipe: the same text for the same root file system, mirrors aside. */
export function recipeDigest(recipe: DebianRecipe): string {
  const everything = JSON.stringify([
    recipe,
    PATH_RULES,
    CLEAN_UP,
    SOURCE_DATE_EPOCH,
    [...MERGED_BY_HOOK],
  ]);
  return createHash('sha256').update(everything).digest('hex').slice(0, 12);
}

/** Reads a one-line-style file (`sources.list`, `*.list`). */
export function parseSourcesList(text: string): AptSource[] {
  const sources: AptSource[] = [];
  for (const line of text.split('\n')) {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line);
    if (match === null) continue;
    const [, options = '', uri = '', suite = '', components = ''] = match;
    sources.push({
      uri,
      suites: [suite],
      components: words(components),
      signedBy: /signed-by=(\S+)/.exec(options)?.[1] ?? '',
    });
  }
  return sources;
}

/** Reads a deb822-style file (`*.sources`). */
export function parseSourcesStanzas(text: string): AptSource[] {
  const sources: AptSource[] = [];
  const withoutComments = text.replace(/^#.*\n?/gm, '');
  for (const stanza of withoutComments.split(/\n\s*\n/)) {
    const fields = new Map<string, string>();
    for (const field of stanza.matchAll(/^([A-Za-z-]+):[ \t]*((?:.*)(?:\n[ \t]+.*)*)/gm)) {
      fields.set((field[1] ?? '').toLowerCase(), field[2] ?? '');
    }
    const enabled = (fields.get('enabled') ?? 'yes').trim().toLowerCase();
    if (!words(fields.get('types') ?? '').includes('deb') || ['no', 'false'].includes(enabled))
      continue;
    for (const uri of words(fields.get('uris') ?? '')) {
      sources.push({
        uri,
        suites: words(fields.get('suites') ?? ''),
        components: words(fields.get('components') ?? ''),
        signedBy: (fields.get('signed-by') ?? '').trim(),
      });
    }
  }
  return sources;
}

const DEBIAN_SUITE =
  /^(buster|bullseye|bookworm|trixie|forky|duke|sid|stable|oldstable|oldoldstable|testing|unstable)$/;
const DEBIAN_SECURITY_SUITE =
  /^(buster\/updates|(bullseye|bookworm|trixie|forky|duke|stable|oldstable|testing)-security)$/;

/**
 * The mirrors of Debian itself among all sources. Other vendors name their suites after Debian's as
 * well, so an entry must also be signed by Debian's keyring or live under a folder named for Debian.
 */
export function debianMirrors(sources: readonly AptSource[]): DebianMirrors {
  const candidates = sources.filter(
    ({ uri, components, signedBy }) =>
      /^https?:/.test(uri) &&
      components.includes('main') &&
      (signedBy.includes('debian-archive') || /\/debian(-security)?\/*$/.test(uri)),
  );
  const main = candidates.find(({ suites }) => suites.some((suite) => DEBIAN_SUITE.test(suite)));
  const security = candidates.find(({ suites }) =>
    suites.some((suite) => DEBIAN_SECURITY_SUITE.test(suite)),
  );
  return {
    ...(main === undefined ? {} : { main: main.uri }),
    ...(security === undefined ? {} : { security: security.uri }),
  };
}

/** Of `apt-config dump`, the settings that say how to reach a mirror from this machine. */
export function transportOptions(dump: string): string[] {
  return dump
    .split('\n')
    .filter((line) =>
      /^Acquire::(https?(::|\s)|Retries|Check-Date|Check-Valid-Until|ForceIPv[46])/.test(line),
    )
    .filter((line) => !line.endsWith(' "";'));
}

/** Arguments that name where packages come from; none means mmdebstrap's default mirror. */
export function sourceLines(
  suite: DebianSuite,
  mirrors: DebianMirrors,
  withUpdates: boolean,
): string[] {
  if (mirrors.main === undefined) return [];
  const lines = [`deb ${mirrors.main} ${suite} main`];
  if (!withUpdates || UNRELEASED.has(suite)) return lines;
  lines.push(`deb ${mirrors.main} ${suite}-updates main`);
  if (mirrors.security !== undefined) lines.push(`deb ${mirrors.security} ${suite}-security main`);
  return lines;
}

export async function canMakeDebianBase(): Promise<boolean> {
  return hasTool('mmdebstrap');
}

/** Writes the root file system of `recipe` to `tarPath`. */
export async function makeRootFileSystem(
  recipe: DebianRecipe,
  tarPath: string,
  options: ToolOptions = {},
): Promise<void> {
  const mirrors = debianMirrors(await readAptSources());
  const transport = await readTransportOptions();
  const attempt = (lines: readonly string[]): Promise<string> =>
    runTool(
      'env',
      [
        `SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH}`,
        ...bootstrapCommand(recipe, tarPath, transport, lines),
      ],
      {
        ...options,
        onLine: (line) => {
          if (STAGES.test(line)) options.onLine?.(line.slice('I: '.length));
        },
      },
    );
  const lines = sourceLines(recipe.suite, mirrors, true);
  try {
    await attempt(lines);
  } catch (failure) {
    const mainOnly = sourceLines(recipe.suite, mirrors, false);
    if (options.signal?.aborted || mainOnly.length === lines.length) throw failure;
    // A mirror that carries a suite need not carry its updates.
    options.onLine?.(`retrying without updates: ${String(failure)}`);
    await attempt(mainOnly);
  }
}

function bootstrapCommand(
  recipe: DebianRecipe,
  tarPath: string,
  transport: readonly string[],
  sources: readonly string[],
): string[] {
  const aptOptions = [
    'Acquire::Languages "none";',
    'APT::Install-Recommends "false";',
    ...transport,
    ...(UNRELEASED.has(recipe.suite) ? ['Acquire::Check-Valid-Until "false";'] : []),
  ];
  return [
    'mmdebstrap',
    '--variant=essential',
    '--format=tar',
    '--skip=cleanup/apt',
    `--architectures=${DEBIAN_ARCHITECTURE[recipe.architecture]}`,
    `--include=${recipe.packages.join(',')}`,
    ...(existsSync(KEYRING) ? [`--keyring=${KEYRING}`] : []),
    ...aptOptions.map((option) => `--aptopt=${option}`),
    ...PATH_RULES.map((rule) => `--dpkgopt=${rule}`),
    ...(MERGED_BY_HOOK.has(recipe.suite) && existsSync(MERGED_USR_HOOK)
      ? [`--hook-dir=${MERGED_USR_HOOK}`]
      : []),
    `--customize-hook=${CLEAN_UP}`,
    recipe.suite,
    tarPath,
    ...sources,
  ];
}

async function readAptSources(): Promise<AptSource[]> {
  const sources = parseSourcesList(await readIfThere(join(APT_FOLDER, 'sources.list')));
  const folder = join(APT_FOLDER, 'sources.list.d');
  for (const name of (await readdir(folder).catch((): string[] => [])).sort()) {
    const text = await readIfThere(join(folder, name));
    if (name.endsWith('.list')) sources.push(...parseSourcesList(text));
    if (name.endsWith('.sources')) sources.push(...parseSourcesStanzas(text));
  }
  return sources;
}

async function readTransportOptions(): Promise<string[]> {
  if (!(await hasTool('apt-config'))) return [];
  return transportOptions(await runTool('apt-config', ['dump']));
}

function readIfThere(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
