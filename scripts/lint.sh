#!/usr/bin/env bash
# The layout of the code, and what must not stand in it.
set -euo pipefail
cd "$(dirname "$0")/.."
swift format lint --strict --parallel --recursive Package.swift Sources Tests Examples
status=0
refuse() { # pattern, why, files...
    local pattern=$1 why=$2
    shift 2
    if grep -nE "$pattern" -r "$@" --include='*.swift'; then
        echo "lint: $why" >&2
        status=1
    fi
}
# Time and chance come in as data; the system's clock, the event loops and the program's edge are the exceptions.
pure=(Sources/FlowJSON Sources/FlowExpressions Sources/FlowCore Sources/FlowEngine Sources/FlowStore Sources/FlowBackends Sources/FlowDistributed Sources/FlowServer)
refuse '\bDate\(\)|\bUUID\(\)|Double\.random|Int\.random' 'time and chance are injected' "${pure[@]}"
refuse 'Date\.now|Task\.sleep' 'clocks are injected' $(find "${pure[@]}" -name '*.swift' ! -name WallClock.swift)
refuse 'try!|fatalError\(|as! ' 'nothing that input can reach may trap' Sources
refuse 'import CMicroHTTPD' 'one target wraps the library' $(find Sources -maxdepth 1 -mindepth 1 -type d ! -name '*MicroHTTPD')
refuse 'import CNATS' 'one target wraps the library' $(find Sources -maxdepth 1 -mindepth 1 -type d ! -name '*NATS')
exit $status
