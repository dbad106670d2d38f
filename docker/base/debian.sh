#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes an image of one program out of Debian's package of it, without an image registry: the program and the shared libraries
# that it needs, on top of another image. For what the compose file runs beside Tintype's own images.
#
#   docker/base/debian.sh TAG BASE PACKAGE PROGRAM [FOLDER]
#
# PROGRAM is its path in the package; FOLDER is where it keeps its data.
set -euo pipefail
tag=$1 base=$2 package=$3 program=$4 folder=${5:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/root" "$work/package"
chmod 755 "$work"
(cd "$work/package" && apt-get download -qq "$package" >/dev/null && dpkg -x ./*.deb "$work/root")
[ -x "$work/root$program" ] || { echo "debian.sh: package $package has no $program" >&2; exit 1; }

mkdir -p "$work/context$(dirname "$program")" "$work/context$folder"
cp "$work/root$program" "$work/context$program"
ldd "$work/root$program" | awk '/not found/ { print "debian.sh: this machine lacks " $1 > "/dev/stderr"; exit 1 }
  $2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\/lib.*ld-linux/ { print $1 }' | sort -u | while read -r library; do
  mkdir -p "$work/context$(dirname "$library")"
  cp -L "$library" "$work/context$library"
done
{
  echo "FROM $base"
  echo "USER 0"
  echo "COPY . /"
  [ -z "$folder" ] || { echo "RUN chown 10001:10001 $folder"; echo "WORKDIR $folder"; }
  echo "USER 10001:10001"
  # As in the images of registries: what keeps data is the program; the others take its name as the first word.
  [ -z "$folder" ] || echo "ENTRYPOINT [\"$program\"]"
} >"$work/Dockerfile"
DOCKER_BUILDKIT=0 docker build -q -t "$tag" -f "$work/Dockerfile" "$work/context" >/dev/null 2>"$work/log" ||
  { cat "$work/log" >&2; exit 1; }
