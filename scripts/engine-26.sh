#!/usr/bin/env bash
# Runs the suites of the engine on Debian trixie's docker.io (26.1), whatever engine this machine
# has. Its programs are unpacked once into a cache and run from there; the engine has a socket, data
# and addresses of its own and is gone at the end. Linux and root only.
#   engine-26.sh [test files...]
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "${ROOT}"

CACHE="${XDG_CACHE_HOME:-${HOME}/.cache}/orchestrator/engine-26"
PACKAGES=docker.io,containerd,runc,tini
PROGRAMS=(sbin/dockerd sbin/docker-proxy bin/containerd bin/containerd-shim-runc-v2 bin/docker-init)
TESTS=(docker-engine engine-restart engine-connections blanks holders lifecycle freezing limits faults)

unpack() {
  [ ! -f "${CACHE}/ready" ] || return 0
  have mmdebstrap || install_packages mmdebstrap debian-archive-keyring
  say "Fetching Debian trixie's docker.io (once, into ${CACHE})"
  rm -rf "${CACHE}"
  mkdir -p "${CACHE}/bin"
  # Unpacked, not installed: only its programs are wanted.
  mmdebstrap --quiet --variant=extract --include="${PACKAGES}" trixie "${CACHE}/root" ||
    fail "Debian's packages could not be fetched." "Its messages are above."
  local program
  for program in "${PROGRAMS[@]}"; do
    ln -s "${CACHE}/root/usr/${program}" "${CACHE}/bin/"
  done
  # Its runc wants a C library as new as trixie's; on an older machine that one's own runc serves.
  if "${CACHE}/root/usr/sbin/runc" --version >/dev/null 2>&1; then
    ln -s "${CACHE}/root/usr/sbin/runc" "${CACHE}/bin/"
  fi
  touch "${CACHE}/ready"
}

[ "$(uname -s)" = Linux ] && [ "$(id -u)" -eq 0 ] ||
  fail "an engine of its own can be started by root on Linux only." "Run it as root."
scripts/setup.sh
scripts/images.sh nodejs22.x python3.13 >&2
unpack
[ "$#" -gt 0 ] || set -- "${TESTS[@]}"
files=()
for name in "$@"; do files+=("dist/test/integration/${name}.test.js"); done
exec node dist/test/support/on-private-engine.js "${CACHE}/bin" \
  node --experimental-vm-modules --disable-warning=ExperimentalWarning \
  node_modules/jest/bin/jest.js --selectProjects integration --maxWorkers=1 "${files[@]}"
