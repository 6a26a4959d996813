#!/usr/bin/env bash
# Measures the server against others, interleaved in one run, and prints tables of ratios and lines of JSON.
#   ONLY=a,b             only these tables (make bench ONLY=list names them)
#   SECONDS_PER_CELL=2   how long each cell is loaded in each round
#   ROUNDS=3             how often each cell is measured; the median counts
#   OUT=results          where the lines of JSON go
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/bootstrap.sh wrk gcc libc6-dev python3-venv
swift build -c release --product flowcore --static-swift-stdlib
FLOWCORE_BINARY=$(swift build -c release --static-swift-stdlib --show-bin-path)/flowcore
export FLOWCORE_BINARY
work=.build/bench
mkdir -p $work
venv() { # name, a file that it brings
    [ -e "$work/$1/$2" ] || {
        python3 -m venv "$work/$1"
        "$work/$1/bin/pip" install -q --disable-pip-version-check -r "Benchmarks/peers/$1.txt"
    }
}
venv nadoo bin/uvicorn
venv stepflow bin/python
LANGCHAIN_PYTHON=$(scripts/langchain.sh)
export LANGCHAIN_PYTHON
NATS_SERVER=$(scripts/nats.sh)
export NATS_SERVER
gcc -O2 -o $work/c-server Benchmarks/peers/c-server.c -lmicrohttpd
exec python3 Benchmarks/bench "$@"
