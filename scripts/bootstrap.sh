#!/usr/bin/env bash
# Installs what the build needs and is missing. Debian 12; Swift itself has to be there.
set -euo pipefail
command -v swift >/dev/null || { echo "Swift 6.2 or newer is needed: https://www.swift.org/install" >&2; exit 1; }
need=()
for package in libmicrohttpd-dev libnats-dev libsqlite3-dev libjemalloc-dev zlib1g-dev pkg-config curl ca-certificates tzdata "$@"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || need+=("$package")
done
((${#need[@]})) || exit 0
echo "installing ${need[*]}" >&2
sudo=()
[ "$(id -u)" = 0 ] || sudo=(sudo)
export DEBIAN_FRONTEND=noninteractive
"${sudo[@]}" apt-get -qq update >/dev/null
"${sudo[@]}" apt-get -qq install -y --no-install-recommends "${need[@]}" >/dev/null
