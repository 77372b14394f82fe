#!/usr/bin/env bash
# Set-up, then the suites named, or all of them; the last line is `N passed, N failed` over all.
#   test.sh [unit] [contract] [simulation] [fuzz] [integration] [conformance] [bench]
# Leaves nothing running that was not running before.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "${ROOT}"

ALL=(unit contract simulation fuzz integration conformance bench)
suites=("$@")
[ "${#suites[@]}" -gt 0 ] || suites=("${ALL[@]}")

asked_for() {
  local suite
  for suite in "${suites[@]}"; do [ "${suite}" != "$1" ] || return 0; done
  return 1
}

engine=no
for suite in contract integration conformance bench; do
  if asked_for "${suite}"; then engine=yes; fi
done

if [ "${engine}" = yes ]; then
  # An engine that answers now is somebody else's to stop.
  if ! engine_answers; then trap 'scripts/engine.sh stop' EXIT; fi
  scripts/setup.sh
  scripts/images.sh all >&2
else
  scripts/setup.sh --no-engine
fi
# A test compiles a runtime of its own.
if asked_for integration && ! have cc; then install_packages gcc libc6-dev; fi
if asked_for conformance; then scripts/conformance-clients.sh; fi

RESULTS=dist/results
rm -rf "${RESULTS}"
mkdir -p "${RESULTS}"

# run_suite <name> <project> <node> <jest flags...>: never stops the script, the summary judges.
run_suite() {
  local name="$1" project="$2" node="$3"
  shift 3
  say "" "=== ${name}"
  "${node}" --experimental-vm-modules --disable-warning=ExperimentalWarning \
    node_modules/jest/bin/jest.js --selectProjects "${project}" \
    --json --outputFile="${RESULTS}/${name}.json" "$@" </dev/null >/dev/null ||
    echo "$?" >"${RESULTS}/${name}.status"
  names+=("${name}")
}

names=()
for suite in "${suites[@]}"; do
  case "${suite}" in
    # The engine is one resource that these share. A handle that a test left open must not hold up
    # the suites that follow; what tests leave on the engine they check themselves.
    contract | integration | conformance | bench) run_suite "${suite}" "${suite}" node --maxWorkers=1 --forceExit ;;
    unit | simulation | fuzz) run_suite "${suite}" "${suite}" node ;;
    *) fail "no suite is called ${suite}." "Suites: ${ALL[*]}" ;;
  esac
  if [ "${suite}" = unit ] && [ "$(uname -s)" = Linux ]; then
    # Node 20 is only the floor.
    if lts="$(node scripts/lts-node.mjs)"; then
      run_suite unit-on-lts unit "${lts}"
    else
      names+=(unit-on-lts)
    fi
  fi
done

# The counts come last, after whatever the engine's end has to say.
if [ -n "$(trap -p EXIT)" ]; then
  trap - EXIT
  scripts/engine.sh stop
fi
node scripts/test-summary.mjs "${RESULTS}" "${names[@]}"
