#!/usr/bin/env bash
# Types, lint and format, all of them even when one fails.
set -uo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "${ROOT}" || exit 1

status=0
node_modules/.bin/tsc -p . --noEmit || status=1
node_modules/.bin/oxlint src test || status=1
node_modules/.bin/prettier --check --log-level warn . || status=1
if have shellcheck; then shellcheck -x scripts/*.sh || status=1; fi
exit "${status}"
