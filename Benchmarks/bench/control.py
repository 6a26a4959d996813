"""Planning, waiting runs, listeners and recovery. Each function is one table."""
import asyncio
import datetime
import json
import os
import signal
import statistics
import subprocess
import time
import urllib.request

import servers
import workflows
from load import Load, interleaved


def planning(report, rounds, seconds):
    """What a node costs the planner, in workflows of several forms."""
    seen = {}
    for _ in range(rounds):
        command = ["taskset", "-c", "0", os.environ["FLOWCORE_BINARY"], "measure", "--planning"]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        for name, nanoseconds in json.loads(output.splitlines()[-1]).items():
            seen.setdefault(name, []).append(nanoseconds)
    base = statistics.median(seen["chain_100"])
    rows = [[name, statistics.median(values), statistics.median(values) / base] for name, values in seen.items()]
    report.table("planning", "Planning, one processor", ["ns a node", ": chain of 100"], rows)
    for name, _, ratio in rows[1:]:
        report.bound(f"planning of {name}: a node's cost : chain of 100", ratio, 2, False)


def wrappers(report, rounds, seconds):
    """What a backend that wraps another one adds to a node that is computed inline."""
    figures = []
    for _ in range(rounds):
        command = ["taskset", "-c", "0", os.environ["FLOWCORE_BINARY"], "measure", "--wrappers"]
        figures.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    medians = {name: statistics.median(figure[name] for figure in figures) for name in figures[0]}
    report.table("wrappers", "Wrapped backends, ten inline nodes a run", ["µs a node"], [[name, value] for name, value in medians.items()])
    for name, value in medians.items():
        if name.endswith("_added_us"):
            report.bound(f"{name} for each node", value, 5, at_least=False)


def remote(report, rounds, seconds):
    """What a node on a remote backend costs over one in process, and how many of them there are in a second."""
    answer = {"name": "c", "version": "1", "node_types": ["passthrough"], "healthy": True, "valid": True, "errors": [],
              "success": True, "output": {"n": 1}, "error": None}
    flags = {"streaming": False, "parallel": True, "async": False, "distributed": False}
    with servers.flowcore() as ours, servers.flowcore() as far, \
            servers.c_server(json.dumps(answer).encode(), json.dumps(flags).encode()) as constant:
        for name, url in (("far", far.url + "/backends/native"), ("c", constant.url)):
            servers.request(ours.url + "/backends", {"name": name, "type": "remote", "config": {"url": url}})
        works = {"in process": "native", "another server's native": "far", "a constant, in C": "c"}

        def loads(kind, count, connections):
            return {work: Load(ours.url + "/workflows", connections, workflows.ours(kind, count, backend=backend), "Prefer: wait=60")
                    for work, backend in works.items()}

        one = interleaved(loads("sequence", 10, 1), rounds, seconds)
        many = interleaved(loads("fan", 100, 16), rounds, seconds)
    base = one["in process"]["p50_ms"]
    added = {work: (one[work]["p50_ms"] - base) / 10 for work in works}
    rows = [[work, added[work], many[work]["per_second"] * 102, many[work]["p99_ms"]] for work in works]
    report.table("remote", "Nodes on remote backends, durable: one after the other, and 16 × 100 at a time",
                 ["ms a node, added", "nodes/s", "p99 ms of 102"], rows)
    report.bound("a node on another server's native: ms over one in process", added["another server's native"], 1.5, False)
    report.bound("nodes/s on another server's native", rows[1][2], 3000, True)


def _post(connection, path, body):
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    data = response.read()
    if response.status not in (200, 202):
        raise SystemExit(f"{path}: {response.status} {data[:300]}")
    return json.loads(data)


def _connection(server):
    import http.client
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)


def _active(server):
    text = urllib.request.urlopen(server.url + "/metrics", timeout=30).read().decode()
    return next(float(line.split()[-1]) for line in text.splitlines() if line.startswith("flowcore_runs_active "))


