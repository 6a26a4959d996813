"""Workflows of Flow Core in chains of LangChain. Start it with: python3 langchain_client.py [URL]"""
import asyncio
import sys

from flowcore_client import FlowCoreRunnable, RunFailed, RunInterrupted
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import PromptTemplate

url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"

shout = FlowCoreRunnable(url=url, workflow={
    "name": "shout",
    "nodes": [{"node_id": "shout", "type": "set", "config": {"value": "${input.upperAscii()}!"}}],
})
chain = PromptTemplate.from_template("hello {name}") | shout | StrOutputParser()
print(chain.invoke({"name": "Ada"}))
print(chain.batch([{"name": "Bob"}, {"name": "Eve"}]))
print(asyncio.run(chain.ainvoke({"name": "Zoë"}, {"run_name": "greeting", "tags": ["shop"], "metadata": {"user": 7}})))

broken = FlowCoreRunnable(url=url, workflow={
    "name": "broken",
    "nodes": [{"node_id": "pay", "type": "fail", "config": {"code": "no_money", "details": {"missing": 5}}}],
})
try:
    broken.invoke({})
except RunFailed as error:
    print(error.node_id, error.code, error.details)

# A key that follows from the input: an order starts one run, however often it is handed in.
order = FlowCoreRunnable(url=url, idempotency_key=lambda order: f"order-{order['id']}", workflow={
    "name": "order",
    "nodes": [
        {"node_id": "review", "type": "approval", "config": {"prompt": "Ship order ${input.id}?"}},
        {"node_id": "ship", "type": "set", "config": {"value": {"shipped": "${nodes.review.output.approved}"}}},
    ],
})
try:
    order.invoke({"id": 17})
except RunInterrupted as waiting:
    question = waiting.interrupts[0]
    print(question["prompt"])
    print(order.resume(waiting.workflow_id, question["node_id"], {"approved": True}))
print(order.invoke({"id": 17}))
