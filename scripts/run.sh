#!/usr/bin/env bash
# Builds the server, starts it, submits the first example, shows the finished run, and keeps serving.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/bootstrap.sh
swift build -c release --product flowcore --static-swift-stdlib
binary=$(swift build -c release --static-swift-stdlib --show-bin-path)/flowcore
port=${PORT:-8080}
fifo=$(mktemp -u)
mkfifo "$fifo"
"$binary" serve --port "$port" --data "${DATA:-./data}" >"$fifo" &
server=$!
trap 'kill -TERM $server 2>/dev/null; wait $server 2>/dev/null' EXIT
read -r line <"$fifo" || { echo "the server did not start" >&2; exit 1; }
rm -f "$fifo"
url=${line#listening on }
echo "$line"
echo
echo "Submitting config/workflows/01-check-the-server.json and waiting for its end:"
sed "s|http://127.0.0.1:8080|$url|g" config/workflows/01-check-the-server.json |
    curl -sS --fail-with-body -X POST "$url/workflows" \
        -H 'Content-Type: application/json' -H 'Prefer: wait=10' --data-binary @-
cat <<TEXT


Go on with:
  curl -s $url/workflows
  curl -s $url/node-types
  curl -s -X POST $url/workflows -H 'Content-Type: application/json' -H 'Prefer: wait=10' \\
    -d '{"workflow":{"name":"hello","nodes":[{"node_id":"a","type":"set","config":{"value":{"n":1}}}]}}'
  open $url/docs

Serving until Ctrl-C.
TEXT
trap 'kill -TERM $server 2>/dev/null' INT TERM
wait $server
trap - EXIT
