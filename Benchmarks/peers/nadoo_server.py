"""The same workflow behind FastAPI: every request carries its definition and gets every node's state back."""
import logging

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from nadoo_flow.base import BaseNode, CommonNodeTypes, NodeResult, WorkflowContext, WorkflowExecutor

logging.getLogger("nadoo_flow").setLevel(logging.WARNING)
logging.getLogger("nadoo_flow.base").setLevel(logging.WARNING)
app = FastAPI()


class Passthrough(BaseNode):
    async def execute(self, node_context, workflow_context):
        return NodeResult(success=True, output=node_context.input_data.get("previous_output") or {"n": 1})


def executor(ids):
    """A chain of nodes; the first is the start."""
    made = WorkflowExecutor()
    nodes = [Passthrough(id, CommonNodeTypes.CUSTOM if i else CommonNodeTypes.START, id, {}) for i, id in enumerate(ids)]
    for node, after in zip(nodes, nodes[1:] + [None]):
        if after:
            node.add_next_node(after.node_id)
        made.add_node(node)
    return made


@app.get("/livez")
async def livez():
    return {"status": "alive"}


@app.post("/workflows")
async def submit(request: Request):
    body = await request.json()
    run = await executor([node["node_id"] for node in body["workflow"]["nodes"]]).execute(WorkflowContext(), body["input"])
    return JSONResponse({
        "workflow_id": run.workflow_id, "status": run.status, "execution_path": run.execution_path,
        "nodes": {id: {"node_id": id, "status": node.status, "input_data": node.input_data,
                       "output_data": node.output_data, "started_at": node.start_time, "completed_at": node.end_time}
                  for id, node in run.node_contexts.items()},
    })
