import { describe, expect, it } from '@jest/globals';
import {
  debianMirrors,
  parseSourcesList,
  parseSourcesStanzas,
  recipeDigest,
  sourceLines,
  transportOptions,
} from '../../../src/builder/debian-base.js';

describe('reading apt’s sources', () => {
  it('reads one-line entries with and without options', () => {
    const text = `
# deb http://commented.example/debian bookworm main
deb http://mirror.example/debian bookworm main contrib # a remark
deb [arch=amd64 signed-by=/usr/share/keyrings/k.gpg] https://other.example/debian-security/ bookworm-security main
deb-src http://mirror.example/debian bookworm main
`;
    expect(parseSourcesList(text)).toEqual([
      {
        uri: 'http://mirror.example/debian',
        suites: ['bookworm'],
        components: ['main', 'contrib'],
        signedBy: '',
      },
      {
        uri: 'https://other.example/debian-security/',
        suites: ['bookworm-security'],
        components: ['main'],
        signedBy: '/usr/share/keyrings/k.gpg',
      },
    ]);
  });

  it('reads stanzas with comments inside, folded fields and several mirrors', () => {
    const text = `Types: deb deb-src
# a comment between fields
URIs: http://one.example/debian http://two.example/debian
Suites: trixie
 trixie-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://off.example/debian
Suites: trixie
Components: main
Enabled: no
`;
    const sources = parseSourcesStanzas(text);
    expect(sources.map(({ uri }) => uri)).toEqual([
      'http://one.example/debian',
      'http://two.example/debian',
    ]);
    expect(sources[0]?.suites).toEqual(['trixie', 'trixie-updates']);
  });
});

describe('finding Debian’s mirrors among the sources', () => {
  const source = (
    uri: string,
    suite: string,
    signedBy = '',
  ): ReturnType<typeof parseSourcesList>[number] => ({
    uri,
    suites: [suite],
    components: ['main'],
    signedBy,
  });

  it('tells the archive from its security updates', () => {
    expect(
      debianMirrors([
        source('http://m.example/debian-security', 'bookworm-security'),
        source('http://m.example/debian', 'bookworm'),
      ]),
    ).toEqual({ main: 'http://m.example/debian', security: 'http://m.example/debian-security' });
  });

  it('accepts a mirror in any folder that Debian’s keyring signs', () => {
    const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
    expect(debianMirrors([source('http://cache.example/deb', 'trixie', keyring)])).toEqual({
      main: 'http://cache.example/deb',
    });
  });

  it('is not taken in by other vendors who name their suites after Debian’s', () => {
    expect(debianMirrors([source('https://apt.vendor.example/', 'bookworm')])).toEqual({});
  });

  it('finds none on Ubuntu and leaves the choice to mmdebstrap', () => {
    const mirrors = debianMirrors([source('http://archive.example/ubuntu', 'noble')]);
    expect(mirrors).toEqual({});
    expect(sourceLines('trixie', mirrors, true)).toEqual([]);
  });

  it('skips mirrors that are not reached over HTTP', () => {
    expect(debianMirrors([source('cdrom:[Debian]/debian', 'bookworm')])).toEqual({});
  });
});

describe('sourceLines', () => {
  const mirrors = { main: 'http://m.example/debian', security: 'http://m.example/debian-security' };

  it('adds updates and security updates to a released suite', () => {
    expect(sourceLines('trixie', mirrors, true)).toEqual([
      'deb http://m.example/debian trixie main',
      'deb http://m.example/debian trixie-updates main',
      'deb http://m.example/debian-security trixie-security main',
    ]);
  });

  it('asks for nothing but the suite itself when it is not released, or without updates', () => {
    expect(sourceLines('forky', mirrors, true)).toEqual(['deb http://m.example/debian forky main']);
    expect(sourceLines('trixie', mirrors, false)).toEqual([
      'deb http://m.example/debian trixie main',
    ]);
  });
});

describe('transportOptions', () => {
  it('keeps what says how to reach a mirror and nothing else', () => {
    const dump = [
      'APT::Architecture "amd64";',
      'Acquire::http::Proxy "http://proxy.example:3128";',
      'Acquire::https::CaInfo "/etc/ssl/own.pem";',
      'Acquire::http "";',
      'Acquire::Retries "3";',
      'Acquire::Languages:: "none";',
      'Dir::Cache::pkgcache "";',
    ].join('\n');
    expect(transportOptions(dump)).toEqual([
      'Acquire::http::Proxy "http://proxy.example:3128";',
      'Acquire::https::CaInfo "/etc/ssl/own.pem";',
      'Acquire::Retries "3";',
    ]);
  });
});

describe('recipeDigest', () => {
  const recipe = { suite: 'trixie', packages: ['python3'], architecture: 'x86_64' } as const;

  it('is the same for the same recipe and another for any difference', () => {
    const digest = recipeDigest(recipe);
    expect(digest).toMatch(/^[0-9a-f]{12}$/);
    expect(recipeDigest({ ...recipe })).toBe(digest);
    expect(recipeDigest({ ...recipe, suite: 'forky' })).not.toBe(digest);
    expect(recipeDigest({ ...recipe, packages: ['python3', 'tzdata'] })).not.toBe(digest);
    expect(recipeDigest({ ...recipe, architecture: 'arm64' })).not.toBe(digest);
  });
});
