#!/usr/bin/env bash
# Builds the images of the runtimes named, or of `all`; installs mmdebstrap when a base must be made
# of Debian's packages. Prints `<runtime> <reference>` for each image.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

[ -f "${ROOT}/dist/src/builder/builder.js" ] || "${ROOT}/scripts/setup.sh"

status=0
node "${ROOT}/scripts/build-images.mjs" "$@" || status=$?
# 3: a base must be made here and the tool is missing.
if [ "${status}" -eq 3 ]; then
  say "No image registry can be reached, so base images are made of Debian's packages."
  install_packages mmdebstrap debian-archive-keyring
  status=0
  node "${ROOT}/scripts/build-images.mjs" "$@" || status=$?
fi
exit "${status}"
