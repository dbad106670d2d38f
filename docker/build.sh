#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds Tintype and its images: tintype/storage-node, tintype/coordinator, tintype/zookeeper, tintype/cli.
#
#   docker/build.sh [--base IMAGE | --local-base] [--tag TAG] [--dist DIR]
#
#   --base IMAGE   stand on this image: it needs Java 17 or newer, sh, wget and nc
#   --local-base   make the base image out of this machine's JDK and busybox, without an image registry
#   --tag TAG      their tag (default: latest)
#   --dist DIR     an installation (bin/ and lib/) to pack instead of building this source tree
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
home=$(dirname "$here")
base='' tag=latest dist='' local_base=
while [ $# -gt 0 ]; do
  case $1 in
    --base) base=$2; shift 2 ;;
    --local-base) local_base=yes; shift ;;
    --tag) tag=$2; shift 2 ;;
    --dist) dist=$(cd "$2" && pwd); shift 2 ;;
    --help) sed -n '4,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) echo "build.sh: there is no option $1; see --help" >&2; exit 2 ;;
  esac
done
docker version >/dev/null 2>&1 || { echo "build.sh: no Docker engine answers; start one, or set DOCKER_HOST" >&2; exit 1; }

if [ -z "$base" ]; then
  base=tintype/base:latest
  if [ -n "$local_base" ]; then
    docker image inspect "$base" >/dev/null 2>&1 || "$here/base/local.sh" "$base"
  else
    docker build -q -t "$base" "$here/base" >/dev/null
  fi
fi

if [ -z "$dist" ]; then
  "$home/bin/tintype" --version >&2 # builds what is missing or older than its sources
  dist=$home/tools/target/dist
fi
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
mkdir "$context/bin"
cp "$home/bin/tintype" "$context/bin/"
[ ! -d "$dist/bin" ] || cp "$dist/bin/"* "$context/bin/"
cp -r "$dist/lib" "$context/lib"
cp "$here/zookeeper/zookeeper.sh" "$context/"

for image in storage-node coordinator zookeeper cli; do
  # The older builder is everywhere, needs no plugin, and these images need no more than it can.
  DOCKER_BUILDKIT=0 docker build -q --build-arg "BASE=$base" --target "$image" -t "tintype/$image:$tag" \
    -f "$here/Dockerfile" "$context" >/dev/null 2>"$context/../tintype-build.$$" ||
    { cat "$context/../tintype-build.$$" >&2; rm -f "$context/../tintype-build.$$"; exit 1; }
  rm -f "$context/../tintype-build.$$"
  echo "tintype/$image:$tag"
done
