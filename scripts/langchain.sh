#!/usr/bin/env bash
# Makes the Python environment of backends of type langchain, in DIR or .build/venv-langchain, and tells its interpreter.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv=${1:-$here/../.build/venv-langchain}
pins=$here/langchain/requirements.txt
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed" >&2; exit 1; }
# What is there is kept while the pins are the same.
if ! cmp -s "$pins" "$venv/requirements.txt"; then
    "$python" -m venv "$venv"
    "$venv/bin/pip" install -q --disable-pip-version-check --no-deps -r "$pins"
    "$venv/bin/python" -c 'import langchain_core.runnables'
    cp "$pins" "$venv/requirements.txt"
fi
echo "$(cd "$venv" && pwd)/bin/python"
