# Shared by the scripts of this folder; sourced, never run.
# shellcheck shell=bash

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# What the set-up remembers between runs: the engine it started.
SETUP_STATE="${ROOT}/.orchestrator/setup"
export ROOT SETUP_STATE

say() { printf '%s\n' "$*" >&2; }

fail() {
  printf 'error: %s\n' "$1" >&2
  shift
  for line in "$@"; do printf '       %s\n' "${line}" >&2; done
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# Runs a command with the rights to change the system, asking for a password where that is the way.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif have sudo; then
    sudo "$@"
  else
    fail "this needs root and there is no sudo: $*" "Run it as root, then run this again."
  fi
}

# install_packages <package>... with Debian's or Ubuntu's package manager.
install_packages() {
  have apt-get || fail "$* must be installed and this machine has no apt-get." \
    "Install it with your system's package manager, then run this again."
  say "Installing $* (apt-get)"
  local log="${SETUP_STATE}/apt-get.log"
  mkdir -p "${SETUP_STATE}"
  if ! { as_root apt-get update -q && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$@"; } \
    >"${log}" 2>&1 </dev/null; then
    tail -n 20 "${log}" >&2
    fail "apt-get could not install $*." "Its last lines are above, all of them in ${log}."
  fi
}

# Status of the engine: 0 answers, 2 there but not for this user, 1 otherwise.
engine_answers() { node "${ROOT}/scripts/engine-ping.mjs"; }
