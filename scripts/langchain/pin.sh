#!/usr/bin/env bash
# Writes the pins anew, with the hashes of every file that the index has of each version: of what is named here, and of
# all that it needs. Versions change only where these lines do, or where UPGRADE=1 says so.
set -euo pipefail
cd "$(dirname "$0")/../.."
base=("langchain-core==1.8.3")
extras=("langchain-openai==1.7.4" "numpy==2.4.6")
types=("mypy==2.4.1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check "uv==0.13.9"
pin() { # the file, its first line, a file of constraints, what is named
    local file=$1 about=$2 bounds=$3
    shift 3
    # What is there already is kept, unless it is to be renewed.
    [ -n "${UPGRADE:-}" ] || cp "$file" "$work/pins" 2>/dev/null || true
    printf '%s\n' "$@" >"$work/in"
    "$work/venv/bin/uv" pip compile -q --generate-hashes --no-annotate --no-header --python-version 3.11 --universal \
        -c "$bounds" "$work/in" -o "$work/pins"
    python3 - "$work/pins" "$bounds" "$about" >"$work/out" <<'PY'
import re
import sys

path, bounds, about = sys.argv[1:]
parts = re.split(r"^(?=\w)", open(path).read(), flags=re.MULTILINE)
known = re.findall(r"^[\w.-]+(?===)", open(bounds).read(), flags=re.MULTILINE)
print(f"# {about} Written by scripts/langchain/pin.sh.")
for part in parts:
    # Nothing of this runs in a browser.
    if (name := re.match(r"[\w.-]+(?===)", part)) and name[0] not in known and "== 'emscripten'" not in part:
        print(re.sub(r" ; (sys_platform != 'emscripten'|platform_python_implementation != 'PyPy') \\", r" \\", part), end="")
PY
    mv "$work/out" "$file"
    rm -f "$work/pins"
}
: >"$work/none"
pin scripts/langchain/requirements.txt "langchain-core and all that it needs, as scripts/langchain.sh installs them." "$work/none" "${base[@]}"
pin scripts/langchain/extras.txt "What the tests run besides: a model class, and vectors." scripts/langchain/requirements.txt "${extras[@]}"
pin scripts/langchain/types.txt "What checks the types of python/." "$work/none" "${types[@]}"
