#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes the base image out of what this machine has, without an image registry: a Java runtime cut to size by jlink, the
# shared libraries it needs, and busybox for sh, wget and nc.
#
#   docker/base/local.sh TAG
set -euo pipefail
tag=$1

javac=$(readlink -f "${JAVA_HOME:+$JAVA_HOME/bin/javac}" 2>/dev/null || readlink -f "$(command -v javac)")
jdk=$(dirname "$(dirname "$javac")")
busybox=$(command -v busybox) || { echo "local.sh: install busybox-static" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

# Also those that libraries ask for by name: logging to JMX, HTTP for health, ImageIO for renditions, TLS, Kerberos for SASL.
modules=java.desktop,java.instrument,java.logging,java.management,java.naming,java.net.http,java.security.jgss
modules=$modules,java.security.sasl,java.sql,java.xml,jdk.crypto.ec,jdk.httpserver,jdk.jcmd,jdk.jfr,jdk.management,jdk.net
modules=$modules,jdk.unsupported,jdk.zipfs
mkdir -p "$root/opt"
"$jdk/bin/jlink" --add-modules "$modules" --strip-java-debug-attributes --no-header-files --no-man-pages --compress=2 --output "$root/opt/java" 2>&1 |
  { grep -v -i 'warning' || true; }

mkdir -p "$root"/{bin,usr/bin,etc,tmp,var/lib,proc,sys,dev,home}
chmod 1777 "$root/tmp"
cp "$busybox" "$root/bin/busybox"
for applet in $("$busybox" --list); do
  [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
ln -s /bin/env "$root/usr/bin/env"
printf 'root:x:0:0:root:/:/bin/sh\ntintype:x:10001:10001:Tintype:/tmp:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\ntintype:x:10001:\n' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"

# Every shared library that the runtime names, the C++ one of RocksDB, and those that name lookup loads at run time.
{
  find "$root/opt/java" -type f \( -name '*.so' -o -path '*/bin/*' \) -exec ldd {} + 2>/dev/null |
    awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\/lib.*ld-linux/ { print $1 }'
  for name in libstdc++.so.6 libgcc_s.so.1 libnss_dns.so.2 libnss_files.so.2 libresolv.so.2 librt.so.1 libdl.so.2 libpthread.so.0; do
    ldconfig -p | awk -v name="$name" '$1 == name && /x86-64|AArch64/ { print $NF; exit }'
  done
} | grep -v "^$root" | sort -u | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done

tar -C "$root" -c . | docker import \
  -c 'ENV PATH=/opt/java/bin:/bin:/usr/bin' -c 'ENV JAVA_HOME=/opt/java' -c 'ENV LANG=C.UTF-8' - "$tag" >/dev/null
