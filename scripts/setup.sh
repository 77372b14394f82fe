#!/usr/bin/env bash
# Checks what a machine needs, installs what is missing, compiles. Ready in seconds when run again.
#   setup.sh [--no-engine]
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "${ROOT}"

have node || fail "Node.js is not installed." "Install Node.js 20.19 or newer, then run this again."
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
  fail "Node.js $(node --version) is too old." "Install Node.js 20.19 or newer, then run this again."
have npm || fail "npm is not installed." "Install the npm that belongs to your Node.js, then run this again."

if [ "${1:-}" != --no-engine ]; then scripts/engine.sh ensure; fi

# Packages are installed again only when the lock file, Node's ABI or the platform changed.
STAMP=node_modules/.orchestrator-stamp
wanted="$(node -e '
  const hash = require("node:crypto").createHash("sha256");
  hash.update(require("node:fs").readFileSync("package-lock.json"));
  console.log(hash.digest("hex"), process.versions.modules, process.platform, process.arch);')"
if [ "$(cat "${STAMP}" 2>/dev/null || true)" != "${wanted}" ]; then
  say "Installing npm packages"
  # `npm ci` refuses a lock file that lacks optional packages of other platforms, which a registry
  # may not have carried when it was written; `install` takes the same locked versions all the same.
  if ! npm ci --no-audit --no-fund --loglevel=error >/dev/null 2>&1; then
    npm install --no-save --no-audit --no-fund --loglevel=error >&2
  fi
  printf '%s\n' "${wanted}" >"${STAMP}"
fi

# A removed test leaves its output behind, where it would still be found and run.
if [ -d dist/test ]; then
  find dist/test -name '*.test.js' | while read -r output; do
    source="${output#dist/}"
    [ -f "${source%.js}.ts" ] || rm -f "${output}" "${output}.map"
  done
fi
node_modules/.bin/tsc -p . >&2 || fail "the project does not compile." "The messages are above."
# What `orchestrator` on the command line loads.
for made_of in dist/.tsbuildinfo scripts/bundle.mjs scripts/packs.mjs; do
  if [ ! dist/bundle/program.cjs -nt "${made_of}" ]; then node scripts/bundle.mjs >&2; fi
done
