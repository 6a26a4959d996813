"""Reads an answer of a language model token by token. Start it with: python3 langchain_stream.py URL BASE_URL MODEL"""
import sys

from flowcore_client import FlowCoreRunnable
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate

url, base_url, model = sys.argv[1:]
answer = FlowCoreRunnable(url=url, stream_node="answer", workflow={
    "name": "answer",
    "nodes": [{
        "node_id": "answer", "type": "llm",
        "config": {"base_url": base_url, "model": model, "messages": "${input.messages}"},
    }],
    "output": "${nodes.answer.output.content}",
})
prompt = ChatPromptTemplate.from_messages([("system", "You are brief."), ("human", "{question}")])
for token in (prompt | answer | StrOutputParser()).stream({"question": "Why is the sky blue?"}):
    print(token, end="|", flush=True)
