#!/bin/sh
# Makes images that the Dockerfile's BASE and BUILD can be where no public image is at hand, of Debian's packages and
# Bun. Needs root, buildah, debootstrap, npm and Debian's packages.
#
#   docker/makeBase.sh         localhost/signway-base: a C library and Bun, without a shell
#                              localhost/signway-build: Debian and Bun
#   docker/makeBase.sh arm64   localhost/signway-base-arm64
set -eu
here=$(dpkg --print-architecture)
arch=${1:-$here}
case $arch in
  amd64) cpu=x64 ;;
  arm64) cpu=aarch64 ;;
  *) echo "usage: $0 [amd64|arm64]" >&2; exit 2 ;;
esac
export STORAGE_DRIVER="${STORAGE_DRIVER:-vfs}" BUILDAH_ISOLATION="${BUILDAH_ISOLATION:-chroot}"
bun=$(cd "$(dirname "$0")/.." && node -p 'require("./package.json").devDependencies.bun')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

image() { # $1: name, $2: the folder of its files, $3: further lines of its Dockerfile
  printf 'FROM scratch\nCOPY %s /\nENV PATH=/usr/local/bin:/usr/bin:/bin\n%s\n' "$2" "${3:-}" > "$work/Dockerfile"
  buildah build --quiet --arch "$arch" -f "$work/Dockerfile" -t "$1" "$work" > /dev/null
  echo "$1"
}

(cd "$work" && npm pack --silent "@oven/bun-linux-$cpu@$bun" > /dev/null && tar xzf oven-bun-*.tgz)
# Another architecture's packages are unpacked, never run.
foreign=
[ "$arch" = "$here" ] || foreign=--foreign
debootstrap --variant=minbase --arch="$arch" $foreign bookworm "$work/debian" > "$work/log" || {
  cat "$work/log" >&2
  exit 1
}
for package in base-files libc6; do
  dpkg-deb --extract "$work"/debian/var/cache/apt/archives/${package}_*.deb "$work/base"
done
rm -rf "$work"/base/usr/share/doc "$work"/base/usr/share/lintian
install -D -m 755 "$work/package/bin/bun" "$work/base/usr/local/bin/bun"
[ "$arch" = "$here" ] || { image "localhost/signway-base-$arch" base; exit 0; }
image localhost/signway-base base

install -D -m 755 "$work/package/bin/bun" "$work/debian/usr/local/bin/bun"
# The registry of packages may be behind an authority of one's own; the image that is kept does not learn of it.
authority=
if [ -n "${NODE_EXTRA_CA_CERTS:-}" ]; then
  cp "$NODE_EXTRA_CA_CERTS" "$work/debian/etc/ssl-build.pem"
  authority='ENV NODE_EXTRA_CA_CERTS=/etc/ssl-build.pem'
fi
image localhost/signway-build debian "$authority"
