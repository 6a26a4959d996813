"""What is measured. Each function is one table."""
import json
import statistics
import subprocess
import sys
import time
import urllib.request

import servers
import workflows
from load import Load, interleaved

WAIT = "Prefer: wait=60"


def reads(report, rounds, seconds):
    """GET capabilities and GET run status against libmicrohttpd in C, with answers of the same length."""
    with servers.flowcore() as ours:
        run = servers.request(ours.url + "/workflows", json.loads(workflows.ours("sequence", 3).read_text()), [("Prefer", "wait=60")])
        paths = {
            "GET capabilities": "/backends/native/capabilities",
            "GET run status": f"/workflows/{run['workflow_id']}",
            "GET node status (in a task)": f"/workflows/{run['workflow_id']}/nodes/n0",
        }
        rows = []
        for work, path in paths.items():
            body = urllib.request.urlopen(ours.url + path).read()
            with servers.c_server(body) as ceiling:
                loads = {"ours": Load(ours.url + path, 64), "C": Load(ceiling.url + path, 64)}
                seen = interleaved(loads, rounds, seconds)
            ratio = seen["ours"]["per_second"] / seen["C"]["per_second"]
            rows.append([work, len(body), seen["ours"]["per_second"], seen["C"]["per_second"], ratio, seen["ours"]["p99_ms"]])
    report.table("reads", "Reads, 64 connections", ["bytes", "ours/s", "C/s", "ours : C", "p99 ms"], rows)
    for row, bound in zip(rows, [0.8, 0.8, 0.6]):
        report.bound(f"{row[0]} : C", row[4], bound, True)


def submits(report, rounds, seconds):
    """POST of ten passthrough nodes that is waited for."""
    with servers.flowcore() as ours, servers.stepflow() as memory, servers.stepflow(sqlite=True) as disk, servers.nadoo() as nadoo:
        bodies = {
            "ours, durable": (ours.url + "/workflows", workflows.ours("sequence", 10), WAIT),
            "ours, none": (ours.url + "/workflows", workflows.ours("sequence", 10, "none"), WAIT),
            "stepflow, memory": (memory.url + "/api/v1/runs", workflows.stepflow(memory, "sequence", 10), ""),
            "stepflow, SQLite": (disk.url + "/api/v1/runs", workflows.stepflow(disk, "sequence", 10), ""),
            "FastAPI + nadoo": (nadoo.url + "/workflows", workflows.ours("sequence", 10), ""),
        }
        timed = {"ours, durable": ours, "stepflow, memory": memory}
        cpu = {}

        def around(name, measure):
            if name not in timed:
                return measure()
            before = timed[name].cpu_ms()
            result = measure()
            cpu[name].append((timed[name].cpu_ms() - before) / result["requests"])
            return result

        seen = {}
        for connections in (1, 16, 64):
            cpu = {name: [] for name in timed}
            loads = {name: Load(url, connections, body, headers) for name, (url, body, headers) in bodies.items()}
            seen[connections] = interleaved(loads, rounds, seconds, around)
    for connections, results in seen.items():
        base = results["stepflow, memory"]["per_second"]
        rows = [[name, one["per_second"], one["per_second"] / base, one["p50_ms"], one["p99_ms"]] for name, one in results.items()]
        report.table(f"submits-{connections}", f"POST of 10 nodes with Prefer: wait, {connections} connections",
                     ["runs/s", ": stepflow memory", "p50 ms", "p99 ms"], rows)
    spent = {name: statistics.median(values) for name, values in cpu.items()}
    report.table("submits-cpu", "Processor time of a run of 10 nodes, 64 connections", ["ms", ": stepflow memory"],
                 [[name, value, value / spent["stepflow, memory"]] for name, value in spent.items()])
    many, one = seen[64], seen[1]
    peer = many["stepflow, memory"]["per_second"]
    report.bound("10 nodes, 64 clients, durability none : stepflow in memory", many["ours, none"]["per_second"] / peer, 2, True)
    report.bound("10 nodes, 64 clients, durable : stepflow in memory", many["ours, durable"]["per_second"] / peer, 1, True)
    # With many clients it may not end a run within a cell: what it does at its best counts.
    disk = max(results["stepflow, SQLite"]["per_second"] for results in seen.values())
    report.bound("10 nodes, 64 clients, durable : stepflow on SQLite", many["ours, durable"]["per_second"] / disk, 100, True)
    report.bound("10 nodes, 64 clients, durable: p99 : p50", many["ours, durable"]["p99_ms"] / many["ours, durable"]["p50_ms"], 4, False)
    report.bound("10 nodes, one client, durable: p50 in ms", one["ours, durable"]["p50_ms"], 1.5, False)
    report.bound("CPU ms of a durable 10-node run, 64 clients", spent["ours, durable"], 0.25, False)


