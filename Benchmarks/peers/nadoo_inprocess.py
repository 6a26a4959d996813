"""How many three-node workflows a second the seed library's executor runs, in one process and thread."""
import asyncio
import json
import sys
import time

from nadoo_server import WorkflowContext, executor


async def main(nodes, runs):
    ids = [f"n{i}" for i in range(nodes)]
    # The graph is built once: only its execution is measured.
    chain = executor(ids)
    start = time.perf_counter()
    for _ in range(runs):
        await chain.execute(WorkflowContext(), {"n": 1})
    print(json.dumps({"nodes": nodes, "runs_per_second": int(runs / (time.perf_counter() - start))}))


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
