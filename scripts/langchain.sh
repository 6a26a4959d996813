#!/usr/bin/env bash
# Makes the Python environment of backends of type langchain, and tells its interpreter: in DIR, or in
# .build/venv-langchain together with what the tests run besides.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv=${1:-$here/../.build/venv-langchain}
pins=("$here/langchain/requirements.txt")
[ $# -gt 0 ] || pins+=("$here/langchain/extras.txt")
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed" >&2; exit 1; }
# What is there is kept while the pins are the same.
if ! cat "${pins[@]}" | cmp -s - "$venv/requirements.txt"; then
    "$python" -m venv "$venv"
    # Only what is named, and only with the content that it had when it was named.
    "$venv/bin/pip" install -q --disable-pip-version-check --no-deps --require-hashes "${pins[@]/#/-r}"
    "$venv/bin/python" -c 'import langchain_core.runnables'
    cat "${pins[@]}" >"$venv/requirements.txt"
fi
echo "$(cd "$venv" && pwd)/bin/python"
