#!/bin/sh
# fetch-npm.sh FOLDER DIR: installs the npm packages that FOLDER/package-lock.json locks into
# DIR/node_modules, unless they are there already. Without node, npm or network it says so and
# succeeds: the tests that need the packages are then reported as not run.
set -eu
source=$1
folder=$2

say() { echo "fetch-npm: $source: $*" >&2; }

if cmp -s "$source/package-lock.json" "$folder/installed-lock.json"; then
  exit 0
fi
if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
  say "no node or npm: the tests that need these packages will NOT RUN"
  exit 0
fi
mkdir -p "$folder"
cp "$source/package.json" "$source/package-lock.json" "$folder/"
rm -f "$folder/installed-lock.json"
say "npm ci"
if (cd "$folder" && npm ci --ignore-scripts --legacy-peer-deps --no-audit --no-fund \
    --loglevel=error) >&2; then
  cp "$source/package-lock.json" "$folder/installed-lock.json"
else
  say "npm ci failed: the tests that need these packages will NOT RUN"
fi
