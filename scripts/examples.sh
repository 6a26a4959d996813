#!/usr/bin/env bash
# Builds and tests the packages under Examples, which see of this one what is public. They share its build: what it has built
# is not built again.
set -euo pipefail
cd "$(dirname "$0")/.."
for package in Examples/*/; do
    # The same versions of what both need.
    cp Package.resolved "$package"
    swift build --package-path "$package" --scratch-path .build --build-tests
    swift test --package-path "$package" --scratch-path .build --skip-build
done
