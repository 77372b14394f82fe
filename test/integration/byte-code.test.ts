import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startProject, until, type Project } from '../support/project.js';

const LIMIT_MS = 90_000;

const PROBE = `
import os, sys, traceback
import large, warns
from package import part
def handler(event, context):
    result = {"files": sorted(os.listdir("/var/task")), "cached": large.__cached__, "loader": type(large.__loader__).__name__,
      "value": [large.f(1), part.VALUE], "environment": sorted(name for name in os.environ if "PYC" in name),
      "prefix": sys.pycache_prefix, "frames": None, "source": large.__loader__.get_source("large")[:4],
      "compiled": [hasattr(m.__loader__, "path") and m.__loader__.get_code.__qualname__.startswith("install") for m in (large, part, warns)]}
    try:
        large.fails()
    except ValueError:
        result["frames"] = [frame.filename for frame in traceback.extract_tb(sys.exc_info()[2])]
    try:
        import broken
    except SyntaxError as error:
        frames = traceback.extract_tb(error.__traceback__)
        result["broken"] = [frame.filename for frame in frames if "runtime" in frame.filename]
    try:
        open("/var/rapid/byte-code/var/task/x", "w").close()
    except OSError as error:
        result["refused"] = error.strerror
    if event.get("exit"): os._exit(1)
    return result
`;
const LARGE = [
  ...Array.from(
    { length: 2_500 },
    (_none, index) => `def f${index}(value): return value + ${index}`,
  ),
  'def f(value): return value + 1',
  'def fails(): raise ValueError("large")',
].join('\n');

interface Seen {
  readonly compiled: readonly boolean[];
}

describe('byte-code of Python functions', () => {
  let project: Project;
  const folder = (): string => join(project.directory, '.orchestrator/byte-code');
  const call = async (event: object = {}): Promise<Seen> =>
    (await project.invoke('large', event)).json as Seen;

  beforeAll(async () => {
    const files = {
      'app.py': PROBE,
      'large.py': LARGE,
      'warns.py': 'VALUE = "\\d"\n',
      'broken.py': 'def f(:\n',
      'package/__init__.py': '',
      'package/part.py': 'VALUE = 7\n',
    };
    project = await startProject(
      {
        large: { files, timeout: 20 },
        small: { files: { 'app.py': 'def handler(event, context): return 1' } },
      },
      { spares: 0, watch: false },
    );
  }, LIMIT_MS);
  afterAll(() => project.stop(), LIMIT_MS);

  it(
    'is compiled behind the scenes where it is worth it, and changes nothing a function can see',
    async () => {
      await until(async () => existsSync(folder()) && (await kept()).length === 1);
      const seen = await call();
      expect(seen).toMatchObject({
        files: ['app.py', 'broken.py', 'large.py', 'package', 'warns.py'],
        cached: '/var/task/__pycache__/large.cpython-313.pyc',
        loader: 'SourceFileLoader',
        value: [2, 7],
        environment: [],
        prefix: null,
        source: 'def ',
        frames: ['/var/task/app.py', '/var/task/large.py'],
        broken: [],
        refused: 'Read-only file system',
      });
      // What warns is compiled at each import, so that its warning is seen.
      expect(seen.compiled).toEqual([true, true, false]);
      const lines = await project.orchestrator.logs({ functionName: 'large' });
      expect(lines.map(({ text }) => text).join('\n')).toContain('invalid escape sequence');
    },
    LIMIT_MS,
  );

  async function kept(): Promise<string[]> {
    return (await readdir(folder())).filter((name) => !name.startsWith('.'));
  }

  it(
    'is there after the processes were started again',
    async () => {
      expect(await call({ exit: true })).toMatchObject({ errorType: 'Runtime.ExitError' });
      expect(await call()).toMatchObject({ compiled: [true, true, false] });
    },
    LIMIT_MS,
  );
});
