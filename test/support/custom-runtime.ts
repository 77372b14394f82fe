/** Folders of functions that bring their own runtime. */

import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../src/package-root.js';

const run = promisify(execFile);

/** A new folder of these files; what is called `bootstrap` may be executed. */
export async function codeFolder(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-custom-'));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
    if (name.endsWith('bootstrap')) await chmod(join(folder, name), 0o755);
  }
  return folder;
}

/** Compiles the runtime in C to `path`. */
export async function compileBootstrap(path: string): Promise<void> {
  const source = join(packageRoot(), 'test', 'fixtures', 'custom-runtime', 'bootstrap.c');
  await run('cc', ['-static', '-O2', '-o', path, source]);
}

/** A runtime in Bash that answers each event with what `handle` prints; `$1` is the event. */
export function bashRuntime(handle: string): string {
  return `#!/bin/bash
handle() {
${handle}
}
api="http://\${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation"
headers="$(mktemp)"
while true; do
  event="$(curl -sS -D "$headers" "$api/next")"
  id="$(sed -n 's/^lambda-runtime-aws-request-id: *\\([^[:space:]]*\\).*/\\1/pI' "$headers")"
  curl -sS -o /dev/null --data-binary "$(handle "$event")" "$api/$id/response"
done
`;
}