def fanout(report, rounds, seconds):
    """One node, a hundred beside each other, one node."""
    with servers.flowcore() as ours, servers.stepflow() as memory:
        seen = interleaved({
            "ours, durable": Load(ours.url + "/workflows", 16, workflows.ours("fan", 100), WAIT),
            "stepflow, memory": Load(memory.url + "/api/v1/runs", 16, workflows.stepflow(memory, "fan", 100)),
        }, rounds, seconds)
    base = seen["stepflow, memory"]["per_second"]
    rows = [[name, one["per_second"], one["per_second"] / base, one["p50_ms"], one["p99_ms"]] for name, one in seen.items()]
    report.table("fanout", "1 → 100 → 1, 16 connections", ["runs/s", ": stepflow memory", "p50 ms", "p99 ms"], rows)
    report.bound("1 → 100 → 1, durable: runs/s", seen["ours, durable"]["per_second"], 600, True)


def sequences(report, rounds, seconds):
    """Long sequences, one client."""
    with servers.flowcore() as ours, servers.stepflow() as memory, servers.stepflow(sqlite=True) as disk:
        rows, cost = [], {}
        for count in (100, 1000, 5000):
            loads = {
                "ours": Load(ours.url + "/workflows", 1, workflows.ours("sequence", count), WAIT),
                "memory": Load(memory.url + "/api/v1/runs", 1, workflows.stepflow(memory, "sequence", count)),
            }
            seen = interleaved(loads, rounds, max(seconds, count // 1000 * 2))
            # One run takes the durable peer seconds: it is timed once.
            body = json.loads(workflows.stepflow(disk, "sequence", count).read_text()) if count <= 1000 else None
            slow = None
            if body:
                begin = time.perf_counter()
                servers.request(disk.url + "/api/v1/runs", body)
                slow = (time.perf_counter() - begin) * 1e3
            cost[count] = seen["ours"]["p50_ms"] / count
            rows.append([f"{count:,} nodes", seen["ours"]["p50_ms"], seen["memory"]["p50_ms"], slow,
                         seen["memory"]["p50_ms"] / seen["ours"]["p50_ms"], cost[count] * 1e3])
    report.table("sequences", "Sequences, one client, durable: p50 in ms",
                 ["ours", "stepflow memory", "stepflow SQLite", "memory : ours", "µs a node"], rows)
    report.bound("sequence of 1,000: p50 in ms", rows[1][1], 20, False)
    report.bound("sequence of 5,000: p50 in ms", rows[2][1], 100, False)
    report.bound("cost of a node at 5,000 : at 100", cost[5000] / cost[100], 1.3, False)


def polls(report, rounds, seconds):
    """Reading one run while sixteen clients submit, with few runs held and with many."""
    rows = []
    with servers.flowcore() as ours:
        run = servers.request(ours.url + "/workflows", json.loads(workflows.ours("sequence", 10).read_text()), [("Prefer", "wait=60")])
        poll = Load(f"{ours.url}/workflows/{run['workflow_id']}", 1)
        submit = Load(ours.url + "/workflows", 16, workflows.ours("sequence", 10), WAIT)
        held = 0
        for work in ("at first", "later", "later still"):
            results = []
            for _ in range(rounds):
                busy = submit.start(seconds + 1)
                time.sleep(0.3)
                results.append(poll.run(seconds))
                held += Load.result(busy)["requests"]
            rows.append([work, held, statistics.median(one["p50_ms"] for one in results), statistics.median(one["p99_ms"] for one in results)])
    report.table("polls", "GET run status while 16 clients submit", ["runs held", "p50 ms", "p99 ms"], rows)
    report.bound("status poll: p50 in ms", max(row[2] for row in rows), 2, False)
    report.bound("status poll: last p50 : first p50", rows[-1][2] / rows[0][2], 1.5, False)


def inprocess(report, rounds, seconds):
    """Three-node workflows without HTTP and without a disk, on one thread."""
    import os
    commands = {
        "ours": [os.environ["FLOWCORE_BINARY"], "measure", "--nodes", "3", "--runs", "100000"],
        "nadoo": [servers.WORK / "nadoo/bin/python", servers.PEERS / "nadoo_inprocess.py", "3", "30000"],
    }
    seen = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            # One processor: what other threads would do for us counts as well.
            output = subprocess.run(["taskset", "-c", "0", *map(str, command)], check=True, capture_output=True, text=True).stdout
            seen[name].append(json.loads(output.splitlines()[-1]))
    median = lambda name, key: statistics.median(one[key] for one in seen[name])
    ours, nadoo = (median(name, "runs_per_second") for name in ("ours", "nadoo"))
    prepared = median("nadoo", "prepared_per_second")
    report.table("inprocess", "Three nodes in process, no HTTP, no disk, one processor", ["runs/s", ": nadoo"],
                 [["ours: build, check, admit, execute, keep", ours, ours / nadoo],
                  ["nadoo-flow-core: build, check, execute", nadoo, 1.0],
                  ["nadoo-flow-core: execute a prepared graph", prepared, prepared / nadoo]])
    # The line is drawn at the peer's executor alone, which is the harder of the two.
    report.bound("in process : nadoo-flow-core's executor", ours / prepared, 2, True)


def footprint(report, rounds, seconds):
    """Start to the first 200, memory at rest and after ten thousand runs."""
    rows = []
    for name, start, body in (
        ("ours, durable", servers.flowcore, lambda server: (server.url + "/workflows", workflows.ours("sequence", 10), WAIT)),
        ("stepflow, memory", servers.stepflow, lambda server: (server.url + "/api/v1/runs", workflows.stepflow(server, "sequence", 10), "")),
    ):
        starts = []
        for _ in range(max(rounds, 3)):
            with start() as server:
                starts.append(server.start_ms)
        with start() as server:
            idle = server.memory_mb()
            url, file, headers = body(server)
            runs = 0
            while runs < 10_000:
                runs += int(Load(url, 16, file, headers).run(1)["requests"])
            rows.append([name, statistics.median(starts), idle, runs, server.memory_mb() - idle])
    report.table("footprint", "Start and memory", ["start ms", "idle MB", "runs", "+ MB"], rows)
    report.bound("start to first 200 in ms", rows[0][1], 300, False)
    report.bound("idle memory in MB", rows[0][2], 40, False)
    report.bound("memory after 10,000 runs: + MB", rows[0][4], 20, False)


def values(report, rounds, seconds):
    """Parsing and writing a 10 KB document."""
    import os
    output = subprocess.run([os.environ["FLOWCORE_BINARY"], "measure", "--json"], check=True, capture_output=True, text=True).stdout
    row = json.loads(output.splitlines()[-1])
    report.table("values", "JSON of 10 KB, one thread", ["bytes", "parse µs", "write µs"], [["ours", row["bytes"], row["parse_us"], row["write_us"]]])


def expressions(report, rounds, seconds):
    """Evaluating compiled expressions on one processor."""
    import os
    seen = {}
    for _ in range(rounds):
        command = ["taskset", "-c", "0", os.environ["FLOWCORE_BINARY"], "measure", "--expressions"]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        for one in map(json.loads, output.splitlines()):
            seen.setdefault(one["expression"], []).append(one["per_second"])
    rows = [[source, statistics.median(counts), 1e9 / statistics.median(counts)] for source, counts in seen.items()]
    report.table("expressions", "Expressions, compiled once, one processor", ["evaluations/s", "ns"], rows)
    report.bound("evaluations/s of " + rows[0][0], rows[0][1], 1_000_000, True)


TABLES = [reads, submits, fanout, sequences, polls, inprocess, values, expressions, footprint]
