#!/usr/bin/env bash
# Builds the Dockerfile as it is and runs its container, without a registry: the base images are made here of Debian's
# packages and the Swift toolchain of this machine. Debian 12, as root.
#   STATE=dir   where everything is kept     KEEP=1   keep the images for the next run
# The cluster of docker/compose.cluster.yaml is started with it too.
# With the word langchain: the variant with Python and langchain-core, and a workflow on it.
set -euo pipefail
cd "$(dirname "$0")/.."
state=${STATE:-/tmp/flowcore-image-test}
image=localhost/flowcore-under-test
name=flowcore-under-test
key=admin:0123456789abcdef0123
variant=${1:-}
case $variant in
    '') memory=256m processes_limit=128 bound=100 target=() ;;
    langchain) memory=768m processes_limit=256 bound=160 target=(--target langchain) ;;
    *) echo "there is no variant $variant" >&2; exit 64 ;;
esac
began=$SECONDS
step() { printf '== %3ds %s\n' $((SECONDS - began)) "$*"; }
fail() { echo "image-test: $*" >&2; exit 1; }

step "tools"
need=()
for package in podman runc conmon netavark aardvark-dns iptables nftables golang-github-containers-common mmdebstrap curl jq; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || need+=("$package")
done
if ((${#need[@]})); then
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update >/dev/null
    apt-get -qq install -y --no-install-recommends "${need[@]}" >/dev/null
fi
rules_before=$(nft list ruleset 2>/dev/null | wc -l)

# A podman of our own: nothing under /etc or /var/lib/containers is touched.
mkdir -p "$state"/{conf,storage,run,tmp}
cat >"$state/conf/storage.conf" <<TEXT
[storage]
driver = "overlay"
graphroot = "$state/storage"
runroot = "$state/run"
TEXT
files=$(ulimit -Hn)
[ "$files" = unlimited ] && files=1048576
processes=$(ulimit -Hu)
limit=$(cat /proc/sys/kernel/pid_max)
{ [ "$processes" = unlimited ] || ((processes > limit)); } && processes=$limit
# The toolchain and the folder that git takes packages from, when there is one, are lent to the build.
swift_bin=$(dirname "$(readlink -f "$(command -v swiftc)")")
toolchain=$(cd "$swift_bin/../.." && pwd)
packages=$(git config --get-regexp 'url\..*\.insteadof' 2>/dev/null | sed -n 's/^url\.\(\/.*\)\/\.insteadof https:.*/\1/p' | head -n 1 || true)
printf '[safe]\n\tdirectory = *\n' >"$state/conf/gitconfig"
volumes="\"$state/conf/gitconfig:/etc/gitconfig:ro\", \"$toolchain:$toolchain:ro\""
# So are the authorities that this machine trusts: a proxy may stand between it and the package index.
authorities=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
printf '[global]\ncert = /etc/authorities.crt\n' >"$state/conf/pip.conf"
volumes+=", \"$authorities:/etc/authorities.crt:ro\", \"$state/conf/pip.conf:/etc/pip.conf:ro\""
if [ -n "$packages" ] && [ -d "$packages" ]; then
    volumes+=", \"$packages:$packages:ro\""
    printf '[url "%s/"]\n\tinsteadOf = https://github.com/\n' "$packages" >>"$state/conf/gitconfig"
fi
containers() {
    cat <<TEXT
[containers]
default_ulimits = ["nofile=$files:$files", "nproc=$processes:$processes"]
$1
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
image_copy_tmp_dir = "$state/tmp"
[network]
network_backend = "netavark"
TEXT
}
containers "" >"$state/conf/run.conf"
containers "volumes = [$volumes]" >"$state/conf/build.conf"
printf 'unqualified-search-registries = ["docker.io"]\nshort-name-mode = "permissive"\n' >"$state/conf/registries.conf"
export CONTAINERS_STORAGE_CONF=$state/conf/storage.conf CONTAINERS_REGISTRIES_CONF=$state/conf/registries.conf
export CONTAINERS_CONF=$state/conf/run.conf
build() { CONTAINERS_CONF=$state/conf/build.conf podman build --format docker --pull=never "$@"; }

cleanup() {
    code=$?
    set +e
    if [ "$(type -t cluster_down)" = function ]; then cluster_down; fi
    podman rm -f -v -t 1 $name >/dev/null 2>&1
    podman volume rm -f $name-data >/dev/null 2>&1
    podman rmi -f $image >/dev/null 2>&1
    if [ -z "${KEEP:-}" ]; then
        podman rmi -af >/dev/null 2>&1
        rm -rf "$state"
    fi
    if [ "$rules_before" = 0 ]; then
        for family in ip ip6; do for table in nat filter; do nft delete table $family $table; done; done 2>/dev/null
    fi
    step "done, exit $code"
    exit $code
}
trap cleanup EXIT

if ! podman image exists docker.io/library/debian:bookworm-slim; then
    step "base image of Debian's packages"
    source_of() { cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -oE "[a-z]+://[^ ]+/debian$1/?( |\$)" | head -n 1 | tr -d ' ' || true; }
    debian=$(source_of '')
    security=$(source_of -security)
    mmdebstrap --quiet --variant=minbase --mode=root --format=tar \
        --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr --include=usr-is-merged \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
        --aptopt='Dir::Cache::pkgcache ""' --aptopt='Dir::Cache::srcpkgcache ""' --aptopt='Acquire::Languages "none"' --aptopt='Acquire::Check-Valid-Until "false"' \
        bookworm "$state/tmp/slim.tar" "deb $debian bookworm main" "deb $debian bookworm-updates main" \
        "deb $security bookworm-security main" >"$state/tmp/slim.log" 2>&1 || { tail -20 "$state/tmp/slim.log"; fail mmdebstrap; }
    podman import -q -c 'CMD ["bash"]' "$state/tmp/slim.tar" docker.io/library/debian:bookworm-slim >/dev/null
    rm -f "$state/tmp/slim.tar"
fi
builder=$(sed -nE 's/^FROM +(swift:[^ ]+).*/\1/p' docker/Dockerfile)
if ! podman image exists "docker.io/library/$builder"; then
    step "$builder: Debian's packages around the toolchain of this machine"
    mkdir -p "$state/tmp/builder"
    cat >"$state/tmp/builder/Dockerfile" <<TEXT
FROM docker.io/library/debian:bookworm-slim
RUN export DEBIAN_FRONTEND=noninteractive && apt-get -qq update && apt-get -qq install -y --no-install-recommends \\
    binutils ca-certificates libcurl4-openssl-dev libedit-dev libsqlite3-dev libncurses-dev libpython3-dev \\
    libxml2-dev pkg-config tzdata git gcc libc6-dev libstdc++-12-dev zlib1g-dev && rm -rf /var/lib/apt/lists/*
RUN ln -sf $swift_bin/* /usr/bin/
ENV PATH=$swift_bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
TEXT
    build -t "docker.io/library/$builder" "$state/tmp/builder" >"$state/tmp/builder.log" 2>&1 ||
        { tail -30 "$state/tmp/builder.log"; fail "the builder's image"; }
fi

step "build"
build -t $image "${target[@]}" -f docker/Dockerfile . >"$state/tmp/build.log" 2>&1 || { tail -60 "$state/tmp/build.log"; fail "podman build"; }
size=$(podman image inspect $image | jq '.[0].Size / 1e6 | floor')
layers=$(podman image inspect docker.io/library/debian:bookworm-slim | jq '.[0].Size / 1e6 | floor')
packed=$(podman save $image | gzip -6 | wc -c)
echo "image: $size MB, of which Debian $layers MB; compressed $((packed / 1000000)) MB; user $(podman image inspect -f '{{.Config.User}}' $image)"
((packed < bound * 1000000)) || fail "the image is larger than $bound MB as it is pulled"

step "refuses to serve the network without keys"
if podman run --rm --read-only $image >"$state/tmp/refusal" 2>&1; then fail "it served without keys"; fi
grep -q 'refusing to serve' "$state/tmp/refusal" || { cat "$state/tmp/refusal"; fail "no reason was given"; }

step "run with a read-only root and no capabilities"
start() {
    podman run -d --name $name -p 127.0.0.1:18080:8080 --read-only --tmpfs /tmp --cap-drop=ALL \
        --security-opt no-new-privileges --memory $memory --pids-limit $processes_limit -v $name-data:/data \
        -e FLOWCORE_AUTH_API_KEYS=$key -e FLOWCORE_OUTBOUND_ALLOW_PRIVATE=true $image >/dev/null 2>"$state/tmp/run.log" ||
        { cat "$state/tmp/run.log"; fail "podman run"; }
    for _ in $(seq 200); do
        curl -fsS -m 2 -o /dev/null http://127.0.0.1:18080/livez 2>/dev/null && return
        sleep 0.05
    done
    podman logs $name 2>&1 | tail -20
    fail "it does not answer"
}
stop() {
    podman stop -t 15 $name >/dev/null 2>&1
    code=$(podman inspect -f '{{.State.ExitCode}}' $name)
    [ "$code" = 0 ] || { podman logs $name 2>&1 | tail; fail "exit code $code at SIGTERM"; }
    podman rm $name >/dev/null 2>&1
}
start
pid=$(podman inspect -f '{{.State.Pid}}' $name)
[ "$(awk '/^Uid:/{print $2}' "/proc/$pid/status")" != 0 ] || fail "it runs as root"
[ "$((16#$(awk '/^CapEff:/{print $2}' "/proc/$pid/status")))" = 0 ] || fail "it has capabilities"
podman healthcheck run $name >/dev/null 2>&1 || fail "HEALTHCHECK"
call() { curl -fsS -H "Authorization: Bearer ${key#admin:}" "$@"; }
[ "$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:18080/workflows)" = 401 ] || fail "it answers without a key"
id=$(call -X POST http://127.0.0.1:18080/workflows -H 'Content-Type: application/json' -H 'Prefer: wait=10' \
    -d '{"workflow":{"name":"in-a-container","nodes":[
        {"node_id":"alive","type":"http","config":{"url":"http://127.0.0.1:8080/livez"}},
        {"node_id":"pause","type":"delay","config":{"duration":"20ms"}}]}}' | jq -re 'select(.status == "completed") | .workflow_id') ||
    fail "the workflow did not complete"

chain() {
    call -X POST http://127.0.0.1:18080/workflows -H 'Content-Type: application/json' -H 'Prefer: wait=60' \
        -d '{"backend":"lc","input":{"name":"Ada"},"workflow":{"name":"chain","nodes":[
            {"node_id":"prompt","type":"runnable","config":{
                "factory":"langchain_core.prompts:ChatPromptTemplate.from_template","args":["Say hello to {name}"]}},
            {"node_id":"model","type":"runnable","config":{
                "factory":"langchain_core.language_models.fake_chat_models:FakeListChatModel","kwargs":{"responses":["Hello!"]}}},
            {"node_id":"text","type":"runnable","config":{"factory":"langchain_core.output_parsers:StrOutputParser"}}]}}' |
        jq -e '.status == "completed" and .output == "Hello!"' >/dev/null || fail "the chain did not complete"
}
if [ "$variant" = langchain ]; then
    step "a chain of LangChain"
    call -o /dev/null -X POST http://127.0.0.1:18080/backends -H 'Content-Type: application/json' \
        -d '{"name":"lc","type":"langchain","config":{"allow":["langchain_core.*"]}}' || fail "the registration"
    for _ in $(seq 300); do
        call -o /dev/null http://127.0.0.1:18080/backends/lc/health 2>/dev/null && break
        sleep 0.1
    done
    call http://127.0.0.1:18080/backends/lc/health | jq -c '{healthy, details}' || fail "the backend is not healthy"
    chain
fi

step "stop with SIGTERM, start again, find the run"
stop
start
[ "$(call "http://127.0.0.1:18080/workflows/$id" | jq -r .status)" = completed ] || fail "the run is lost"
[ "$variant" != langchain ] || chain
stop
[ -n "$variant" ] || . scripts/compose/cluster-test.sh
step "passed"
