#!/usr/bin/env bash
# Every test: Swift's own, the documentation's links, the packages under Examples, then the API's description against the
# live server.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/bootstrap.sh nodejs openssl python3 python3-venv
# What backends of type langchain run on.
LANGCHAIN_PYTHON=$(scripts/langchain.sh)
export LANGCHAIN_PYTHON
# The broker of the backends of type distributed.
NATS_SERVER=$(scripts/nats.sh)
export NATS_SERVER
scripts/types.sh
# A target may import what it declares and nothing else: that is what keeps the direction of dependencies.
swift build --build-tests --explicit-target-dependency-import-check error
# The server of the tests is the product as users run it: optimised code is other code.
swift build -c release --product flowcore --static-swift-stdlib
FLOWCORE_BINARY=$(swift build -c release --static-swift-stdlib --show-bin-path)/flowcore
export FLOWCORE_BINARY
# The engine under faults, in more seeds than its own tests have.
swift build -c release --product flowcore-simulate --static-swift-stdlib
"$(swift build -c release --static-swift-stdlib --show-bin-path)/flowcore-simulate" --seeds "${SEEDS:-20000}"
results=$(mktemp)
trap 'rm -f "$results"' EXIT
# These start processes of their own or take the processors for themselves: one test after the other.
alone='EndToEndTests|CrashTests|FlowSimulationTests|LangChainTests|DistributedTests'
# Of the others a few at a time: on a slow machine each of hundreds would get so little of it that time limits pass.
SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=6 swift test --skip-build --skip "$alone" "$@" | tee -a "$results"
swift test --skip-build --no-parallel --filter "$alone" "$@" | tee -a "$results"
scripts/docs/docc.sh
scripts/examples.sh
scripts/openapi/test.sh
# How many tests of the product ran, where a reader of the end finds it.
grep -E 'Test run with|Executed [1-9]' "$results"
