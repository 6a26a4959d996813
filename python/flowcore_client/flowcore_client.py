"""Flow Core's workflows as LangChain Runnables.

`FlowCoreRunnable` runs a workflow on a Flow Core server. It needs `langchain-core` and nothing else beside the standard
library, and is one file, so that it can be copied into a project. `docs/langchain-client.md` describes it.
"""

from __future__ import annotations

import asyncio
import functools
import http.client
import io
import json
import logging
import math
import secrets
import ssl
import time
import urllib.parse
import uuid
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from typing import Any, Literal, Self, TypeVar

from langchain_core.messages import BaseMessage, convert_to_openai_messages
from langchain_core.prompt_values import PromptValue, StringPromptValue
from langchain_core.runnables import RunnableConfig, RunnableSerializable
from langchain_core.runnables.config import ensure_config
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

__all__ = [
    "FlowCoreError", "FlowCoreRunnable", "InputNotJSON", "RequestRefused", "RunCancelled", "RunFailed",
    "RunInterrupted", "RunTimedOut", "ServerUnreachable", "StreamRestarted",
]  # fmt: skip

T = TypeVar("T")
_log = logging.getLogger("flowcore_client")


class FlowCoreError(Exception):
    """What all errors of this module have in common.

    `workflow_id` is the run's id, as far as there is a run.
    """

    def __init__(self, message: str, workflow_id: str | None = None) -> None:
        super().__init__(message)
        self.workflow_id = workflow_id


class InputNotJSON(FlowCoreError, TypeError):
    """A value that is to be sent cannot be written as JSON; `pointer` (RFC 6901) is its place."""

    def __init__(self, pointer: str, problem: str) -> None:
        super().__init__(f'the input cannot be sent as JSON: at "{pointer}" {problem}')
        self.pointer = pointer


class ServerUnreachable(FlowCoreError, ConnectionError):
    """The server cannot be reached, or what it says breaks off. The run, if there is one, goes on."""


class RequestRefused(FlowCoreError):
    """The server refuses a request: `status`, `type`, `detail` and `errors` are those of its problem document."""

    def __init__(self, status: int, problem: dict[str, Any], workflow_id: str | None = None) -> None:
        self.status = status
        self.type: str = str(problem.get("type", ""))
        self.detail: str = str(problem.get("detail") or http.client.responses.get(status, "no reason given"))
        self.errors: list[dict[str, Any]] = problem.get("errors") or []
        places = "".join(f"; {e.get('pointer', e.get('parameter', ''))}: {e.get('detail')}" for e in self.errors[:10])
        super().__init__(f"the server answers with {status}: {self.detail}{places}", workflow_id)


class RunFailed(FlowCoreError):
    """The run failed: `code`, `details` and `retriable` of the error, and `node_id` when a node is to blame."""

    def __init__(self, workflow_id: str, error: dict[str, Any], node_id: str | None, message: str) -> None:
        self.code: str = str(error.get("code"))
        self.details: Any = error.get("details")
        self.retriable: bool = error.get("retriable") is True
        self.node_id = node_id
        super().__init__(f"the run {workflow_id} failed with {self.code}: {message}", workflow_id)


class RunCancelled(FlowCoreError):
    """Somebody cancelled the run."""


class RunTimedOut(FlowCoreError, TimeoutError):
    """The run had not ended within the `timeout` of the Runnable, and was cancelled."""


class StreamRestarted(FlowCoreError):
    """The node whose chunks are streamed was tried again when some had been handed out; the run was cancelled."""


class RunInterrupted(FlowCoreError):
    """The run waits for answers, and goes on waiting.

    `interrupts` has for each question the `node_id`, the `prompt` and the `deadline`, after which the node waits no
    longer. `FlowCoreRunnable.resume` answers.
    """

    def __init__(self, workflow_id: str, interrupts: list[dict[str, Any]]) -> None:
        self.interrupts = interrupts
        asked = "; ".join(f'"{i["node_id"]}" asks {_short(i["prompt"])}' for i in interrupts)
        node = interrupts[0]["node_id"] if interrupts else "NODE"
        super().__init__(
            f"the run {workflow_id} waits for an answer: {asked}. Give it with "
            f'.resume("{workflow_id}", "{node}", output) or '
            f"POST /workflows/{workflow_id}/nodes/{urllib.parse.quote(node, safe='')}/resume",
            workflow_id,
        )


