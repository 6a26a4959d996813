"""What nodes cost that run on LangChain. Each function is one table."""
import http.client
import json
import os
import statistics
import subprocess
import time

import servers
import workflows
from load import Load


def langchain(report, rounds, seconds):
    """No-op Runnables through the bridge against the same chain in plain Python, and how late tokens are."""
    python = os.environ["LANGCHAIN_PYTHON"]
    script = servers.PEERS / "langchain_chains.py"

    def plain(count, at_once):
        words = subprocess.run([python, script, str(count), str(at_once), str(seconds)], check=True, capture_output=True, text=True)
        per_second, p50 = map(float, words.stdout.split())
        return {"per_second": per_second, "p50_ms": p50}

    with servers.flowcore() as ours:
        config = {"python": python, "workers": 2, "allow": ["langchain_chains:*"], "python_path": [str(servers.PEERS)]}
        servers.request(ours.url + "/backends", {"name": "lc", "type": "langchain", "config": config})

        def bridged(count, connections, durability):
            nodes = [{"node_id": f"n{i}", "type": "runnable", "config": {"factory": "langchain_chains:noop"}} for i in range(count)]
            body = {"workflow": {"name": "chain", "nodes": nodes}, "input": {"n": 1}, "backend": "lc", "durability": durability}
            path = workflows._file(f"langchain-{count}-{durability}", body)
            return Load(ours.url + "/workflows", connections, path, "Prefer: wait=60").run(seconds)

        cells = {
            "1 node, plain": lambda: plain(1, 1), "1 node, none": lambda: bridged(1, 1, "none"),
            "1 node, durable": lambda: bridged(1, 1, "full"),
            "10 nodes, plain": lambda: plain(10, 64), "10 nodes, none": lambda: bridged(10, 64, "none"),
            "10 nodes, durable": lambda: bridged(10, 64, "full"),
        }
        seen = {name: [] for name in cells}
        for _ in range(rounds):
            for name, cell in cells.items():
                seen[name].append(cell())
        medians = {name: {key: statistics.median(one[key] for one in found) for key in ("per_second", "p50_ms")} for name, found in seen.items()}
        late = _lateness(ours)
    rows = [[name, found["per_second"], found["p50_ms"], found["per_second"] / medians[name.split(",")[0] + ", plain"]["per_second"]]
            for name, found in medians.items()]
    report.table("langchain", "LangChain: one node for one client, ten nodes for 64", ["runs/s", "p50 ms", ": plain"], rows)
    report.table("langchain_tokens", "From a token's arrival in the process to the client", ["first ms", "p50 ms", "p99 ms"],
                 [["an event stream", late[0], statistics.median(late), sorted(late)[int(len(late) * 0.99)]]])
    base = medians["1 node, plain"]["p50_ms"]
    report.bound("a no-op node through the bridge: ms over plain Python", medians["1 node, none"]["p50_ms"] - base, 1, False)
    report.bound("a no-op node through the bridge, durable: ms over plain Python", medians["1 node, durable"]["p50_ms"] - base, 1, False)
    for durability in ("none", "durable"):
        report.bound(f"ten nodes, {durability}: runs/s : plain ainvoke", rows[list(medians).index(f"10 nodes, {durability}")][3], 0.8, True)
    report.bound("the first token: ms until the client has it", late[0], 2, False)


def _lateness(server):
    """How late each token of a run reaches one who follows its events, in milliseconds."""
    body = {"workflow": {"name": "tokens", "nodes": [{"node_id": "wait", "type": "delay", "config": {"duration": "200ms"}},
                                                     {"node_id": "a", "type": "runnable", "config": {"factory": "langchain_chains:tokens"}}]},
            "backend": "lc", "durability": "none"}
    run = servers.request(server.url + "/workflows", body)
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", f"/workflows/{run['workflow_id']}/events", headers={"Accept": "text/event-stream"})
    response, late = connection.getresponse(), []
    while line := response.readline():
        if line.startswith(b"data: ") and b'"chunk"' in line:
            now = time.time()
            chunk = json.loads(line[6:]).get("chunk")
            if chunk is not None:
                late.append((now - float(chunk)) * 1e3)
    connection.close()
    return late


TABLES = [langchain]
