"""The same workflows in the words of each server."""
import json
import pathlib
import tempfile

from servers import request

FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="flowcore-bench-bodies-"))


def edges(kind, count):
    """The nodes as (id, ids before it)."""
    if kind == "sequence":
        return [(f"n{i}", [f"n{i - 1}"] if i else []) for i in range(count)]
    middle = [f"n{i}" for i in range(count)]
    return [("first", [])] + [(node, ["first"]) for node in middle] + [("last", middle)]


def ours(kind, count, durability="full", backend="native"):
    """The file of a submission."""
    nodes = []
    for node, before in edges(kind, count):
        one = {"node_id": node, "type": "passthrough"}
        if kind != "sequence" and before:
            one["depends_on"] = before
        nodes.append(one)
    return _file(f"ours-{kind}-{count}-{durability}-{backend}", {
        "workflow": {"name": kind, "nodes": nodes}, "input": {"n": 1}, "durability": durability, "backend": backend})


def stepflow(server, kind, count):
    """The file of a run, whose flow is stored first: the peer does not read the definition again for each run."""
    steps, last = [], None
    for node, before in edges(kind, count):
        value = {"$input": "$"} if not before else {"$step": before[0]} if len(before) == 1 else {
            one: {"$step": one} for one in before}
        steps.append({"id": node, "component": "/builtin/noop", "input": value})
        last = node
    flow = {"name": kind, "steps": steps, "output": {"$step": last}}
    stored = request(server.url + "/api/v1/flows", {"flow": flow})
    body = {"flowId": stored["flowId"], "input": [{"n": 1}], "wait": True, "timeoutSecs": 60}
    answer = request(server.url + "/api/v1/runs", body)
    if answer["summary"]["items"]["completed"] != 1:
        raise SystemExit(f"stepflow did not complete its run: {json.dumps(answer)[:500]}")
    return _file(f"stepflow-{server.port}-{kind}-{count}", body)


def _file(name, body):
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps(body, separators=(",", ":")))
    return path