class FlowCoreRunnable(RunnableSerializable[Any, Any]):
    """A workflow of a Flow Core server as a Runnable: its input is the run's input, its output the run's output.

    What is asked of the server is the same for the synchronous and the asynchronous methods.
    """

    model_config = ConfigDict(
        extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True, protected_namespaces=()
    )

    url: str
    """Where the server is, such as `https://flows.example.com`; with a path when it is not at the root."""
    workflow: dict[str, Any] | None = None
    """The workflow itself; or else a `definition`."""
    definition: str | None = None
    """The name of a stored workflow, which is its latest version, or `name@version`."""
    backend: str | None = None
    """What executes the nodes; the workflow's or the server's choice when it is left out."""
    variables: dict[str, Any] | None = None
    """What runs carry along as their `variables`."""
    durability: Literal["full", "none"] | None = None
    """`none` keeps runs in the server's memory alone."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Marks of every run, by which the server finds it."""
    label_config: bool = True
    """Whether the name, the tags and the metadata of the `RunnableConfig` become labels too."""
    api_key: SecretStr | None = None
    """The key for the server."""
    ca_file: str | None = None
    """Certificates to trust in place of the system's."""
    stream_node: str | None = None
    """The node whose chunks `stream` and `astream` hand out; the run's output alone when it is left out."""
    on_restart: Literal["raise", "continue"] = "raise"
    """What to do when the streamed node is tried again after chunks: raise, or hand out the new ones as well."""
    idempotency_key: Callable[[Any], str] | None = None
    """Makes of an input the key by which an invocation is known, so that it starts one run however often it is made."""
    timeout: float | None = Field(default=None, gt=0)
    """After how many seconds a run is given up and cancelled."""
    first_wait: float = Field(default=2.0, ge=0, le=60)
    """How many seconds the submission waits for the run's end. Later requests wait longer, up to `longest_wait`."""
    longest_wait: float = Field(default=15.0, ge=0.05, le=300)
    """How many seconds one request waits for the run's end; a run that waits for an answer is noticed between two."""
    request_timeout: float = Field(default=30.0, gt=0)
    """After how many seconds without a byte, beyond those asked for, a connection counts as broken."""
    retry_for: float = Field(default=5.0, ge=0)
    """For how many seconds a server that is away (or says 429 or 503) is tried again."""

    @field_validator("url")
    @classmethod
    def _check_url(cls, value: str) -> str:
        parts = urllib.parse.urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("expected an absolute URL of http or https")
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError("expected a URL without credentials, query and fragment; the key goes into api_key")
        _ = parts.port
        if not all("!" <= character <= "~" for character in value):
            raise ValueError("expected a URL of visible ASCII characters")
        return value.rstrip("/")

    @field_validator("api_key")
    @classmethod
    def _check_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _is_visible(value.get_secret_value()):
            raise ValueError("expected visible ASCII characters")
        return value

    @model_validator(mode="after")
    def _check_choice(self) -> FlowCoreRunnable:
        if (self.workflow is None) == (self.definition is None):
            raise ValueError("expected a workflow or the name of a definition, and not both")
        if self.name is None:
            self.name = str((self.workflow or {}).get("name") or self.definition)
        return self

    # Invoking

    def invoke(
        self, input: Any, config: RunnableConfig | None = None, *, idempotency_key: str | None = None, **kwargs: Any
    ) -> Any:
        """Runs the workflow to its end.

        Args:
            input: The run's input: a JSON value, or prompts, messages and pydantic models as they stand for one.
            config: Its name, tags and metadata become labels of the run.
            idempotency_key: Names this invocation: a repeated one with the same input gives the same run.

        Returns:
            The run's output.

        Raises:
            RunFailed, RunCancelled, RunInterrupted, RunTimedOut: As the run ended.
            RequestRefused, ServerUnreachable, InputNotJSON: When it does not come so far.
        """
        _refuse(kwargs)
        name = ensure_config(config).get("run_name")
        return self._call_with_config(self._invoke, input, config, run_name=name, key=idempotency_key)

    async def ainvoke(
        self, input: Any, config: RunnableConfig | None = None, *, idempotency_key: str | None = None, **kwargs: Any
    ) -> Any:
        """Does the same as `invoke`; the run is cancelled when the task is."""
        _refuse(kwargs)
        name = ensure_config(config).get("run_name")
        return await self._acall_with_config(self._ainvoke, input, config, run_name=name, key=idempotency_key)

    def stream(
        self, input: Any, config: RunnableConfig | None = None, *, idempotency_key: str | None = None, **kwargs: Any
    ) -> Iterator[Any]:
        """Runs the workflow and hands out the chunks of `stream_node` as they come.

        A chunk `{"content": text}`, as `llm` nodes make them, is handed out as the text. Without a `stream_node`, or
        when the node made no chunks, the run's output comes in one piece. Who stops reading cancels the run.
        """
        _refuse(kwargs)
        if self.stream_node is None:
            yield self.invoke(input, config, idempotency_key=idempotency_key)
            return
        name = ensure_config(config).get("run_name")
        yield from self._transform_stream_with_config(
            iter([input]), self._stream, config, run_name=name, key=idempotency_key
        )

    async def astream(
        self, input: Any, config: RunnableConfig | None = None, *, idempotency_key: str | None = None, **kwargs: Any
    ) -> AsyncIterator[Any]:
        """Does the same as `stream`; the run is cancelled when the task is, or the iterator is closed."""
        _refuse(kwargs)
        if self.stream_node is None:
            yield await self.ainvoke(input, config, idempotency_key=idempotency_key)
            return

        async def inputs() -> AsyncIterator[Any]:
            yield input

        name = ensure_config(config).get("run_name")
        pieces = self._atransform_stream_with_config(
            inputs(), self._astream, config, run_name=name, key=idempotency_key
        )
        try:
            async for piece in pieces:
                yield piece
        finally:
            # Not when the collector comes by: the run shall end now. An event loop that ends closes it by itself.
            with suppress(RuntimeError):
                await pieces.aclose()  # type: ignore[attr-defined]

    # Runs that are known by their id

    def result(self, workflow_id: str) -> Any:
        """Waits for the end of a run and gives its output, as `invoke` does. The run is not cancelled by leaving."""
        return self._drive(self._outcome(self._known(workflow_id), None))

    async def aresult(self, workflow_id: str) -> Any:
        """Does the same as `result`."""
        return await self._adrive(self._outcome(self._known(workflow_id), None))

    def resume(self, workflow_id: str, node_id: str, output: Any = None, *, error: dict[str, Any] | None = None) -> Any:
        """Answers a node that waits, with its output or with an error, and waits for the run's end as `result` does.

        Args:
            workflow_id: The run, as `RunInterrupted` tells it.
            node_id: The node, as `RunInterrupted` tells it.
            output: The answer, which becomes the node's output.
            error: In place of it, why the node fails: `message`, and perhaps `code`, `retriable`, `details`.
        """
        return self._drive(self._resumed(workflow_id, node_id, output, error))

    async def aresume(
        self, workflow_id: str, node_id: str, output: Any = None, *, error: dict[str, Any] | None = None
    ) -> Any:
        """Does the same as `resume`."""
        return await self._adrive(self._resumed(workflow_id, node_id, output, error))

    # The two ways of doing what the steps below say

    def _invoke(
        self, input: Any, run_manager: Any, config: RunnableConfig, *, run_name: Any = None, key: str | None = None
    ) -> Any:
        run = self._prepared(input, config, run_name, run_manager.run_id, key)
        try:
            return self._drive(self._ended(run))
        except _LEAVING:
            self._drive(self._abandoned(run, lambda: run.is_accepted, patience=1))
            raise

    async def _ainvoke(
        self, input: Any, run_manager: Any, config: RunnableConfig, *, run_name: Any = None, key: str | None = None
    ) -> Any:
        run = self._prepared(input, config, run_name, run_manager.run_id, key)
        try:
            return await self._aguarded(run, self._ended(run))
        except _LEAVING:
            await self._aabandon(run)
            raise

    def _stream(
        self,
        inputs: Iterator[Any],
        run_manager: Any,
        config: RunnableConfig,
        *,
        run_name: Any = None,
        key: str | None = None,
    ) -> Iterator[Any]:
        run = self._prepared(next(inputs), config, run_name, run_manager.run_id, key)
        follower = _Follower(self.stream_node or "", self.on_restart, run)
        try:
            self._drive(self._submitted(run, wait=0))
            while not follower.has_ended:
                try:
                    with _Connection(self, self._events(run, follower)) as connection:
                        self._check_stream(run, connection.status)
                        while data := connection.read():
                            yield from follower.feed(data)
                            if follower.is_asking:
                                self._drive(self._checked(run, follower))
                    if not follower.has_ended:
                        raise ServerUnreachable("the stream of events ended too early")
                except ServerUnreachable as error:
                    self._drive(self._patience(run, follower, error))
            output = self._drive(self._outcome(run, None))
            if not follower.count:
                yield output
        except _LEAVING:
            self._drive(self._abandoned(run, lambda: run.is_accepted, patience=1))
            raise

    async def _astream(
        self,
        inputs: AsyncIterator[Any],
        run_manager: Any,
        config: RunnableConfig,
        *,
        run_name: Any = None,
        key: str | None = None,
    ) -> AsyncIterator[Any]:
        run = self._prepared(await anext(inputs), config, run_name, run_manager.run_id, key)
        follower = _Follower(self.stream_node or "", self.on_restart, run)
        try:
            await self._aguarded(run, self._submitted(run, wait=0))
            while not follower.has_ended:
                try:
                    async with _Connection(self, self._events(run, follower)) as connection:
                        self._check_stream(run, connection.status)
                        while data := await connection.aread():
                            for piece in follower.feed(data):
                                yield piece
                            if follower.is_asking:
                                await self._adrive(self._checked(run, follower))
                    if not follower.has_ended:
                        raise ServerUnreachable("the stream of events ended too early")
                except ServerUnreachable as error:
                    await self._adrive(self._patience(run, follower, error))
            output = await self._adrive(self._outcome(run, None))
            if not follower.count:
                yield output
        except _LEAVING:
            await self._aabandon(run)
            raise

    def _drive(self, steps: _Steps[T]) -> T:
        """Does what steps ask for, one after the other."""
        move: Callable[[Any], _Request | _Pause] = steps.send
        value: Any = None
        while True:
            try:
                effect = move(value)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            try:
                if isinstance(effect, _Pause):
                    time.sleep(effect.seconds)
                    move, value = steps.send, None
                else:
                    with _Connection(self, effect) as connection:
                        move, value = steps.send, connection.whole()
            except ServerUnreachable as error:
                move, value = steps.throw, error

    async def _adrive(self, steps: _Steps[T]) -> T:
        """Does what steps ask for, one after the other."""
        move: Callable[[Any], _Request | _Pause] = steps.send
        value: Any = None
        while True:
            try:
                effect = move(value)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            try:
                if isinstance(effect, _Pause):
                    await asyncio.sleep(effect.seconds)
                    move, value = steps.send, None
                else:
                    async with _Connection(self, effect) as connection:
                        move, value = steps.send, await connection.awhole()
            except ServerUnreachable as error:
                move, value = steps.throw, error

    async def _aguarded(self, run: _Run, steps: _Steps[T]) -> T:
        """Does what steps ask for; when the task is cancelled, they go on until the run is cancelled too."""
        work = asyncio.ensure_future(self._adrive(steps))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            try:
                await self._aabandon(run, work)
            finally:
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)
            raise

    async def _aabandon(self, run: _Run, work: asyncio.Future[Any] | None = None) -> None:
        is_settled = work.done if work else lambda: True
        task = asyncio.ensure_future(self._adrive(self._abandoned(run, is_settled, patience=5)))
        # Whoever cancels once more does not leave the run behind.
        _abandoning.add(task)
        task.add_done_callback(_abandoning.discard)
        await asyncio.shield(task)

    # What is asked of the server, in steps that know nothing of how it is asked

    def _ended(self, run: _Run) -> _Steps[Any]:
        """Submits a run and waits for its output."""
        state = yield from self._submitted(run, self.first_wait)
        return (yield from self._outcome(run, state))

    def _submitted(self, run: _Run, wait: float) -> _Steps[dict[str, Any]]:
        seconds = int(max(0, min(wait, run.remaining)))
        headers = {"Prefer": f"return=minimal, wait={seconds}" if seconds else "return=minimal"}
        headers["Idempotency-Key"] = run.key
        run.is_sent = True
        try:
            request = self._request("POST", "/workflows", run.body, headers, waiting=seconds)
            state = yield from self._asked(request)
        except RequestRefused:
            run.is_sent = False
            raise
        except ServerUnreachable as error:
            error.workflow_id = run.id  # It may be there all the same.
            raise
        run.is_accepted = True
        return state

    def _outcome(self, run: _Run, state: dict[str, Any] | None) -> _Steps[Any]:
        """Waits for a run whose last known state is `state`."""
        wait = self.first_wait
        while True:
            status = state["status"] if state else None
            if state and status == "interrupted" and "nodes" not in state:
                state = yield from self._asked(self._request("GET", run.path), run.id)
                continue
            if state and status in ("completed", "failed", "cancelled"):
                run.has_ended = True
                if status == "completed":
                    return state["output"]
                error = state.get("error") or {}
                if status == "cancelled":
                    raise RunCancelled(f"the run {run.id} was cancelled: {error.get('message')}", run.id)
                raise (yield from self._failure(run, error))
            if state and status == "interrupted":
                asked = [
                    {"node_id": node_id, **node["interrupt"]}
                    for node_id, node in state["nodes"].items()
                    if node.get("interrupt")
                ]
                if asked:
                    raise RunInterrupted(run.id, asked)
            run.check()
            wait = max(0.05, min(max(wait * 2, 1), self.longest_wait, run.remaining))
            path = f"{run.path}?wait={math.ceil(wait * 1000)}ms"
            state = yield from self._asked(self._request("GET", path, waiting=wait), run.id)

    def _failure(self, run: _Run, error: dict[str, Any]) -> _Steps[RunFailed]:
        """The error of a run, with what only the node tells."""
        details = error.get("details")
        node_id = details.get("node_id") if isinstance(details, dict) else None
        message = str(error.get("message"))
        if node_id is not None:
            path = f"{run.path}/nodes/{urllib.parse.quote(str(node_id), safe='')}"
            try:
                node = yield from self._asked(self._request("GET", path), run.id)
                error = node.get("error") or error
            except FlowCoreError:
                pass  # What the run tells is enough to raise.
        return RunFailed(run.id, error, node_id, message)

    def _resumed(self, workflow_id: str, node_id: str, output: Any, error: dict[str, Any] | None) -> _Steps[Any]:
        run = self._known(workflow_id)
        body = _written({"output": _json(output)} if error is None else {"error": _json(error)})
        path = f"{run.path}/nodes/{urllib.parse.quote(node_id, safe='')}/resume"
        # Not tried again: the first answer counts, and its repetition would be refused.
        state = yield from self._asked(self._request("POST", path, body), run.id, patience=0)
        return (yield from self._outcome(run, state))

    def _checked(self, run: _Run, follower: _Follower) -> _Steps[None]:
        """Raises when a run waits for an answer, unless it came meanwhile."""
        follower.is_asking = False
        state = yield from self._asked(self._request("GET", run.path), run.id)
        if state["status"] == "interrupted":
            yield from self._outcome(run, state)

    def _patience(self, run: _Run, follower: _Follower, error: ServerUnreachable) -> _Steps[None]:
        """Waits before a stream is opened again, unless it has been away for too long."""
        run.check()
        now = time.monotonic()
        follower.broken_since = follower.broken_since or now
        if now - follower.broken_since >= self.retry_for:
            error.workflow_id = run.id
            raise error
        yield _Pause(follower.delay)
        follower.delay = min(follower.delay * 2, 2)

    def _abandoned(self, run: _Run, is_settled: Callable[[], bool], patience: float) -> _Steps[None]:
        """Cancels a run that nobody waits for any more, and whose submission may still be under way."""
        if not run.is_sent or run.has_ended or run.is_abandoned:
            return
        run.is_abandoned = True
        until = time.monotonic() + patience
        why: Any = None
        body = _written({"reason": "nobody waits for the run any more"})
        while why is None or time.monotonic() < until:
            was_settled = is_settled()
            try:
                answer = yield self._request(
                    "POST", f"{run.path}/cancel", body, waiting=min(5 - self.request_timeout, 0)
                )
            except ServerUnreachable as error:
                why = error
            else:
                # 409: it has ended.
                if answer.status in (202, 409) or (answer.status == 404 and was_settled):
                    return
                why = f"status {answer.status}"
            yield _Pause(0.05)
        _log.warning("the run %s may go on, it could not be cancelled: %s", run.id, why)

    def _asked(
        self, request: _Request, workflow_id: str | None = None, patience: float | None = None
    ) -> _Steps[dict[str, Any]]:
        """Asks until there is an answer, and reads it."""
        patience = self.retry_for if patience is None else patience
        since: float | None = None
        delay = 0.1
        while True:
            try:
                answer = yield request
            except ServerUnreachable as error:
                since = since or time.monotonic()
                if error.__cause__ is not None and isinstance(error.__cause__, ssl.SSLCertVerificationError):
                    raise
                if time.monotonic() + delay - since > patience:
                    error.workflow_id = workflow_id
                    raise
            else:
                since = since or time.monotonic()
                delay = max(delay, answer.retry_after)
                if not answer.may_change or time.monotonic() + delay - since > patience:
                    return answer.read(workflow_id)
            yield _Pause(delay)
            delay = min(delay * 2, 2)

    # What runs and requests consist of

    def _prepared(self, input: Any, config: RunnableConfig, run_name: Any, trace: uuid.UUID, key: str | None) -> _Run:
        """A run that can be submitted."""
        if key is None and self.idempotency_key is not None:
            key = self.idempotency_key(input)
        if key is not None and not (isinstance(key, str) and _is_visible(key) and len(key) <= 255):
            raise ValueError("an idempotency key is a text of 1 to 255 visible ASCII characters")
        # The id is known before the server answers, so that the run can always be cancelled. What a repeated request
        # says is the same to the byte.
        workflow_id = str(uuid.uuid5(_NAMESPACE, key)) if key is not None else _new_id()
        labels = dict(self.labels)
        if self.label_config:
            labels = _labels(labels, config, run_name, trace if key is None else None)
        submission: dict[str, Any] = {"workflow_id": workflow_id, "input": _json(input), "labels": labels}
        for name in ("workflow", "definition", "backend", "variables", "durability"):
            if getattr(self, name) is not None:
                submission[name] = _json(getattr(self, name), f"({name})")
        return _Run(workflow_id, key or workflow_id, _written(submission), self._deadline())

    def _known(self, workflow_id: str) -> _Run:
        return _Run(workflow_id, "", b"", self._deadline())

    def _deadline(self) -> float:
        return math.inf if self.timeout is None else time.monotonic() + self.timeout

    def _events(self, run: _Run, follower: _Follower) -> _Request:
        follower.begin()
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(follower.position)}
        return self._request("GET", f"{run.path}/events", headers=headers, deadline=run.deadline)

    @staticmethod
    def _check_stream(run: _Run, status: int) -> None:
        """Raises when there is no stream; what may pass counts as a broken one."""
        if status in (429, 503):
            raise ServerUnreachable(f"the server answers with {status}", run.id)
        if status != 200:
            raise RequestRefused(status, {"detail": "the run's events cannot be read"}, run.id)

    def _request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None,
        waiting: float = 0, deadline: float = math.inf,
    ) -> _Request:  # fmt: skip
        fields = {"Accept": "application/json", "Connection": "close", "User-Agent": "flowcore-client-python"}
        fields.update(headers or {})
        if body is not None:
            fields["Content-Type"] = "application/json"
        if self.api_key is not None:
            fields["Authorization"] = f"Bearer {self.api_key.get_secret_value()}"
        return _Request(method, path, body, fields, waiting + self.request_timeout, deadline)


