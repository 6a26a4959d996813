"""The process: takes requests in, runs chains, tells what comes of them."""

import asyncio
import json
import os
import resource
import socket
import sys
import threading
import traceback
from typing import Any
from weakref import WeakKeyDictionary

from langchain_core.runnables import RunnableLambda

from . import values
from .allow import AllowList, Refused
from .build import Builder
from .compose import ChainEnded, compose
from .noise import Noise
from .signatures import remember
from .steps import NativeEnded, Step, StepFailed, describe
from .threads import CURRENT, Threads
from .watch import Watch

_CHUNK = 1 << 18
_MOMENT = 0.0005


class Request:
    """What the server asked for, until it has its answer."""

    def __init__(self, worker, message):
        self.worker = worker
        self.message = message
        self.id = message["id"]
        self.head = b'{"id":%d,' % self.id
        self.threads = set()
        self.ended: float | None = None
        self.task: asyncio.Task[None] | None = None
        self.steps = [Step(self, index, node) for index, node in enumerate(message.get("nodes", []))]
        self.original = message.get("input")
        self.active = 0
        self.unsettled = len(self.steps)
        self.limit = message.get("timeout")
        # Whether there are objects of LangChain in what it says.
        self.revives = False
        self.held: list[bytes] = []
        self.held_size = 0
        self.choices = {}

    def send(self, head, value=b""):
        if self.ended is None:
            # What a node gave is told before whatever comes after it, by whichever thread.
            with self.worker.lock:
                self.worker.socket.sendall(self._results() + self.head + head + value + b"}\n")

    def send_result(self, step, value):
        """Tells what a step gave. The last one is waited for; the chain goes on behind the others, so these wait for
        the next line, or a moment."""
        if self.ended is not None:
            return
        self.unsettled -= 1
        with self.worker.lock:
            self.held.append(self.head + b'"t":"step","step":%d,"output":%b}\n' % (step.index, value))
            self.held_size += len(value)
        if self.unsettled == 0 or step.urgent or self.held_size > _CHUNK:
            self.flush()
        elif len(self.held) == 1:
            self.worker.loop.call_later(_MOMENT, self.flush)

    def flush(self):
        with self.worker.lock:
            if self.held and self.ended is None:
                self.worker.socket.sendall(self._results())

    def _results(self):
        lines = b"".join(self.held)
        self.held.clear()
        self.held_size = 0
        return lines

    def send_error(self, step, error, goes_on=b""):
        self.unsettled -= 1
        self.send(b'"t":"failed","step":%d,%b"error":' % (step, goes_on), json.dumps(error).encode())


