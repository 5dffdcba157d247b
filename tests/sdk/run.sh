#!/bin/sh
# run.sh BINARIES CLIENTS TEST: a test of this folder, or another .mjs file, with the binaries and npm clients of these two folders.
# Exit status 77 (ctest: skipped) if there is no node, or if scripts/fetch-npm.sh could not install.
if ! command -v node >/dev/null 2>&1 || [ ! -f "$2/installed-lock.json" ]; then
  echo "SDK test NOT RUN: needs node, and the clients that scripts/fetch-npm.sh installs" >&2
  exit 77
fi
KEYWALK_BIN=$1 KEYWALK_SDK=$2 exec node --test "$3"