_NAMESPACE = uuid.UUID("a4ce7c0c-54f2-5b4e-9d4b-3c1f1f0f5c11")
# What makes whoever waits for a run leave it.
_LEAVING = (asyncio.CancelledError, GeneratorExit, KeyboardInterrupt, SystemExit, RunTimedOut, StreamRestarted)
_abandoning: set[asyncio.Future[None]] = set()


@dataclass
class _Run:
    """A run as far as whoever waits for it knows it."""

    id: str
    key: str
    body: bytes
    deadline: float
    is_sent: bool = False
    is_accepted: bool = False
    is_abandoned: bool = False
    has_ended: bool = False

    @property
    def path(self) -> str:
        return f"/workflows/{urllib.parse.quote(self.id, safe='')}"

    @property
    def remaining(self) -> float:
        return self.deadline - time.monotonic()

    def check(self) -> None:
        if self.remaining <= 0:
            raise RunTimedOut(f"the run {self.id} had not ended in time", self.id)


@dataclass
class _Pause:
    seconds: float


@dataclass
class _Request:
    method: str
    path: str
    body: bytes | None
    headers: dict[str, str] = field(repr=False)
    timeout: float
    deadline: float

    def time_left(self) -> float:
        """For how long the next byte may be waited for."""
        return max(0.001, min(self.timeout, self.deadline - time.monotonic()))


