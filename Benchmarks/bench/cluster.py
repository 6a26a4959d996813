"""What nodes cost that run on workers of a broker. Each function is one table."""
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

import servers
import workflows
from load import Load

WORKERS = 8


class Broker:
    """The pinned broker on a store of its own, whose system account the server may read."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="flowcore-bench-nats-"))
        port = servers.free_port()
        self.url = f"nats://127.0.0.1:{port}"
        config = self.folder / "nats.conf"
        config.write_text(
            f'listen: 127.0.0.1:{port}\njetstream {{ store_dir: "{self.folder}/js" }}\nno_auth_user: flow\n'
            "accounts { FLOW: { jetstream: enabled, users: [{user: flow, password: flow}] },"
            " SYS: { users: [{user: sys, password: system-password}] } }\nsystem_account: SYS\n")
        self.process = subprocess.Popen([os.environ["NATS_SERVER"], "-c", config, "-l", self.folder / "log"])

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Program:
    """Ours with other words, ready once it has printed a line."""

    def __init__(self, *words):
        self.process = subprocess.Popen([os.environ["FLOWCORE_BINARY"], *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.process.stdout.readline()

    def stop(self, kill=False):
        self.process.kill() if kill else self.process.terminate()
        self.process.wait()


def _wait(server, count):
    while sum(worker["status"] == "live" for worker in servers.request(server.url + "/backends/cluster/workers")["workers"]) != count:
        time.sleep(0.05)


def _load(server, name, nodes, connections, seconds, backend="cluster"):
    body = {"workflow": {"name": name, "nodes": nodes}, "backend": backend}
    path = workflows._file(f"distributed-{name}", body)
    found = Load(server.url + "/workflows", connections, path, "Prefer: wait=60, return=minimal").run(seconds)
    return found["per_second"] * len(nodes), found["p50_ms"]


def _noops(count):
    return [{"node_id": f"n{i}", "type": "passthrough", "depends_on": []} for i in range(count)]


def _bare(broker, seconds):
    """Nodes a second of a bare publisher and two bare workers."""
    workers = [Program("measure", "--broker", broker.url, "--answers") for _ in range(2)]
    words = [os.environ["FLOWCORE_BINARY"], "measure", "--broker", broker.url, "--seconds", str(seconds)]
    found = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    for worker in workers:
        worker.stop(kill=True)
    return found["per_second"]


def _handed_over(server, broker):
    """From the kill of a worker until its node is with another one, in milliseconds."""
    first = Program("worker", "--nats", broker.url, "--id", "dying", "--concurrency", 1)
    _wait(server, 1)
    body = {"workflow": {"name": "held", "nodes": [{"node_id": "a", "type": "delay", "config": {"duration": "60s"}}]}, "backend": "cluster"}
    run = servers.request(server.url + "/workflows", body)["workflow_id"]

    def holder():
        for worker in servers.request(server.url + "/backends/cluster/workers")["workers"]:
            if worker["status"] == "live" and any(one["run"] == run for one in worker["running"]):
                return worker["worker"]

    while holder() != "dying":
        time.sleep(0.02)
    # Its log tells when it gets the node: registrations come once a second.
    second = subprocess.Popen(
        [os.environ["FLOWCORE_BINARY"], "worker", "--nats", broker.url, "--id", "heir", "--log-level", "debug"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    _wait(server, 2)
    begin = time.perf_counter()
    first.stop(kill=True)
    for line in second.stderr:
        if "node begun" in line and run in line:
            break
    taken = (time.perf_counter() - begin) * 1e3
    servers.request(server.url + f"/workflows/{run}/cancel", {})
    second.kill()
    second.wait()
    return taken


def distributed(report, rounds, seconds):
    """No-op nodes on two workers against a bare publisher and workers, growth with workers, and a lost worker's node."""
    broker = Broker()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="flowcore-bench-"))
    (folder / "secrets").mkdir()
    (folder / "secrets/sys").write_text("system-password")
    environment = {"FLOWCORE_RUNS_MAX_PARALLEL": "512", "FLOWCORE_SECRETS_DIRECTORY": str(folder / "secrets")}
    try:
        with servers.flowcore(folder, environment) as ours:
            system = {"credentials": {"user": "sys", "password": {"secret": "sys"}}}
            servers.request(ours.url + "/backends", {
                "name": "cluster", "type": "distributed", "config": {"servers": [broker.url], "system": system, "heartbeat": "1h"}})
            seen = {"bare": [], "ours": [], "alone": [], "inside": []}
            for _ in range(rounds):
                pair = [Program("worker", "--nats", broker.url, "--id", f"w{i}", "--concurrency", 256) for i in range(2)]
                _wait(ours, 2)
                _load(ours, "warm", _noops(200), 1, 1)
                # Runs that are short against the time: one that has not ended by then does not count.
                seen["ours"].append(_load(ours, "fan", _noops(250), 4, seconds)[0])
                seen["alone"].append(_load(ours, "one", _noops(1), 1, seconds)[1])
                # One commit less, and no broker: what a durable run costs on this disk by itself.
                seen["inside"].append(_load(ours, "inside", _noops(1), 1, seconds, "native")[1])
                for worker in pair:
                    worker.stop()
                _wait(ours, 0)
                seen["bare"].append(_bare(broker, seconds))
            slow = [{"node_id": f"n{i}", "type": "delay", "depends_on": [], "config": {"duration": "20ms"}} for i in range(20)]
            growth = {}
            for count in (1, 2, 4, WORKERS):
                started = [Program("worker", "--nats", broker.url, "--id", f"g{i}", "--concurrency", 4) for i in range(count)]
                _wait(ours, count)
                # As much for each worker, so that the runs which have not ended by then weigh the same.
                _load(ours, "slow", slow, 2 * count, 1)
                growth[count] = _load(ours, "slow", slow, 2 * count, max(seconds, 4))[0]
                for worker in started:
                    worker.stop()
                _wait(ours, 0)
            handed = [_handed_over(ours, broker) for _ in range(rounds)]
    finally:
        broker.stop()
    ours_, bare, alone, inside = (statistics.median(seen[name]) for name in ("ours", "bare", "alone", "inside"))
    report.table("distributed", "Nodes on workers: no-ops on two, one at a time", ["nodes/s", ": bare", "round trip ms"],
                 [["bare publisher and workers", bare, 1.0, None], ["ours", ours_, ours_ / bare, alone],
                  ["a durable run in process", None, None, inside]])
    report.table("distributed_growth", "Nodes of 20 ms on workers of four slots", ["nodes/s", ": one worker"],
                 [[f"{count} workers", rate, rate / growth[1]] for count, rate in growth.items()])
    report.bound("no-op nodes/s on two workers", ours_, 7000, True)
    report.bound("no-op nodes/s : a bare publisher and two workers", ours_ / bare, 0.7, True)
    report.bound("one run of one node at a time: ms", alone, 2, False)
    report.bound(f"{WORKERS} workers : {WORKERS} times one worker, nodes of 20 ms", growth[WORKERS] / growth[1] / WORKERS, 0.9, True)
    report.bound("a killed worker's node is with another one after ms", statistics.median(handed), 50, False)


TABLES = [distributed]
