#!/usr/bin/env bash
# Builds the container image flowcore:latest.
set -euo pipefail
cd "$(dirname "$0")/.."
for tool in docker podman; do
    if command -v $tool >/dev/null && $tool info >/dev/null 2>&1; then
        exec $tool build -t flowcore:latest -f docker/Dockerfile .
    fi
done
echo "neither docker nor podman runs here; make image-test brings its own" >&2
exit 1
