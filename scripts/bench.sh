#!/usr/bin/env bash
# Set-up, images, then the benchmarks; arguments are passed on.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "${ROOT}"

scripts/setup.sh
scripts/images.sh nodejs22.x python3.13 >/dev/null
exec node dist/test/bench/main.js "$@"
