#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Gives tests a Docker engine on a machine that has none running: installs Debian's packages and starts one of our own, as
# root. Where an engine answers already, it is used. Prints the environment that tests need, to be evaluated:
#
#   eval "$(docker/engine.sh start DIR)"   the engine keeps everything in DIR
#   docker/engine.sh stop DIR              stops the engine that was started there
set -euo pipefail
action=$1
dir=$2

install() {
  missing=()
  command -v dockerd >/dev/null || missing+=(docker.io)
  command -v iptables >/dev/null || missing+=(iptables)
  command -v ip >/dev/null || missing+=(iproute2)
  command -v busybox >/dev/null || missing+=(busybox-static)
  if [ ${#missing[@]} -gt 0 ]; then
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
  fi
}

start() {
  mkdir -p "$dir"
  export DOCKER_HOST=${DOCKER_HOST:-unix://$dir/docker.sock}
  if ! docker version >/dev/null 2>&1; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
      echo "engine.sh: no Docker engine answers at $DOCKER_HOST, and only root on Debian can start one" >&2
      exit 1
    fi
    install
    setsid dockerd --data-root "$dir/root" --exec-root "$dir/exec" --pidfile "$dir/pid" -H "$DOCKER_HOST" \
      >"$dir/log" 2>&1 </dev/null &
    for _ in $(seq 60); do
      docker version >/dev/null 2>&1 && break
      sleep 0.5
    done
    docker version >/dev/null 2>&1 || { tail -n 20 "$dir/log" >&2; exit 1; }
  fi
  echo "export DOCKER_HOST=$DOCKER_HOST"
  # Testcontainers would look for an image to clean up with, and for the host among its networks.
  echo "export TESTCONTAINERS_RYUK_DISABLED=true"
  echo "export TESTCONTAINERS_HOST_OVERRIDE=127.0.0.1"
}

stop() {
  [ -f "$dir/pid" ] || return 0
  pid=$(cat "$dir/pid")
  kill "$pid" 2>/dev/null || return 0
  for _ in $(seq 40); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.5
  done
  kill -9 "$pid" 2>/dev/null || true
}

case $action in
  start) start ;;
  stop) stop ;;
  *) echo "engine.sh: say start or stop" >&2; exit 2 ;;
esac
