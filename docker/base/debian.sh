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
fetch() { (cd "$work/package" && apt-get download -qq -o APT::Sandbox::User="$(id -un)" "$@" >/dev/null); }
unpack() { for one in "$work"/package/*.deb; do dpkg -x "$one" "$work/root" && rm "$one"; done; }
fetch "$package"
unpack
[ -x "$work/root$program" ] || { echo "debian.sh: package $package has no $program" >&2; exit 1; }

# Libraries of packages that this machine lacks come from there; all others are its own.
libraries() {
  LD_LIBRARY_PATH=$(find "$work/root" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:) ldd "$work/root$program"
}
if libraries | grep -q 'not found'; then
  mapfile -t missing < <(
    apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$package" |
      grep '^lib' | sort -u | while read -r name; do
        dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || echo "$name"
      done)
  fetch "${missing[@]}"
  unpack
fi

mkdir -p "$work/context$(dirname "$program")" "$work/context$folder"
cp "$work/root$program" "$work/context$program"
libraries | awk '/not found/ { print "debian.sh: this machine lacks " $1 > "/dev/stderr"; exit 1 }
  $2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\/lib.*ld-linux/ { print $1 }' | sort -u | while read -r library; do
  to=$work/context${library#"$work/root"}
  mkdir -p "$(dirname "$to")"
  cp -L "$library" "$to"
done
{
  echo "FROM $base"
  echo "USER 0"
  echo "COPY . /"
  [ -z "$folder" ] || { echo "RUN chown 10001:10001 $folder"; echo "WORKDIR $folder"; }
  echo "USER 10001:10001"
  # As in the images of registries: what keeps data is the program; the others take its name as the first word, and not what
  # the image below is started with.
  if [ -n "$folder" ]; then echo "ENTRYPOINT [\"$program\"]"; else echo "ENTRYPOINT []"; fi
} >"$work/Dockerfile"
DOCKER_BUILDKIT=0 docker build -q -t "$tag" -f "$work/Dockerfile" "$work/context" >/dev/null 2>"$work/log" ||
  { cat "$work/log" >&2; exit 1; }
