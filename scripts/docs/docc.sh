#!/usr/bin/env bash
# Builds the documentation of the libraries from what `swift build` has made, into the folder that is named, or only checks
# that every link on its pages leads to something.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
target=$(swift -print-target-info | sed -n 's/.*"unversionedTriple": *"\([^"]*\)".*/\1/p')
build=$(swift build --show-bin-path)
# Modules of C that those of Swift are made with.
maps=()
while read -r map; do maps+=(-Xcc "-fmodule-map-file=$map"); done < <(
    find .build/checkouts -path '*/Sources/*' -name module.modulemap
    find "$build" -maxdepth 2 -name module.modulemap
    find Sources -name module.modulemap
)
for module in FlowCore FlowHosting; do
    mkdir -p "$work/$module"
    swift symbolgraph-extract -module-name $module -I "$build/Modules" "${maps[@]}" -target "$target" \
        -minimum-access-level public -output-dir "$work/$module"
    docc convert Sources/$module/Documentation.docc --additional-symbol-graph-dir "$work/$module" --fallback-display-name $module \
        --fallback-bundle-identifier "flowcore.$module" --output-path "${1:-$work}/$module.doccarchive" >"$work/log" 2>&1 ||
        { cat "$work/log"; exit 1; }
    # Of what the tool remarks on the code itself nothing is a broken link of a page.
    if grep -A1 -E '^(warning|error)' "$work/log" | grep -E -B1 -- '--> .*\.md'; then
        echo "docc: the pages of $module have faults" >&2
        exit 1
    fi
done