def interrupts(report, rounds, seconds):
    """A thousand runs of which each has ten nodes that wait for an answer."""
    nodes = [{"node_id": f"ask{i}", "type": "approval", "depends_on": [], "config": {"prompt": f"question {i}"}} for i in range(10)]
    body = {"workflow": {"name": "ask", "nodes": nodes}, "input": {"n": 1}}
    with servers.flowcore() as server:
        idle = server.memory_mb()
        connection = _connection(server)
        for _ in range(1000):
            _post(connection, "/workflows", body)
        while True:
            connection.request("GET", "/workflows?status=interrupted&limit=1")
            listed = json.loads(connection.getresponse().read())
            if listed["workflows"] and _active(server) >= 1000:
                break
        more = server.memory_mb() - idle
    report.table("interrupts", "1,000 runs with ten interrupted nodes each", ["idle MB", "+ MB"], [["ours", idle, more]])
    report.bound("1,000 runs with 10 interrupted nodes: MB over idle", more, 60, False)


def listeners(report, rounds, seconds):
    """How long after its commit a listener sees that a node has completed."""
    rows = []
    for count in (1, 1000, 3000):
        with servers.flowcore() as server:
            lags = asyncio.run(_listen(server, count))
        rows.append([f"{count:,} listeners", statistics.median(lags), sorted(lags)[int(len(lags) * 0.99)], len(lags)])
    report.table("listeners", "Events of nodes, from their time to the client", ["p50 ms", "p99 ms", "events"], rows)
    report.bound("one listener: p50 in ms", rows[0][1], 5, False)


async def _listen(server, count):
    # The listeners share one run: what is measured is the way out, for many at the same time.
    nodes = [{"node_id": f"d{i}", "type": "delay", "config": {"duration": "100ms" if count > 1 else "20ms"}} for i in range(20)]
    first = {"node_id": "go", "type": "approval"}
    with_http = _connection(server)
    run = _post(with_http, "/workflows", {"workflow": {"name": "w", "nodes": [first] + nodes}})
    lags = []
    ready = asyncio.Semaphore(0)

    async def follow():
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(f"GET /workflows/{run['workflow_id']}/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n".encode())
        while True:
            line = await reader.readline()
            if not line or line.startswith(b"event: end"):
                break
            if line.startswith(b"event: workflow_interrupted"):
                ready.release()
            if line.startswith(b"data: ") and b'"node_completed"' in line and b'"node_id":"d' in line:
                now = time.time()
                event = json.loads(line[6:])
                then = datetime.datetime.fromisoformat(event["time"]).timestamp()
                lags.append((now - then) * 1e3)
        writer.close()

    followers = []
    for _ in range(count):
        followers.append(asyncio.create_task(follow()))
        if len(followers) % 100 == 0:
            await asyncio.sleep(0.05)
    for _ in range(count):
        await ready.acquire()
    await asyncio.to_thread(_post, with_http, f"/workflows/{run['workflow_id']}/nodes/go/resume", {"output": 1})
    await asyncio.gather(*followers)
    return lags


def recovery(report, rounds, seconds):
    """Taking up ten thousand runs at the start."""
    wait = {"node_id": "wait", "type": "delay", "config": {"duration": "10h"}}
    body = {"workflow": {"name": "wait", "nodes": [{"node_id": "a", "type": "passthrough"}, wait]}, "input": {"n": 1}}
    with servers.flowcore() as server:
        connection = _connection(server)
        for _ in range(10_000):
            _post(connection, "/workflows", body)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        begin = time.perf_counter()
        with servers.flowcore(folder=server.folder) as again:
            alive = again.start_ms
            while _active(again) < 10_000:
                pass
            taken = (time.perf_counter() - begin) * 1e3
            answered = time.perf_counter()
            urllib.request.urlopen(again.url + "/livez").read()
            health = (time.perf_counter() - answered) * 1e3
            memory = again.memory_mb()
    report.table("recovery", "10,000 unfinished runs at the start", ["health after ms", "all active after ms", "then health ms", "MB"],
                 [["ours", alive, taken, health, memory]])
    report.bound("10,000 unfinished runs: all active, in ms", taken, 5000, False)
    report.bound("10,000 unfinished runs: health, in ms", alive, 500, False)


TABLES = [planning, wrappers, remote, interrupts, listeners, recovery]