@dataclass
class _Answer:
    status: int
    headers: Message
    body: bytes

    @property
    def retry_after(self) -> float:
        text = self.headers.get("Retry-After", "")
        return float(text) if text.isdecimal() else 0

    @property
    def may_change(self) -> bool:
        """Whether the same request may get another answer soon: an overload, or a key that is being answered."""
        return self.status in (429, 503) or (self.status == 409 and b"problem:idempotency-key-in-use" in self.body)

    def read(self, workflow_id: str | None) -> dict[str, Any]:
        """The JSON object that the server answers with."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            value = None
        is_object = isinstance(value, dict)
        if not 200 <= self.status < 300:
            raise RequestRefused(self.status, value if is_object else {}, workflow_id)
        if not is_object:
            raise RequestRefused(self.status, {"detail": "the answer is not Flow Core's"}, workflow_id)
        return value  # type: ignore[no-any-return]


_Steps = Generator[_Request | _Pause, _Answer, T]


class _Follower:
    """Follows the events of a run over any number of connections, and picks the chunks of a node."""

    def __init__(self, node_id: str, on_restart: str, run: _Run) -> None:
        self.node_id, self.on_restart, self.run = node_id, on_restart, run
        self.position = 1  # The first event is the submission.
        self.attempt: int | None = None
        self.count = 0
        self.has_ended = self.is_asking = False
        self.broken_since: float | None = None
        self.begin()

    def begin(self) -> None:
        """A new connection begins behind the last event."""
        self.rest = bytearray()
        self.searched = 0
        self.fields: dict[str, str] = {}

    def feed(self, data: bytes) -> Iterator[Any]:
        """Takes what came, and gives out the chunks in it."""
        self.broken_since, self.delay = None, 0.1
        self.rest += data
        while (end := self.rest.find(b"\n", self.searched)) >= 0:
            line = self.rest[:end].decode("utf-8", "replace").removesuffix("\r")
            del self.rest[: end + 1]
            self.searched = 0
            if line:
                name, _, value = line.partition(":")
                self.fields[name] = value.removeprefix(" ")
                continue
            fields, self.fields = self.fields, {}
            yield from self.take(fields)
        self.searched = len(self.rest)
        self.run.check()

    delay = 0.1

    def take(self, fields: dict[str, str]) -> Iterator[Any]:
        kind = fields.get("event")
        if kind == "end":
            self.has_ended = True
        if fields.get("id", "").isdecimal():
            self.position = int(fields["id"])
        if kind == "workflow_interrupted":
            self.is_asking = True
        if kind != "chunk":
            return
        event = json.loads(fields["data"])
        if event["node_id"] != self.node_id:
            return
        if self.count and event["attempt"] != self.attempt and self.on_restart == "raise":
            raise StreamRestarted(
                f'the node "{self.node_id}" of the run {self.run.id} is tried again, and {self.count} chunks of the '
                "attempt before had been handed out",
                self.run.id,
            )
        self.attempt = event["attempt"]
        self.count += 1
        chunk = event["chunk"]
        is_text = isinstance(chunk, dict) and chunk.keys() == {"content"} and isinstance(chunk["content"], str)
        yield chunk["content"] if is_text else chunk


# Values


def _json(value: Any, pointer: str = "", depth: int = 0) -> Any:
    """A value as JSON has it: prompts and messages as `llm` nodes take them, pydantic models as their fields."""
    if value is None or isinstance(value, (bool, int, str)):
        try:
            value.encode() if isinstance(value, str) else None
        except UnicodeEncodeError:
            raise InputNotJSON(pointer, "is a text with half of a surrogate pair") from None
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InputNotJSON(pointer, f"is {value}")
        return value
    if depth > 200:
        raise InputNotJSON(pointer, "it is nested too deeply")
    if isinstance(value, StringPromptValue):
        return _json(value.text, pointer)
    if isinstance(value, PromptValue):
        return {"messages": _json(value.to_messages(), f"{pointer}/messages", depth + 1)}
    if isinstance(value, BaseMessage):
        return _json(convert_to_openai_messages(value), pointer, depth + 1)
    if isinstance(value, BaseModel):
        return _json(value.model_dump(mode="json"), pointer, depth + 1)
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise InputNotJSON(pointer, f"has a key of type {type(key).__name__}")
        return {
            _json(key, pointer): _json(member, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}", depth + 1)
            for key, member in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_json(member, f"{pointer}/{index}", depth + 1) for index, member in enumerate(value)]
    raise InputNotJSON(pointer, f"is a {type(value).__module__}.{type(value).__qualname__}")


def _written(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _labels(
    own: dict[str, str], config: RunnableConfig, run_name: str | None, trace: uuid.UUID | None
) -> dict[str, str]:
    """Labels with what a config tells, as many and as long as the server takes them."""
    labels = dict(own)

    def add(name: str, value: Any) -> None:
        if not isinstance(value, (str, int, float)) or len(labels) >= 64:
            return
        name_bytes = name.encode("utf-8", "replace")
        if len(name_bytes) <= 128 and "=" not in name:
            text = json.dumps(value) if isinstance(value, (bool, float)) else str(value)
            labels.setdefault(name_bytes.decode(), text.encode("utf-8", "replace")[:256].decode("utf-8", "ignore"))

    add("langchain.run_name", run_name)
    add("langchain.run_id", str(trace) if trace else None)
    for tag in config.get("tags") or []:
        add(f"langchain.tag.{tag}", True)
    for key, value in (config.get("metadata") or {}).items():
        if not str(key).startswith("__"):
            add(f"langchain.metadata.{key}", value)
    return labels


def _new_id() -> str:
    """A UUID of version 7, as the server makes them."""
    number = (time.time_ns() // 1_000_000) << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=number))


def _is_visible(text: str) -> bool:
    return bool(text) and all("!" <= character <= "~" for character in text)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else text[:200] + "…"


def _refuse(arguments: dict[str, Any]) -> None:
    if arguments:
        raise TypeError(f"a workflow takes no argument {', '.join(sorted(arguments))}; what it works on is its input")


# Connections


@functools.lru_cache
def _tls(ca_file: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)


class _Connection:
    """A request on a connection of its own, and its answer.

    What is read of the body comes as it arrives; the end is told by nothing.
    """

    def __init__(self, server: FlowCoreRunnable, request: _Request) -> None:
        self.parts = urllib.parse.urlsplit(server.url)
        self.path = self.parts.path + request.path
        self.tls = _tls(server.ca_file) if self.parts.scheme == "https" else None
        self.request = request
        self.headers = Message()

    def __enter__(self) -> Self:
        with self.telling():
            host, timeout = self.parts.hostname or "", self.request.time_left()
            self.http = (
                http.client.HTTPSConnection(host, self.parts.port, timeout=timeout, context=self.tls)
                if self.tls
                else http.client.HTTPConnection(host, self.parts.port, timeout=timeout)
            )
            try:
                self.http.connect()
                self.socket = self.http.sock
                # The server may answer before it has everything.
                with suppress(ConnectionResetError, BrokenPipeError):
                    self.http.request(self.request.method, self.path, self.request.body, self.request.headers)
                self.response = self.http.getresponse()
                if self.response.length is None and not self.response.chunked:
                    raise EOFError("the head breaks off")
            except BaseException:
                self.http.close()
                raise
        self.status, self.headers = self.response.status, self.response.headers
        return self

    def __exit__(self, *_: object) -> None:
        self.response.close()
        self.http.close()

    def read(self) -> bytes:
        """What has come of the body."""
        with self.telling():
            self.socket.settimeout(self.request.time_left())
            data = self.response.read1(65536)
            if not data and self.response.length:
                raise EOFError("the body breaks off")
            return data

    def whole(self) -> _Answer:
        return _Answer(self.status, self.headers, b"".join(iter(self.read, b"")))

    async def __aenter__(self) -> Self:
        with self.telling():
            async with asyncio.timeout(self.request.time_left()):
                port = self.parts.port or (443 if self.tls else 80)
                self.reader, self.writer = await asyncio.open_connection(self.parts.hostname, port, ssl=self.tls)
                try:
                    await self.aexchange()
                except BaseException:
                    self.writer.close()
                    raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()

    async def aexchange(self) -> None:
        """Sends the request and reads the head of the answer."""
        fields = {"Host": self.parts.netloc, **self.request.headers}
        if self.request.body is not None:
            fields["Content-Length"] = str(len(self.request.body))
        lines = [f"{self.request.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        # The server may answer before it has everything.
        with suppress(ConnectionResetError, BrokenPipeError):
            self.writer.write("\r\n".join([*lines, "", ""]).encode("ascii") + (self.request.body or b""))
            await self.writer.drain()
        self.status = 100
        while 100 <= self.status < 200:
            version, _, rest = (await self.reader.readline()).partition(b" ")
            if not version.startswith(b"HTTP/1."):
                raise http.client.BadStatusLine("no answer" if not version else "not HTTP")
            self.status = int(rest[:3])
            self.headers = await self.afields()
        self.is_chunked = self.headers.get("Transfer-Encoding", "").lower() == "chunked"
        # How much there is to come, of the chunk or of the whole.
        self.rest = 0 if self.is_chunked else int(self.headers.get("Content-Length", "unknown"))

    async def afields(self) -> Message:
        """Reads the fields of a head, or those behind a body."""
        lines: list[bytes] = []
        while not lines or lines[-1] not in (b"\r\n", b"\n"):
            lines.append(await self.reader.readline())
            if not lines[-1].endswith(b"\n"):
                raise EOFError("the head breaks off")
        return http.client.parse_headers(io.BytesIO(b"".join(lines)))

    async def aread(self) -> bytes:
        """What has come of the body."""
        with self.telling():
            async with asyncio.timeout(self.request.time_left()):
                if self.is_chunked and self.rest == 0:
                    self.rest = int((await self.reader.readline()).split(b";")[0], 16)
                    if self.rest == 0:
                        await self.afields()
                        self.is_chunked = False
                if self.rest == 0:
                    return b""
                data = await self.reader.read(min(self.rest, 65536))
                if not data:
                    raise EOFError("the body breaks off")
                self.rest -= len(data)
                if self.is_chunked and self.rest == 0:
                    await self.reader.readexactly(2)
                return data

    async def awhole(self) -> _Answer:
        pieces: list[bytes] = []
        while data := await self.aread():
            pieces.append(data)
        return _Answer(self.status, self.headers, b"".join(pieces))

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Whatever a connection breaks by is one error."""
        try:
            yield
        except (OSError, EOFError, http.client.HTTPException, ValueError) as error:
            what = str(error) or ("nothing came in time" if isinstance(error, TimeoutError) else "")
            place = self.request.path.partition("?")[0]
            text = f"{self.request.method} {place}: {type(error).__name__}{': ' if what else ''}{what}"
            raise ServerUnreachable(text) from error
