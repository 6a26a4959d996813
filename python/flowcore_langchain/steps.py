"""A node as a step of a chain."""

import asyncio
import traceback
from contextlib import asynccontextmanager
from typing import Any

from langchain_core.runnables import Runnable, RunnableLambda

from . import values
from .noise import finish
from .threads import CURRENT

_OWN = ("<flowcore", "/asyncio/", "/concurrent/futures/", "/langchain_core/runnables/", "/langchain_core/callbacks/",
        "/langchain_core/tracers/")


class StepFailed(Exception):
    """A step failed; what it says is the error object of the node."""

    def __init__(self, step, error):
        super().__init__(error["message"])
        self.step = step
        self.error = error


class NativeEnded(Exception):
    """A node of the server's own did not give an output; the server knows why."""


class Step(Runnable):
    """Runs a node's Runnable, and tells the server of every part of its result and of the whole."""

    def __init__(self, request, index, node):
        self.request = request
        self.index = index
        self.node = node
        self.native = False
        self.runnable: Any = None
        # Which parts of its result are handed out: "own" ones, "tokens" of models within, or none.
        self.parts: str | None = None
        # Whether somebody waits for it although the chain goes on.
        self.urgent = False
        self.lines = 0

    def get_name(self, suffix=None, *, name=None):
        return self.node["node_id"]

    def invoke(self, input, config=None, **kwargs):
        raise NotImplementedError

    async def ainvoke(self, input, config=None, **kwargs):
        CURRENT.set(self)
        request = self.request
        request.active = self.index
        config = {
            **(config or {}),
            "run_name": self.node["node_id"],
            "metadata": {
                **(config or {}).get("metadata", {}), "node_id": self.node["node_id"],
                # Whatever else is in a chain was not tried before.
                "attempt": request.message["attempt"] if self.index == 0 else 1,
            },
        }
        try:
            if request.limit is None:
                output = await self._run(input, config)
            else:
                output = await self._run_within(request.limit, input, config)
            finish(self)
            if self.native:
                request.unsettled -= 1
                request.send(b'"t":"native_step","step":%d' % self.index)
                return output
            encoded = values.encode(output)
            self._bound(len(encoded))
            request.send_result(self, encoded)
            return output
        except (asyncio.CancelledError, NativeEnded, StepFailed):
            raise
        except values.NotJSON as error:
            raise StepFailed(
                self.index, {"code": "invalid_output", "message": str(error), "retriable": False}) from None
        except BaseException as error:
            raise StepFailed(self.index, describe(error)) from None
        finally:
            finish(self)

    async def _run_within(self, limit, input, config):
        try:
            async with asyncio.timeout(limit) as timer:
                return await self._run(input, config)
        except TimeoutError:
            if not timer.expired():
                raise
            raise StepFailed(self.index, {
                "code": "timeout", "message": f"the node took longer than {limit} s", "retriable": True,
            }) from None

    def _run(self, input, config):
        if self.parts is None:
            return self.runnable.ainvoke(input, config)
        hand_out = self._own if self.parts == "own" else self._tokens
        return hand_out(input, config, Parts(self))

    async def _own(self, input, config, parts):
        """Hands the parts of the result out as they come; the whole is their sum."""
        output = None
        async with _closing(self.runnable.astream(input, config)) as stream:
            async for part in stream:
                parts.hand_out(part)
                try:
                    output = part if output is None else output + part
                except TypeError:
                    output = part
        return output

    async def _tokens(self, input, config, parts):
        """Hands out what models within the Runnable say, while it makes its result of it."""
        output = None

        async def whole(value, config):
            nonlocal output
            output = await self.runnable.ainvoke(value, config)

        events = RunnableLambda(whole).astream_events(input, config, version="v2", include_types=["chat_model", "llm"])
        async with _closing(events):
            async for event in events:
                if event["event"].endswith("_stream"):
                    parts.hand_out(event["data"]["chunk"])
        return output

    def _bound(self, size):
        limit = self.request.worker.settings["max_output_bytes"]
        if size > limit:
            raise StepFailed(self.index, {
                "code": "too_large", "retriable": False,
                "message": f"the output has {size} bytes of JSON; at most {limit} are taken",
            })


@asynccontextmanager
async def _closing(parts):
    """Ends an iteration for certain. Not every iterator can be told to."""
    try:
        yield parts
    finally:
        if (close := getattr(parts, "aclose", None)) is not None:
            await close()


class Parts:
    """Hands parts of a step's result out, and keeps them from being more than its result may be."""

    def __init__(self, step):
        self.step = step
        self.size = 0

    def hand_out(self, part):
        shown = values.chunk(part)
        if shown is None or shown == "":
            return
        encoded = values.encode(shown)
        self.size += len(encoded)
        self.step._bound(self.size)
        self.step.request.send(b'"t":"chunk","step":%d,"value":' % self.step.index, encoded)


def describe(error):
    """The error object of an exception, with the part of its traceback that is the user's."""
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    text = str(error)
    if isinstance(error, SystemExit):
        message = f"the code asked to end the process, with {error.code!r}"
    elif isinstance(error, MemoryError):
        message = "the process may take no more memory than it has" + (f": {text}" if text else "")
    else:
        message = f"{kind}: {text}" if text else kind
    retriable = getattr(error, "retriable", None)
    if not isinstance(retriable, bool):
        retriable = isinstance(error, (TimeoutError, ConnectionError, MemoryError))
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if not any(own in frame.filename for own in _OWN)
    ]
    lines = traceback.format_list(frames[-20:]) + traceback.format_exception_only(type(error), error)
    details = {"exception": kind, "traceback": _utf8("".join(lines))[-8000:]}
    if (cause := error.__cause__ or error.__context__) is not None:
        details["cause"] = _utf8(f"{type(cause).__name__}: {cause}")[:500]
    return {
        "code": "timeout" if isinstance(error, TimeoutError) else "failed", "message": _utf8(message)[:2000],
        "retriable": retriable, "details": details,
    }


def _utf8(text):
    return text.encode("utf-8", "replace").decode()
