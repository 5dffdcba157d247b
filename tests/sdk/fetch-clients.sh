#!/bin/sh
# fetch-clients.sh DIR: installs the locked npm clients of this folder into DIR/node_modules, unless
# they are there already. Without node, npm or network it says so and succeeds: the SDK test is then
# reported as not run.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$1

if cmp -s "$here/package-lock.json" "$folder/installed-lock.json"; then
  exit 0
fi
if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
  echo "fetch-clients: no node or npm: the SDK test will NOT RUN" >&2
  exit 0
fi
mkdir -p "$folder"
cp "$here/package.json" "$here/package-lock.json" "$folder/"
rm -f "$folder/installed-lock.json"
echo "fetch-clients: npm ci: the official openai and @anthropic-ai/sdk clients" >&2
if (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >&2; then
  cp "$here/package-lock.json" "$folder/installed-lock.json"
else
  echo "fetch-clients: npm ci failed: the SDK test will NOT RUN" >&2
fi
