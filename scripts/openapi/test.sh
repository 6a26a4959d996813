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
server=
stop() {
    [ -z "$server" ] && return
    kill -TERM "$server" 2>/dev/null || true
    wait "$server" || { echo "the server ended with $?" >&2; return 1; }
    server=
}
# The server's log, megabytes of refusals, is worth reading only when something failed.
finish() {
    local status=$?
    stop || status=1
    [ $status = 0 ] || tail -n 200 "$data/log" >&2 || true
    rm -rf "$data"
    exit $status
}
trap finish EXIT

# Every check that the tool has, with examples, with boundaries, at random, and along links between answers.
#   name of the round, the description, the key to come with
round() {
    echo "== $1"
    mkfifo "$data/$1"
    # Of made-up interpreters come backends that answer 503, rightly, and no check here could tell from other 503s.
    FLOWCORE_BACKENDS_ALLOW_PYTHON=false FLOWCORE_SERVER_ACCESS_LOG=off FLOWCORE_AUTH_API_KEYS=${3:+admin:$3} \
        "$binary" serve --port 0 --data "$data/db-$1" >"$data/$1" 2>>"$data/log" &
    server=$!
    read -r line <"$data/$1"
    local url=${line#listening on }
    $venv/bin/schemathesis --config-file scripts/openapi/schemathesis.toml run "$2" --url "$url" \
        ${3:+--header "Authorization: Bearer $3"} \
        --checks all --max-examples "${EXAMPLES:-50}" --seed "${SEED:-1}" --no-color
    curl -fsS "$url/livez" >/dev/null
    stop
}
round open openapi.yaml
# With keys the description says that one is needed: that nothing opens without it is checked as well.
sed '/^  - {}$/d' openapi.yaml >"$data/openapi.yaml"
round keyed "$data/openapi.yaml" 0123456789abcdef0123
