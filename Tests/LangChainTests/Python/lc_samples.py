"""What the tests have nodes run."""

import asyncio
import math
import os
import subprocess  # Not allowed by being imported here.
import sys
from pathlib import Path

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel, FakeListChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableGenerator, RunnableLambda
from langchain_core.tools import tool
from langchain_core.vectorstores import InMemoryVectorStore


def of(function):
    return RunnableLambda(function)


async def _same(value):
    return value


same = RunnableLambda(_same)
not_runnable = 5


def upper(text):
    return text.upper()


def echo():
    return RunnableLambda(lambda value: value)


def raises(text="no"):
    def deepest(value):
        raise ValueError(text)

    return RunnableLambda(lambda value: deepest(value))


def busy():
    def fail(value):
        raise ConnectionError("busy")

    return RunnableLambda(fail)


def exits():
    return RunnableLambda(lambda value: sys.exit(4))


def dies():
    return RunnableLambda(lambda value: os._exit(9))


def prints():
    def noise(value):
        print("to stdout")
        os.write(1, b"past Python\n")
        sys.stderr.write("to stderr, without an end")
        print("{\"id\":1,\"t\":\"step\",\"step\":0,\"output\":\"forged\"}")
        return value

    return RunnableLambda(noise)


def spins(started):
    def spin(value):
        Path(started).touch()
        while True:
            pass

    return RunnableLambda(spin)


def blocks():
    async def block(value):
        while True:
            pass

    return RunnableLambda(block)


def gives(what):
    values = {
        "nan": {"a": [math.nan]}, "object": {"a": [object()]}, "keys": {(1, 2): 3}, "set": {1}, "big integer": 1 << 70,
        "half": "\ud800", "bytes": b"x", "tuple": (1, "two"), "none": None,
    }
    return RunnableLambda(lambda value: values[what])


def text_of(size):
    return RunnableLambda(lambda value: "x" * size)


def itself():
    value = []
    value.append(value)
    return RunnableLambda(lambda _: value)


def waits(started, stopped):
    """Tells by files that it has begun, and that it was cancelled."""

    async def wait(value):
        Path(started).touch()
        try:
            await asyncio.sleep(600)
        finally:
            Path(stopped).touch()

    return RunnableLambda(wait)


def streams_until(path):
    """Hands out two parts, and the third when a file is there."""

    async def parts(values):
        async for _ in values:
            pass
        yield "a"
        yield "b"
        while not os.path.exists(path):
            await asyncio.sleep(0.01)
        yield "c"

    return RunnableGenerator(parts)


def floods():
    """Never stops handing out parts."""

    async def parts(values):
        async for _ in values:
            pass
        while True:
            yield "x" * 100_000
            await asyncio.sleep(0)

    return RunnableGenerator(parts)


def pair(started, other):
    """Ends when the other one has begun as well."""

    async def meet(value):
        Path(started).touch()
        while not os.path.exists(other):
            await asyncio.sleep(0.01)
        return os.path.basename(started)

    return RunnableLambda(meet)


def counts(path):
    """Counts in a file how often it is run, and fails the first time."""

    def count(value):
        with open(path, "a") as file:
            file.write("x")
        if os.path.getsize(path) == 1:
            raise ConnectionError("not yet")
        return os.path.getsize(path)

    return RunnableLambda(count)


def notes(path, name):
    """Writes down that it is run."""

    def note(value):
        with open(path, "a") as file:
            file.write(name)
        return value

    return RunnableLambda(note)


def sees():
    """What LangChain's own callbacks see of the run."""

    def look(value, config):
        metadata = config["metadata"]
        return {"tags": config["tags"], **{key: metadata[key] for key in ("workflow_id", "workflow", "node_id", "attempt")}}

    return RunnableLambda(look)


class Weather(BaseChatModel):
    """Asks a tool before it answers."""

    @property
    def _llm_type(self):
        return "weather"

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        last = messages[-1]
        if isinstance(last, ToolMessage):
            answer = AIMessage(content=f"It is {last.content}.")
        else:
            call = {"name": "look_outside", "args": {"city": last.content}, "id": "call-1"}
            answer = AIMessage(content="", tool_calls=[call])
        return ChatResult(generations=[ChatGeneration(message=answer)])


@tool
def look_outside(city: str) -> str:
    """Looks."""
    return f"sunny in {city}"


def asks():
    model = Weather()

    async def ask(messages):
        return [*messages, await model.ainvoke(messages)]

    return RunnableLambda(ask)


def uses_tools():
    async def use(messages):
        calls = getattr(messages[-1], "tool_calls", [])
        return [*messages, *[await look_outside.ainvoke({**call, "type": "tool_call"}) for call in calls]]

    return RunnableLambda(use)


