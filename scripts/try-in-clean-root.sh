#!/bin/bash
# Tries the two commands as a newcomer has them: in a fresh minimal Debian root with git, make and
# apt, on a clean clone of HEAD. Needs root and debootstrap.
#
#   scripts/try-in-clean-root.sh bookworm|trixie [WORK_DIR [TARGET...]]
#
# WORK_DIR (default /tmp/keywalk-roots) keeps the bare root for the next time; the trial itself runs
# in a copy. TARGETs of the Makefile are made in order (default: conformance twice, test twice). What a machine needs to reach its package mirrors is given in the environment:
#   KEYWALK_TRIAL_FILES   files to copy to the same place in the root, separated by spaces, such as
#                         an apt proxy configuration or CA certificates
#   KEYWALK_TRIAL_MIRROR  the mirror for debootstrap (default http://deb.debian.org/debian)
#   KEYWALK_TRIAL_ENV     further NAME=VALUE for the commands in the root, separated by spaces
set -euo pipefail

suite=${1:-}
case $suite in
  bookworm | trixie) ;;
  *)
    echo "usage: $0 bookworm|trixie [WORK_DIR [TARGET...]]" >&2
    exit 2
    ;;
esac
source_dir=$(cd "$(dirname "$0")/.." && pwd)
work_dir=${2:-/tmp/keywalk-roots}
mirror=${KEYWALK_TRIAL_MIRROR:-http://deb.debian.org/debian}
targets=("${@:3}")
[ ${#targets[@]} -gt 0 ] || targets=(conformance conformance test test)
bare=$work_dir/$suite
root=$work_dir/$suite-trial

say() { printf '\n=== %s: %s\n' "$suite" "$*"; }

unmount() {
  mountpoint -q "$root/proc" && umount "$root/proc"
  mountpoint -q "$root/dev" && umount -R -l "$root/dev"
  return 0
}
trap unmount EXIT

if [ ! -x "$bare/usr/bin/git" ]; then
  say "making the bare root"
  mkdir -p "$bare"
  debootstrap --variant=minbase --include=git,make,ca-certificates "$suite" "$bare" "$mirror"
fi

unmount
rm -rf --one-file-system "$root"
cp -a "$bare" "$root"
cp /etc/resolv.conf "$root/etc/resolv.conf"
for file in ${KEYWALK_TRIAL_FILES:-}; do
  install -D -m 644 "$file" "$root$file"
done
git clone -q --no-hardlinks "$source_dir" "$root/keywalk"
mount -t proc proc "$root/proc" || echo "cannot mount /proc; going on without" >&2
mount --rbind /dev "$root/dev" && mount --make-rslave "$root/dev" ||
  echo "cannot mount /dev; going on without" >&2

in_root() {
  # shellcheck disable=SC2086  # names and values are to be split
  chroot "$root" env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    LANG=C.UTF-8 ${KEYWALK_TRIAL_ENV:-} "$@"
}
timed() {
  say "make $*"
  local start=$SECONDS
  in_root make -C /keywalk "$@"
  say "make $* took $((SECONDS - start)) s"
}

in_root update-ca-certificates >/dev/null 2>&1
for target in "${targets[@]}"; do
  timed "$target"
done
say "all succeed: ${targets[*]}"
