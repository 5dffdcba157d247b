#!/bin/sh
# run.sh PYTHON SCRIPT ARGUMENTS...: runs a script of this folder with a Python that has jsonschema,
# where there is one: Debian's package serves the system's Python, not one that is before it on PATH.
cd "$(dirname "$0")" || exit 2
python=$1
shift
if ! "$python" -c 'import jsonschema' 2>/dev/null &&
  /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
  python=/usr/bin/python3
fi
PYTHONDONTWRITEBYTECODE=1 exec "$python" "$@"
