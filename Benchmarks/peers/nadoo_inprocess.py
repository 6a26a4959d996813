"""How many three-node workflows a second the seed library's executor runs, in one process and thread."""
import asyncio
import json
import sys
import time

from nadoo_server import WorkflowContext, executor


async def main(nodes, runs):
    ids = [f"n{i}" for i in range(nodes)]
    result = {"nodes": nodes}
    # Once the executor alone, and once as a submission does it: build the graph, check it, execute it.
    chain = executor(ids)
    start = time.perf_counter()
    for _ in range(runs):
        await chain.execute(WorkflowContext(), {"n": 1})
    result["prepared_per_second"] = int(runs / (time.perf_counter() - start))
    start = time.perf_counter()
    for _ in range(runs):
        chain = executor(ids)
        await chain.validate()
        await chain.execute(WorkflowContext(), {"n": 1})
    result["runs_per_second"] = int(runs / (time.perf_counter() - start))
    print(json.dumps(result))


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
