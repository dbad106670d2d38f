#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs tintype_example.py against a coordinator: run.sh HOST:PORT
# Its libraries go into a virtual environment outside the sources; --setup only makes that.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=${TINTYPE_EXAMPLES_TARGET:-$here/../target}/python
if [ ! -f "$venv/ready" ] || [ "$here/requirements.txt" -nt "$venv/ready" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
  touch "$venv/ready"
fi
if [ "${1:-}" = --setup ]; then
  exit 0
fi
exec "$venv/bin/python" "$here/tintype_example.py" "$@"