class Worker:
    """One process's requests."""

    def __init__(self, settings, connection):
        remember()
        self.settings = settings
        self.socket = connection
        self.lock = threading.Lock()
        self.requests: dict[int, Request] = {}
        self.leaving = {}
        self.calls = {}
        self.builder = Builder(AllowList(settings["allow"]))
        self.buffer = bytearray()
        self.searched = 0
        self.threads = Threads()
        self.loop = asyncio.new_event_loop()
        self.loop.set_default_executor(self.threads)
        # By the step that a task was made in, whoever blocks the loop can be named.
        self.owners: WeakKeyDictionary[asyncio.Task[Any], Step] = WeakKeyDictionary()
        self.loop.set_task_factory(self._make_task)

    def _make_task(self, loop, coroutine, **options):
        task = asyncio.Task(coroutine, loop=loop, **options)
        if (step := CURRENT.get()) is not None:
            self.owners[task] = step
        return task

    def write(self, line):
        with self.lock:
            self.socket.sendall(line)

    def run(self):
        import langchain_core

        # A descriptor of its own for each end of the wait: the loop must not make the socket refuse to block on writes.
        self.loop.add_reader(self.socket.fileno(), self._readable)
        Watch(self).start()
        hello = {"t": "hello", "python": sys.version.split()[0], "langchain_core": langchain_core.__version__}
        self.write(json.dumps(hello).encode() + b"\n")
        while True:
            try:
                self.loop.run_forever()
            except (SystemExit, KeyboardInterrupt):
                # Raised in a task that a Runnable made for itself; whoever waits for it gets it as well.
                continue

    def leave(self, code=0):
        # Threads may never end, and nothing here has to be put in order.
        os._exit(code)

    def _readable(self):
        try:
            data = self.socket.recv(_CHUNK, socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self.leave()
        self.buffer += data
        while (end := self.buffer.find(b"\n", self.searched)) >= 0:
            line = bytes(self.buffer[:end])
            del self.buffer[: end + 1]
            self.searched = 0
            try:
                self._take(line)
            except BaseException:
                # A request that was not taken would never have an answer; the server sees this end, and tries again.
                traceback.print_exc(file=sys.__stderr__)
                self.leave(70)
        self.searched = len(self.buffer)

    def _take(self, line):
        message = values.loads(line)
        kind = message["t"]
        if kind == "run" or kind == "check":
            request = Request(self, message)
            request.revives = values.MARK in line
            self.requests[request.id] = request
            work = self._execute if kind == "run" else self._check
            request.task = self.loop.create_task(work(request))
            request.task.add_done_callback(lambda _: self._never_began(request))
        elif kind == "native":
            call = self.calls.pop(message["call"], None)
            if call is not None and not call.done():
                call.set_result(message)
        elif kind == "choose":
            if (known := self.requests.get(message["id"])) is not None:
                known.choices[message["step"]].choose(message["step"])
        elif kind == "cancel":
            if (known := self.requests.get(message["id"])) is not None and known.task is not None:
                known.task.cancel()
        elif kind == "stop":
            self.leave()

    async def _execute(self, request):
        message = request.message
        try:
            for step in request.steps:
                await self._prepare(step)
            value = request.original
            if request.revives and not request.steps[0].native:
                try:
                    value = values.revive(value)
                except Exception as error:
                    raise StepFailed(0, {
                        "code": "invalid", "message": f"the input cannot be taken: {error}", "retriable": False,
                    }) from None
            run = message["run"]
            config = {
                "tags": ["flowcore", "workflow:" + run["workflow_id"], "backend:" + run["backend"]],
                "metadata": {
                    "workflow_id": run["workflow_id"], "workflow": run["name"], "backend": run["backend"],
                },
                "run_name": run["name"],
            }
            chain = compose(request)
            await chain.ainvoke(value, config)
            if request.unsettled:
                request.send(b'"t":"over"')
        except ChainEnded:
            request.send(b'"t":"over"')
        except StepFailed as failure:
            request.send_error(failure.step, failure.error)
        except NativeEnded:
            request.send(b'"t":"ended","step":%d' % request.active)
        except asyncio.CancelledError:
            request.send(b'"t":"cancelled"')
        except BaseException as error:
            request.send_error(request.active, describe(error))
        finally:
            self._end(request)

    def _never_began(self, request):
        # One that is cancelled before its first turn has run no line of its own.
        if request.ended is None:
            request.send(b'"t":"cancelled"')
            self._end(request)

    def _end(self, request):
        request.ended = self.loop.time()
        self.requests.pop(request.id, None)
        if request.threads:
            self.leaving[request.id] = request
            self.loop.call_later(0.2, self.threads.interrupt, request)

    async def _prepare(self, step):
        CURRENT.set(step)
        node = step.node
        if node["type"] != "runnable":
            step.native = True
            step.runnable = RunnableLambda(_asynchronous(self._native, step), name=node["node_id"])
            return
        config = dict(node["config"])
        wish = config.pop("stream", None)
        try:
            step.runnable, step.parts = await self._runnable(config)
        except Refused as error:
            raise StepFailed(step.index, {"code": "invalid", "message": str(error), "retriable": False}) from None
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            raise StepFailed(step.index, describe(error)) from None
        if wish is not None:
            step.parts = (step.parts or "tokens") if wish else None

    async def _runnable(self, config):
        key, found = self.builder.known(config)
        if found is None:
            found = await self.loop.run_in_executor(None, self._make, CURRENT.get(), key, config)
        return found

    def _make(self, step, key, config):
        CURRENT.set(step)
        return self.builder.make(key, config)

    async def _native(self, step, input):
        request = step.request
        number = request.id * 1000 + step.index
        call = self.calls[number] = self.loop.create_future()
        try:
            head = b'"t":"native","step":%d,"call":%d' % (step.index, number)
            if input is request.original:
                request.send(head)
            else:
                request.send(head + b',"input":', values.encode(input))
            answer = await call
        finally:
            self.calls.pop(number, None)
        if "output" not in answer:
            raise NativeEnded
        return answer["output"]

    async def _check(self, request):
        error = None
        step = Step(request, 0, {"node_id": "check"})
        CURRENT.set(step)
        try:
            config = dict(request.message["config"])
            config.pop("stream", None)
            await self._runnable(config)
        except asyncio.CancelledError:
            error = "it takes too long to make"
        except Refused as refusal:
            error = str(refusal)
        except BaseException as failure:
            error = describe(failure)["message"]
        request.send(b'"t":"checked","error":', json.dumps(error).encode())
        self._end(request)


def _asynchronous(function, step):
    async def native(input):
        return await function(step, input)

    return native


def main(settings, connection):
    """Serves until the server goes away."""
    limit = settings["max_memory_bytes"]
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for path in reversed(settings["python_path"]):
        sys.path.insert(0, path)
    worker = Worker(settings, connection)
    sys.stdout = Noise(worker, "stdout", sys.stdout)
    sys.stderr = Noise(worker, "stderr", sys.stderr)
    worker.run()
