#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs tintype-example.js against a coordinator: run.sh HOST:PORT
# Its libraries are installed outside the sources; --setup only does that.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
target=${TINTYPE_EXAMPLES_TARGET:-$here/../target}/node
if [ ! -f "$target/ready" ] || [ "$here/package.json" -nt "$target/ready" ]; then
  mkdir -p "$target"
  cp "$here/package.json" "$target/"
  (cd "$target" && npm install --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error >&2)
  touch "$target/ready"
fi
if [ "${1:-}" = --setup ]; then
  exit 0
fi
NODE_PATH=$target/node_modules exec node "$here/tintype-example.js" "$@"
