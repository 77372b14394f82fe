#!/usr/bin/env bash
# From a fresh machine to a running example (EXAMPLE, or hello): set-up, its images, `orchestrator up`
# (on PORT, when that is set).
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "${ROOT}"

scripts/setup.sh
scripts/images.sh nodejs22.x python3.13 >/dev/null
# In a checkout the program is called through npx; what it prints to be typed should say so.
npm_command=exec exec node dist/src/launcher.cjs up "examples/${EXAMPLE:-hello}" ${PORT:+--port "${PORT}"}
