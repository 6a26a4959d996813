#!/usr/bin/env bash
# Runs the tests of the HTTP layer, of the API and of the engine under the address and the thread sanitizer.
#   SANITIZERS="address thread"
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/bootstrap.sh nodejs openssl python3
clang="$(dirname "$(readlink -f "$(command -v swift)")")/clang"
for sanitizer in ${SANITIZERS:-address thread}; do
    echo "== $sanitizer"
    scratch=".build-$sanitizer"
    swift build --build-tests --sanitize "$sanitizer" --scratch-path "$scratch"
    export ASAN_OPTIONS=detect_leaks=1 LSAN_OPTIONS=suppressions=$PWD/scripts/sanitizers/lsan.supp TSAN_OPTIONS=halt_on_error=1
    preload=()
    order=()
    if [ "$sanitizer" = thread ]; then
        # It slows tests so much that those of one processor, run beside each other, come up against their time limits.
        order=(--no-parallel)
        "$clang" -Wall -Werror -O1 -fPIC -shared -o "$scratch/mutex.so" scripts/sanitizers/mutex.c
        preload=(env "LD_PRELOAD=$PWD/$scratch/mutex.so")
    fi
    "${preload[@]}" swift test --skip-build "${order[@]}" --sanitize "$sanitizer" --scratch-path "$scratch" \
        --filter "${FILTER:-MicroHTTPDTests|FlowServerTests|FlowEngineTests}"
done
