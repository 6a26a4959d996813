#!/usr/bin/env bash
# Runs the tests of the HTTP layer and of the API under the address and the thread sanitizer.
#   SANITIZERS="address thread"
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/bootstrap.sh
for sanitizer in ${SANITIZERS:-address thread}; do
    echo "== $sanitizer"
    swift build --build-tests --sanitize "$sanitizer" --scratch-path ".build-$sanitizer"
    ASAN_OPTIONS=detect_leaks=1 LSAN_OPTIONS=suppressions=scripts/lsan.supp TSAN_OPTIONS="halt_on_error=1 suppressions=$PWD/scripts/tsan.supp" \
        swift test --skip-build --sanitize "$sanitizer" --scratch-path ".build-$sanitizer" \
        --filter 'MicroHTTPDTests|FlowServerTests|FlowEngineTests'
done
