#!/bin/sh
# Makes the images that the Dockerfile's BASE and BUILD can be where no public image is at hand: Debian by
# debootstrap, with Bun as /usr/local/bin/bun. Needs root, buildah, debootstrap, npm and Debian's packages.
#
#   docker/makeBase.sh         localhost/signway-base and localhost/signway-build, for this machine
#   docker/makeBase.sh arm64   localhost/signway-base-arm64: unpacked, never run, which is all that BASE needs
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

foreign=
[ "$arch" = "$here" ] || foreign=--foreign
debootstrap --variant=minbase --arch="$arch" $foreign bookworm "$work/root" > "$work/log" || {
  cat "$work/log" >&2
  exit 1
}
rm -rf "$work"/root/var/cache/apt/* "$work"/root/var/lib/apt/lists/* "$work/root/debootstrap" \
  "$work"/root/usr/share/doc/* "$work"/root/usr/share/man/* "$work"/root/usr/share/info/* \
  "$work"/root/usr/share/locale/*

(cd "$work" && npm pack --silent "@oven/bun-linux-$cpu@$bun" > /dev/null && tar xzf oven-bun-*.tgz)
install -D -m 755 "$work/package/bin/bun" "$work/root/usr/local/bin/bun"

name=localhost/signway-base
[ "$arch" = "$here" ] || name=$name-$arch
cat > "$work/Base" << 'END'
FROM scratch
COPY root /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
END
buildah build --quiet --arch "$arch" -f "$work/Base" -t "$name" "$work" > /dev/null
echo "$name"
[ "$arch" = "$here" ] || exit 0

# The registry of packages may be behind an authority of one's own; the image that is kept does not learn of it.
{
  echo "FROM $name"
  if [ -n "${NODE_EXTRA_CA_CERTS:-}" ]; then
    cp "$NODE_EXTRA_CA_CERTS" "$work/ca.pem"
    echo 'COPY ca.pem /etc/ssl/build-ca.pem'
    echo 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/build-ca.pem'
  fi
} > "$work/Build"
buildah build --quiet -f "$work/Build" -t localhost/signway-build "$work" > /dev/null
echo localhost/signway-build
