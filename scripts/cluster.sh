#!/usr/bin/env bash
# Starts three brokers that keep everything three times and write it through, a server and three workers on loopback, runs
# a workflow on them, and goes on until it is interrupted. With a command behind it, it runs that in place of waiting.
#   FLOWCORE=path   the program, built when it is not given      STATE=dir   where all is kept      PORT=8080
set -euo pipefail
cd "$(dirname "$0")/.."
nats=$(scripts/nats.sh)
if [ -z "${FLOWCORE:-}" ]; then
    scripts/bootstrap.sh
    swift build -c release --product flowcore --static-swift-stdlib
    FLOWCORE=$(swift build -c release --static-swift-stdlib --show-bin-path)/flowcore
fi
state=${STATE:-$(mktemp -d)}
port=${PORT:-8080}
mkdir -p "$state"
pids=()
stop() {
    trap - EXIT
    # Workers and the server first, while there are brokers.
    for pid in "${pids[@]:3}" "${pids[@]:0:3}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
}
trap stop EXIT
trap 'exit 130' INT TERM
client=(14221 14222 14223)
route=(16221 16222 16223)
routes=$(printf ', nats://127.0.0.1:%s' "${route[@]}")
servers=$(printf ', "nats://127.0.0.1:%s"' "${client[@]}")
for index in 0 1 2; do
    cat >"$state/nats-$index.conf" <<TEXT
listen: 127.0.0.1:${client[$index]}
server_name: nats-$index
jetstream { store_dir: "$state/nats-$index", sync_interval: always }
cluster { name: flowcore, listen: 127.0.0.1:${route[$index]}, routes: [${routes#, }] }
TEXT
    "$nats" -c "$state/nats-$index.conf" -l "$state/nats-$index.log" &
    pids+=($!)
done
"$FLOWCORE" serve --port "$port" --data "$state/data" >"$state/server.log" 2>&1 &
pids+=($!)
for index in 1 2 3; do
    "$FLOWCORE" worker --nats "nats://127.0.0.1:${client[0]}" --nats "nats://127.0.0.1:${client[1]}" \
        --nats "nats://127.0.0.1:${client[2]}" --id "worker-$index" --allow-private >"$state/worker-$index.log" 2>&1 &
    pids+=($!)
done
base=http://127.0.0.1:$port
for ((turn = 0; ; turn++)); do
    curl -s -o /dev/null "$base/livez" && break
    ((turn < 100)) || { echo "the server did not start; see $state" >&2; exit 1; }
    sleep 0.2
done
curl -s -o /dev/null -X PUT "$base/backends/cluster" -H 'Content-Type: application/json' \
    -d "{\"type\":\"distributed\",\"config\":{\"servers\":[${servers#, }],\"stream_replicas\":3}}"
for ((turn = 0; ; turn++)); do
    workers=$(curl -s "$base/backends/cluster/workers" | grep -o '"status":"live"' | wc -l || true)
    if [ "$(curl -s -o /dev/null -w '%{http_code}' "$base/backends/cluster/health")" = 200 ] && [ "$workers" = 3 ]; then break; fi
    ((turn < 300)) || { echo "the cluster did not start; see $state" >&2; exit 1; }
    sleep 0.2
done
nodes=$(for index in $(seq 9); do printf ',{"node_id":"n%s","type":"set","depends_on":[],"config":{"value":%s}}' "$index" "$index"; done)
answer=$(curl -s -X POST "$base/workflows" -H 'Prefer: wait=30' -H 'Content-Type: application/json' \
    -d "{\"backend\":\"cluster\",\"workflow\":{\"name\":\"cluster\",\"nodes\":[${nodes#,}]}}")
grep -q '"status":"completed"' <<<"$answer" || { echo "$answer" >&2; exit 1; }
echo "nine nodes were executed by $(grep -oE '"worker":"[^"]*"' <<<"$answer" | sort | uniq -c | sed 's/ *\([0-9]*\) "worker":"\(.*\)"/\2 (\1)/' | paste -sd ' ')"
if (($#)); then
    FLOWCORE_URL=$base CLUSTER_PIDS="${pids[*]}" "$@"
else
    echo "serving on $base; brokers on ${client[*]}; everything is in $state; interrupt to stop"
    wait
fi
