#!/usr/bin/env bash
# Checks the types of what is written in Python.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$PWD/.build/venv-types
pins=scripts/langchain/types.txt
python=$(scripts/langchain.sh)
if ! cmp -s $pins "$venv/requirements.txt"; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install -q --disable-pip-version-check --no-deps --require-hashes -r $pins
    cp $pins "$venv/requirements.txt"
fi
check() { # where, with which settings, what
    (cd "$1" && "$venv/bin/mypy" --config-file "$2" --python-executable "$python" --cache-dir "$venv/cache" "${@:3}")
}
check python/flowcore_client pyproject.toml flowcore_client.py
check python mypy.ini -p flowcore_langchain
