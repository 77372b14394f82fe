#!/usr/bin/env bash
# Makes sure a container engine answers, or stops the one this set-up started.
#   engine.sh ensure   install and start Debian's docker.io when nothing answers
#   engine.sh stop     stop it, if and only if `ensure` started it
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

WAIT_SECONDS=60
STARTED="${SETUP_STATE}/engine-started"
LOG="${SETUP_STATE}/dockerd.log"

ensure() {
  local status=0
  engine_answers || status=$?
  case "${status}" in
    0) return 0 ;;
    2) fail "a container engine runs, but this user may not use it." \
      "sudo usermod -aG docker $(id -un), then log in again." ;;
  esac
  [ -z "${DOCKER_HOST:-}" ] || fail "no container engine answers at DOCKER_HOST=${DOCKER_HOST}." \
    "Start it there, or unset DOCKER_HOST to use one on this machine."
  [ "$(uname -s)" = Linux ] || fail "no container engine answers." \
    "Start Docker Desktop (or another engine with Docker's API), then run this again."
  say "No container engine answers on this machine. Debian's docker.io will be used:"
  have dockerd || say "  - install the package docker.io with apt-get"
  say "  - start its daemon $(start_method_text)"
  have dockerd || install_packages docker.io
  local again=0
  engine_answers || again=$?
  if [ "${again}" -ne 0 ]; then start; fi
  wait_for_engine
  say "The container engine answers."
}

start_method() {
  if [ -d /run/systemd/system ]; then
    echo systemd
  elif [ -x /etc/init.d/docker ] && grep -qx init /proc/1/comm 2>/dev/null; then
    echo service
  else
    echo background
  fi
}

start_method_text() {
  case "$(start_method)" in
    systemd) echo "with systemctl" ;;
    service) echo "with its init script" ;;
    background) echo "in the background (there is no init system here)" ;;
  esac
}

start() {
  mkdir -p "${SETUP_STATE}"
  case "$(start_method)" in
    systemd)
      as_root systemctl start docker
      echo systemd >"${STARTED}"
      ;;
    service)
      as_root service docker start >&2
      echo service >"${STARTED}"
      ;;
    background)
      # A pid file of a daemon that is gone would keep the new one from starting.
      # shellcheck disable=SC2016 # expanded by the inner shell
      as_root sh -c 'f=/var/run/docker.pid; [ ! -f "$f" ] || kill -0 "$(cat "$f")" 2>/dev/null || rm -f "$f"'
      # shellcheck disable=SC2016
      as_root sh -c 'setsid dockerd >"$1" 2>&1 </dev/null & echo $!' sh "${LOG}" >"${STARTED}"
      ;;
  esac
}

wait_for_engine() {
  local deadline=$((SECONDS + WAIT_SECONDS)) status
  while :; do
    status=0
    engine_answers || status=$?
    [ "${status}" -ne 0 ] || return 0
    [ "${status}" -ne 2 ] || fail "the container engine runs now, but this user may not use it yet." \
      "sudo usermod -aG docker $(id -un), then log in again and repeat."
    if background_engine_died || [ "${SECONDS}" -ge "${deadline}" ]; then
      [ ! -f "${LOG}" ] || tail -n 15 "${LOG}" >&2
      rm -f "${STARTED}"
      fail "the container engine did not start within ${WAIT_SECONDS} s." \
        "Its last lines are above. Inside a container it needs one started with --privileged."
    fi
    sleep 0.3
  done
}

background_engine_died() {
  local pid
  pid="$(cat "${STARTED}" 2>/dev/null || true)"
  case "${pid}" in
    '' | *[!0-9]*) return 1 ;;
    *) ! as_root kill -0 "${pid}" 2>/dev/null ;;
  esac
}

stop() {
  [ -f "${STARTED}" ] || return 0
  local how
  how="$(cat "${STARTED}")"
  rm -f "${STARTED}"
  say "Stopping the container engine that was started for this."
  case "${how}" in
    systemd) as_root systemctl stop docker.socket docker ;;
    service) as_root service docker stop >&2 ;;
    *)
      # Only if the number still belongs to a daemon: it may be another process by now.
      grep -qx dockerd "/proc/${how}/comm" 2>/dev/null || return 0
      as_root kill -TERM "${how}"
      while kill -0 "${how}" 2>/dev/null || [ -d "/proc/${how}" ]; do sleep 0.2; done
      ;;
  esac
}

case "${1:-}" in
  ensure) ensure ;;
  stop) stop ;;
  *) fail "usage: engine.sh ensure|stop" ;;
esac
