#!/usr/bin/env bash
# Set-up, images, then the benchmarks; arguments are passed on, `--help` tells them.
# Leaves nothing running that was not running before.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "${ROOT}"

for argument in "$@"; do
  case "${argument}" in
    # Nothing is measured.
    --help | -h | --list | --readme-only)
      scripts/setup.sh --no-engine
      exec node dist/test/bench/main.js "$@"
      ;;
  esac
done

scripts/setup.sh --no-engine
# What cannot be measured is told before an engine is started and images are built.
node dist/test/bench/main.js --list "$@" >/dev/null
# An engine that answers now is somebody else's to stop.
if ! engine_answers; then trap 'scripts/engine.sh stop' EXIT; fi
scripts/engine.sh ensure
scripts/images.sh nodejs22.x python3.13 >/dev/null
# An interrupt is the bench's to answer: it ends what it has started.
trap '' INT
node dist/test/bench/main.js "$@"
