# The cluster of docker/compose.cluster.yaml, of the image that was built, as its compose file has it. Part of image-test.sh.
# shellcheck shell=bash disable=SC2154

compose=.build/venv-compose
if ! cmp -s scripts/compose/requirements.txt $compose/requirements.txt; then
    python3 -m venv $compose
    $compose/bin/pip install -q --disable-pip-version-check --no-deps -r scripts/compose/requirements.txt
    cp scripts/compose/requirements.txt $compose/
fi
if ! podman image exists docker.io/library/nats:2.15.1-alpine; then
    step "a stand-in for the broker's image: the pinned broker on Debian"
    mkdir -p "$state/tmp/broker"
    cp "$(scripts/nats.sh)" "$state/tmp/broker/"
    printf 'FROM docker.io/library/debian:bookworm-slim\nCOPY nats-server /usr/local/bin/\nENTRYPOINT ["nats-server"]\n' \
        >"$state/tmp/broker/Dockerfile"
    build -t docker.io/library/nats:2.15.1-alpine "$state/tmp/broker" >"$state/tmp/broker.log" 2>&1 ||
        { tail "$state/tmp/broker.log"; fail "the broker's image"; }
fi
podman tag $image localhost/flowcore:latest

step "the cluster of compose.cluster.yaml"
export FLOWCORE_PORT=18081
cluster() { $compose/bin/podman-compose -p flowcore-cluster-test -f docker/compose.cluster.yaml "$@" >>"$state/tmp/compose.log" 2>&1; }
cluster_down() {
    cluster down -v -t 20
    podman rmi -f localhost/flowcore:latest >/dev/null 2>&1
}
cluster up -d --no-build || { tail -30 "$state/tmp/compose.log"; fail "compose up"; }
at=http://127.0.0.1:$FLOWCORE_PORT
# Waits until what jq finds in an answer is so.
until_so() { # path, expression
    for _ in $(seq 600); do
        curl -fsS -m 5 "$at$1" 2>/dev/null | jq -e "$2" >/dev/null 2>&1 && return
        sleep 0.1
    done
    podman ps -a --format '{{.Names}} {{.Status}}'
    podman logs flowcore-cluster-test_server_1 2>&1 | tail -20
    fail "$1 is not as it has to be: $2"
}
spread() {
    curl -fsS -X POST "$at/workflows" -H 'Content-Type: application/json' -d "$(jq -n \
        '{backend: "cluster", workflow: {name: "spread", nodes: [range(200) | {node_id: "n\(.)", type: "delay", depends_on: [], config: {duration: "100ms"}}]}}')" |
        jq -re .workflow_id || fail "the workflow was not accepted"
}
until_so /backends/cluster/workers '[.workers[] | select(.status == "live")] | length == 3'
run=$(spread)
until_so "/workflows/$run" '.status == "completed"'
[ "$(curl -fsS "$at/workflows/$run/receipts" | jq '[.. | .worker? // empty] | unique | length')" -gt 1 ] ||
    fail "one worker did everything"
step "one of its brokers and one of its workers are killed"
run=$(spread)
podman kill flowcore-cluster-test_nats-1_1 flowcore-cluster-test_worker-2_1 >/dev/null
until_so "/workflows/$run" '.status == "completed"'
cluster_down || { tail -30 "$state/tmp/compose.log"; fail "compose down"; }
