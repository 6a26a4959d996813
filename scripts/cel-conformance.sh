#!/usr/bin/env bash
# Runs every conformance case of the expression language in a folder; fails below 97 % of those that are not skipped.
set -euo pipefail
[ -n "${1:-}" ] || {
    echo 'usage: make cel-conformance DIR=folder' >&2
    exit 2
}
directory=$(realpath "$1")
cd "$(dirname "$0")/.."
scripts/bootstrap.sh
swift build --product cel-conformance
"$(swift build --show-bin-path)/cel-conformance" "$directory"