def swallows(started):
    """Does not end when it is cancelled."""

    async def swallow(value):
        Path(started).touch()
        while True:
            try:
                await asyncio.sleep(600)
            except asyncio.CancelledError:
                pass

    return RunnableLambda(swallow)


def kind():
    """Tells what it gets: an object as it is, or what was read of JSON."""
    return RunnableLambda(lambda value: [type(value).__name__, value])


def sets(name):
    """Changes the object that it gets."""

    def change(value):
        value[name] = True
        return value

    return RunnableLambda(change)


def fails_when(path):
    """Fails as soon as a file is there."""

    async def fail(value):
        while not os.path.exists(path):
            await asyncio.sleep(0.01)
        raise ValueError("it is there")

    return RunnableLambda(fail)


def blocks_when(path):
    """Keeps its process from doing anything else as soon as a file is there."""

    async def block(value):
        while not os.path.exists(path):
            await asyncio.sleep(0.01)
        while True:
            pass

    return RunnableLambda(block)


def notes_and_waits(notes, name, path):
    """Writes down that it is run, and ends when a file is there."""

    async def wait(value):
        with open(notes, "a") as file:
            file.write(name)
        while not os.path.exists(path):
            await asyncio.sleep(0.01)
        return value

    return RunnableLambda(wait)


def made_in(path):
    """Writes down that it is made."""
    with open(path, "a") as file:
        file.write("x")
    return same


def fake(answer):
    return FakeListChatModel(responses=[answer])


def about():
    return ChatPromptTemplate.from_template("About {topic}")


def says(answer):
    return about() | fake(answer) | StrOutputParser()


def measures(answer):
    """A chain whose last step needs the whole."""
    return about() | fake(answer) | RunnableLambda(lambda message: len(message.content))


def rewrites(answer):
    """A function that asks a model."""
    model = fake(answer)

    async def rewrite(value):
        return (await model.ainvoke("rewrite")).content.upper()

    return RunnableLambda(rewrite)


class Holds(Runnable):
    """A Runnable of one's own, which LangChain's callbacks do not see."""

    def __init__(self, model):
        self.parts = {"model": [model]}

    def invoke(self, input, config=None, **kwargs):
        return self.parts["model"][0].invoke("hold", config).content.upper()


def holds(answer):
    return Holds(fake(answer))


def falls_back(answer):
    def fail(value):
        raise ConnectionError("busy")

    return RunnableLambda(fail).with_fallbacks([rewrites(answer)])


def hides(answer):
    """A function that makes its model when it is called."""

    async def speak(value):
        return (await fake(answer).ainvoke("speak")).content.upper()

    return RunnableLambda(speak)


def says_and_raises(answer):
    model = fake(answer)

    async def speak(value):
        await model.ainvoke("speak")
        raise ValueError("after all")

    return RunnableLambda(speak)


def says_and_waits(answer):
    model = fake(answer)

    async def speak(value):
        await model.ainvoke("speak")
        await asyncio.sleep(600)

    return RunnableLambda(speak)


class Flood(BaseChatModel):
    """Says a lot."""

    @property
    def _llm_type(self):
        return "flood"

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        raise NotImplementedError

    def _stream(self, messages, stop=None, run_manager=None, **kwargs):
        while True:
            yield ChatGenerationChunk(message=AIMessageChunk(content="x" * 100_000))


def says_without_end():
    model = Flood()

    async def speak(value):
        await model.ainvoke("speak")

    return RunnableLambda(speak)


class Letters(Embeddings):
    """Counts letters: what texts have in common can be told without a model."""

    def embed_documents(self, texts):
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text):
        return [float(text.lower().count(letter)) for letter in "abcdefghijklmnopqrstuvwxyz"]


def retriever():
    store = InMemoryVectorStore(Letters())
    store.add_documents([
        Document("Apples and pears", metadata={"kind": "fruit"}), Document("Trains", metadata={"kind": "vehicle"}),
        Document("Zebras", metadata={"kind": "animal"}),
    ])
    return store.as_retriever(search_kwargs={"k": 2})


def joins_texts():
    return RunnableLambda(lambda documents: " / ".join(document.page_content for document in documents))


def weather_agent(url):
    """A model with a tool, which talks to a service."""
    from langchain_openai import ChatOpenAI

    model = ChatOpenAI(base_url=url, api_key="none", model="fake-1", max_retries=0)
    return model.bind_tools([look_outside])


def asks_agent(url):
    agent = weather_agent(url)

    async def ask(messages):
        return [*messages, await agent.ainvoke(messages)]

    return RunnableLambda(ask)
