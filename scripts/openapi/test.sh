#!/usr/bin/env bash
# Holds openapi.yaml against a validator and against the running server.
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/bootstrap.sh python3-venv
binary=${FLOWCORE_BINARY:-$(swift build --show-bin-path)/flowcore}
venv=.build/venv-openapi
[ -x $venv/bin/schemathesis ] || {
    python3 -m venv $venv
    $venv/bin/pip install -q --disable-pip-version-check -r scripts/openapi/requirements.txt
}
$venv/bin/python -m openapi_spec_validator openapi.yaml
$venv/bin/python scripts/openapi/docs.py --check
data=$(mktemp -d)
fifo=$data/out
mkfifo "$fifo"
FLOWCORE_SERVER_ACCESS_LOG=off "$binary" serve --port 0 --data "$data/db" >"$fifo" &
server=$!
trap 'kill -TERM $server 2>/dev/null; wait $server 2>/dev/null; rm -rf "$data"' EXIT
read -r line <"$fifo"
url=${line#listening on }
# Every check that the tool has, with examples, with boundaries, at random, and along links between answers.
$venv/bin/schemathesis --config-file scripts/openapi/schemathesis.toml run openapi.yaml --url "$url" \
    --checks all --max-examples "${EXAMPLES:-50}" --seed "${SEED:-1}" --no-color
curl -fsS "$url/livez" >/dev/null
