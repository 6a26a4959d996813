"""Invoking: inputs, outputs, failures, waits, labels, keys."""

from __future__ import annotations

import asyncio
import pathlib
import subprocess
import tempfile
import threading
import unittest
import uuid
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from langchain_core._api import LangChainBetaWarning
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate, PromptTemplate
from langchain_core.runnables import ConfigurableField, RunnableLambda, RunnableParallel
from langchain_core.tracers.context import collect_runs
from pydantic import BaseModel, SecretStr, ValidationError
from support import BINARY, Proxy, any_server, ask, program, server, until

from flowcore_client import (
    FlowCoreError,
    FlowCoreRunnable,
    InputNotJSON,
    RequestRefused,
    RunCancelled,
    RunFailed,
    RunInterrupted,
    RunTimedOut,
    ServerUnreachable,
)

ECHO = {"name": "echo", "nodes": [{"node_id": "echo", "type": "passthrough"}]}
SLOW = {"name": "slow", "nodes": [{"node_id": "slow", "type": "delay", "config": {"duration": "1h"}}]}


def node(node_id: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"node_id": node_id, "type": kind, **more}


def workflow(*nodes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "tested", "nodes": list(nodes), **more}


class ServerCase(unittest.TestCase):
    url: str
    stack: ExitStack

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = ExitStack()
        cls.url = cls.stack.enter_context(any_server())

    @classmethod
    def tearDownClass(cls) -> None:
        cls.stack.close()

    def flow(self, inline: dict[str, Any] | None = None, **more: Any) -> FlowCoreRunnable:
        if inline is not None:
            more["workflow"] = inline
        return FlowCoreRunnable(**{"url": self.url, **more})

    def run_of(self, workflow_id: str | None) -> Any:
        return ask("GET", f"{self.url}/workflows/{workflow_id}")

    def end_of(self, workflow_id: str | None) -> Any:
        return ask("GET", f"{self.url}/workflows/{workflow_id}?wait=60s")["status"]

    def runs(self, label: str) -> list[Any]:
        return ask("GET", f"{self.url}/workflows?label=test%3D{label}")["workflows"]  # type: ignore[no-any-return]


def sync(flow: Any, value: Any) -> Any:
    return flow.invoke(value)


def unblocking(flow: Any, value: Any) -> Any:
    return asyncio.run(flow.ainvoke(value))


def streaming(flow: Any, value: Any) -> Any:
    return list(flow.stream(value))


def unblocking_stream(flow: Any, value: Any) -> Any:
    async def read() -> list[Any]:
        return [piece async for piece in flow.astream(value)]

    return asyncio.run(read())


BOTH = [sync, unblocking]
EVERY = [*BOTH, streaming, unblocking_stream]


def both(flow: Any, value: Any, **more: Any) -> list[Any]:
    """What the synchronous and the asynchronous method give."""
    return [flow.invoke(value, **more), asyncio.run(flow.ainvoke(value, **more))]


class Invoking(ServerCase):
    def test_values_go_through_unchanged(self) -> None:
        values: list[Any] = [
            {},
            None,
            0,
            -1.5,
            True,
            "",
            'Grüße, 世界 👩‍👩‍👧 \u0000\u2028 "\\',
            [[], {"": [None]}],
            2**53 + 1,
        ]
        for value in values:
            with self.subTest(value=value):
                self.assertEqual(both(self.flow(ECHO), value), [value, value])

    def test_a_megabyte_goes_through(self) -> None:
        value = {"text": "ä€𝄞x" * 100_000, "list": list(range(20_000))}
        self.assertGreater(len(str(value).encode()), 1_000_000)
        self.assertEqual(both(self.flow(ECHO), value), [value, value])

    def test_prompts_messages_and_models_become_json(self) -> None:
        class Order(BaseModel):
            number: int
            item: str

        call = {"name": "f", "args": {"x": 1}, "id": "c1"}
        chat = ChatPromptTemplate.from_messages([("system", "Be brief."), ("human", "{text}")])
        self.assertEqual((PromptTemplate.from_template("Hi {text}") | self.flow(ECHO)).invoke({"text": "ä"}), "Hi ä")
        self.assertEqual(
            (chat | self.flow(ECHO)).invoke({"text": "ä"}),
            {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "ä"}]},
        )
        value = (
            Order(number=1, item="x"),
            HumanMessage("h"),
            AIMessage("", tool_calls=[call]),
            ToolMessage("r", tool_call_id="c1"),
        )
        order, human, ai, tool = self.flow(ECHO).invoke(value)
        self.assertEqual(order, {"number": 1, "item": "x"})
        self.assertEqual(human, {"role": "user", "content": "h"})
        self.assertEqual(ai["tool_calls"][0]["function"], {"name": "f", "arguments": '{"x": 1}'})
        self.assertEqual((tool["role"], tool["tool_call_id"]), ("tool", "c1"))

    def test_what_is_not_json_is_refused_with_its_place(self) -> None:
        deep: Any = []
        for _ in range(300):
            deep = [deep]
        for value, pointer in [
            ({"a/b": [1, {"~": object()}]}, "/a~1b/1/~0"), ([float("nan")], "/0"), ({"x": b""}, "/x"), ("\ud800", ""),
            ({1: 2}, ""), ({"x": {1, 2}}, "/x"), (deep, "/0" * 201), ({"\udfff": 1}, ""),
        ]:  # fmt: skip
            with self.subTest(pointer=pointer), self.assertRaises(InputNotJSON) as caught:
                self.flow(ECHO).invoke(value)
            self.assertEqual(caught.exception.pointer, pointer)

    def test_a_chain_a_batch_and_branches(self) -> None:
        flow = self.flow(workflow(node("say", "set", config={"value": "${input.upperAscii()}"})))
        prompt = PromptTemplate.from_template("hello {name}")
        chain = prompt | flow | StrOutputParser()
        self.assertEqual(both(chain, {"name": "ada"}), ["HELLO ADA"] * 2)
        self.assertEqual(list(chain.stream({"name": "ada"})), ["HELLO ADA"])
        names = [{"name": f"n{i}"} for i in range(20)]
        expected = [f"HELLO N{i}" for i in range(20)]
        self.assertEqual(chain.batch(names), expected)
        self.assertEqual(asyncio.run(chain.abatch(names, config={"max_concurrency": 5})), expected)
        self.assertEqual(list(flow.transform(iter(["a", "b"]))), ["AB"])
        branches = RunnableParallel(a=flow, b=RunnableLambda(lambda text: text[::-1]) | flow)
        self.assertEqual(both(branches, "ab"), [{"a": "AB", "b": "BA"}] * 2)

    def test_a_batch_hands_out_failures_on_demand(self) -> None:
        flow = self.flow(workflow(node("check", "fail", when="input.bad", config={"code": "bad"}), output="${input.n}"))
        good, bad = flow.batch([{"bad": False, "n": 1}, {"bad": True}], return_exceptions=True)
        self.assertEqual(good, 1)
        self.assertIsInstance(bad, RunFailed)
        with self.assertRaises(RunFailed):
            asyncio.run(flow.abatch([{"bad": True}]))

    def test_a_hundred_runs_wait_at_the_same_time(self) -> None:
        flow = self.flow(workflow(node("wait", "approval")), first_wait=60, labels={"test": "hundred"})
        waiting = f"{self.url}/workflows?status=interrupted&label=test%3Dhundred&limit=200"

        def answer() -> None:
            # Nobody gets an answer before all have asked.
            for run in until(lambda: (runs := ask("GET", waiting)["workflows"])[99:] and runs):
                ask(
                    "POST",
                    f"{self.url}/workflows/{run['workflow_id']}/nodes/wait/resume",
                    {"output": run["workflow_id"]},
                )

        async def all_of_them() -> Any:
            return await asyncio.gather(asyncio.to_thread(answer), *(flow.ainvoke({}) for _ in range(100)))

        self.assertEqual(len(set(asyncio.run(all_of_them())[1:])), 100)

    def test_a_workflow_is_a_tool(self) -> None:
        flow = self.flow(workflow(node("sum", "set", config={"value": "${input.a + input.b}"})))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LangChainBetaWarning)
            tool = flow.as_tool(name="sum", description="Adds.", arg_types={"a": int, "b": int})
        self.assertEqual(tool.invoke({"a": 2, "b": 3}), 5)

    def test_a_definition_runs_in_its_latest_version_or_in_one(self) -> None:
        for text in ["one", "two"]:
            ask("PUT", f"{self.url}/definitions/said", {"nodes": [node("say", "set", config={"value": text})]})
        self.assertEqual(both(self.flow(definition="said"), {}), ["two", "two"])
        self.assertEqual(self.flow(definition="said@1").invoke({}), "one")
        self.assertEqual(self.flow(definition="said@1").get_name(), "said@1")
        with self.assertRaises(RequestRefused) as caught:
            self.flow(definition="no-such").invoke({})
        self.assertIn("no-such", str(caught.exception))

    def test_the_backend_is_chosen_also_by_the_config(self) -> None:
        ask("POST", f"{self.url}/backends", {"name": "other", "type": "metered", "config": {"backend": "native"}})
        flow = self.flow(ECHO, backend="other", labels={"test": "backend"})
        chosen = flow.configurable_fields(backend=ConfigurableField(id="backend"))
        flow.invoke({})
        chosen.invoke({}, config={"configurable": {"backend": "native"}})
        self.assertEqual([run["backend"] for run in self.runs("backend")], ["native", "other"])
        with self.assertRaises(RequestRefused) as caught:
            self.flow(ECHO, backend="nobody").invoke({})
        self.assertIn("nobody", str(caught.exception))

    def test_variables_and_durability_are_handed_on(self) -> None:
        flow = self.flow(
            workflow(node("a", "set", config={"value": "${variables.x}"})), variables={"x": 7}, durability="none",
            labels={"test": "variables"},
        )  # fmt: skip
        self.assertEqual(both(flow, {}), [7, 7])
        self.assertEqual({run["durability"] for run in self.runs("variables")}, {"none"})

    def test_what_a_config_tells_becomes_labels(self) -> None:
        flow = self.flow(ECHO, labels={"test": "labels"})
        metadata = {
            "user": "Ünal",
            "n": 3,
            "x": 1.5,
            "b": True,
            "none": None,
            "list": [1],
            "__own": "x",
            "long": "ä" * 300,
            "k" * 200: 1,
        }
        config: Any = {"run_name": "mine", "tags": ["t1", "a=b"], "metadata": metadata}
        with collect_runs() as traced:
            flow.invoke({}, config)
        labels = self.runs("labels")[0]["labels"]
        self.assertEqual(
            labels,
            {
                "test": "labels", "langchain.run_name": "mine", "langchain.run_id": str(traced.traced_runs[0].id),
                "langchain.tag.t1": "true", "langchain.metadata.user": "Ünal", "langchain.metadata.n": "3",
                "langchain.metadata.x": "1.5", "langchain.metadata.b": "true", "langchain.metadata.long": "ä" * 128,
            },
        )  # fmt: skip
        self.assertEqual(traced.traced_runs[0].name, "mine")
        asyncio.run(
            (RunnableLambda(lambda x: x) | flow.with_config(run_name="second")).ainvoke(
                {}, {"tags": [str(i) for i in range(100)]}
            )
        )
        labels = self.runs("labels")[0]["labels"]
        self.assertEqual((labels["langchain.run_name"], labels["langchain.tag.0"], len(labels)), ("second", "true", 64))
        self.flow(ECHO, labels={"test": "bare"}, label_config=False).invoke({}, config)
        self.assertEqual(self.runs("bare")[0]["labels"], {"test": "bare"})

    def test_a_key_makes_repeated_invocations_one_run(self) -> None:
        flow = self.flow(ECHO, labels={"test": "key"})
        key = str(uuid.uuid4())
        self.assertEqual(both(flow, {"n": 1}, idempotency_key=key), [{"n": 1}] * 2)
        self.assertEqual(flow.bind(idempotency_key=key).invoke({"n": 1}), {"n": 1})
        self.assertEqual(len(self.runs("key")), 1)
        with self.assertRaises(RequestRefused) as caught:
            flow.invoke({"n": 2}, idempotency_key=key)
        self.assertEqual(
            (caught.exception.status, caught.exception.type), (422, "urn:flowcore:problem:idempotency-key-reused")
        )
        keyed = self.flow(ECHO, labels={"test": "keyed"}, idempotency_key=lambda order: f"{key}-{order['id']}")
        self.assertEqual(keyed.batch([{"id": 1}, {"id": 2}, {"id": 1}]), [{"id": 1}, {"id": 2}, {"id": 1}])
        self.assertEqual(len(self.runs("keyed")), 2)
        for bad in ["", "a b", "ä", "x" * 256, "a\r\nb"]:
            with self.assertRaises(ValueError):
                flow.invoke({}, idempotency_key=bad)

    def test_other_arguments_are_refused(self) -> None:
        with self.assertRaisesRegex(TypeError, "stop"):
            self.flow(ECHO).invoke({}, stop=["x"])


class Failing(ServerCase):
    def test_a_failed_run_tells_the_node_the_code_and_the_details(self) -> None:
        flow = self.flow(
            workflow(
                node("first", "passthrough"),
                node("broken", "fail", config={"code": "mine", "message": "näh", "details": {"x": [1]}}),
            )
        )
        for call in EVERY:
            with self.assertRaises(RunFailed) as caught:
                call(flow, {})
            error = caught.exception
            self.assertEqual((error.code, error.node_id, error.details), ("mine", "broken", {"x": [1]}))
            self.assertFalse(error.retriable)
            self.assertIn("näh", str(error))
            self.assertEqual(self.run_of(error.workflow_id)["status"], "failed")

    def test_a_run_that_fails_without_a_node_tells_the_code(self) -> None:
        with self.assertRaises(RunFailed) as caught:
            self.flow({**SLOW, "timeout": "50ms"}).invoke({})
        self.assertEqual((caught.exception.code, caught.exception.node_id), ("timeout", None))

    def test_langchain_falls_back_and_tries_again(self) -> None:
        broken = self.flow(workflow(node("broken", "fail")), labels={"test": "again"})
        chain = broken.with_retry(
            retry_if_exception_type=(RunFailed,), stop_after_attempt=2, wait_exponential_jitter=False
        )
        self.assertEqual(chain.with_fallbacks([RunnableLambda(lambda _: "else")]).invoke({}), "else")
        self.assertEqual(len(self.runs("again")), 2)

    def test_a_refused_workflow_tells_every_place(self) -> None:
        flow = self.flow(workflow(node("a", "no-such-type"), node("b", "set")), labels={"test": "refused"})
        for call in BOTH:
            with self.assertRaises(RequestRefused) as caught:
                call(flow, {})
            error = caught.exception
            self.assertEqual(error.status, 422)
            pointers = {issue["pointer"] for issue in error.errors}
            self.assertIn("/workflow/nodes/0/type", pointers)
            self.assertTrue(any(pointer.startswith("/workflow/nodes/1") for pointer in pointers))
            self.assertIn("/workflow/nodes/0/type", str(error))
        self.assertEqual(self.runs("refused"), [])

    def test_a_body_that_is_too_large_is_refused(self) -> None:
        for call in BOTH:
            with self.assertRaises((RequestRefused, ServerUnreachable)) as caught:
                call(self.flow(ECHO, retry_for=0), "x" * 12_000_000)
            if isinstance(caught.exception, RequestRefused):
                self.assertEqual(caught.exception.status, 413)

    def test_a_run_that_somebody_cancels_is_told(self) -> None:
        flow = self.flow(SLOW, labels={"test": "cancelled"})
        thread = threading.Thread(
            target=lambda: ask(
                "POST",
                f"{self.url}/workflows/{until(lambda: self.runs('cancelled'))[0]['workflow_id']}/cancel",
                {"reason": "enough"},
            )
        )
        thread.start()
        with self.assertRaises(RunCancelled) as caught:
            flow.invoke({})
        thread.join()
        self.assertIn("enough", str(caught.exception))

    def test_nobody_there_and_nonsense(self) -> None:
        lost = FlowCoreRunnable(url="http://127.0.0.1:1", workflow=ECHO, retry_for=0.2)
        for call in BOTH:
            with self.assertRaises(ServerUnreachable) as caught:
                call(lost, {})
            self.assertIsInstance(caught.exception, ConnectionError)
        # Something else answers under the URL.
        other = FlowCoreRunnable(url=f"{self.url}/nowhere", workflow=ECHO)
        for call in BOTH:
            with self.assertRaises(RequestRefused) as refused:
                call(other, {})
            self.assertEqual(refused.exception.status, 404)

    def test_a_broken_submission_is_repeated_and_starts_one_run(self) -> None:
        for call in BOTH:
            for limit in [0, 20, 300]:
                label = f"{call.__name__}-{limit}"
                limits: list[int | None] = [limit, None]
                with Proxy(self.url, self.taking(limits)) as proxy:
                    flow = self.flow(ECHO, url=proxy.url, labels={"test": label})
                    self.assertEqual(call(flow, {"x": 1}), {"x": 1})
                self.assertEqual(limits, [])
                self.assertEqual(len(self.runs(label)), 1)

    @staticmethod
    def taking(limits: list[int | None]) -> Callable[[bytes], int | None]:
        return lambda head: limits.pop(0)

    def test_constructions_that_cannot_work_are_refused_without_the_secret(self) -> None:
        good: dict[str, Any] = {"url": "http://h", "workflow": ECHO}
        changes: list[dict[str, Any]] = [
            {"workflow": None}, {"definition": "x"}, {"url": "h"}, {"url": "ftp://h"}, {"url": "http://u:hidden@h"},
            {"url": "http://h?x=hidden"}, {"url": "http://h:99999"}, {"url": "http://h/ä"},
            {"api_key": "hidden\r\nX: y"},
            {"api_key": ""}, {"no_such": 1}, {"durability": "some"}, {"longest_wait": 0}, {"timeout": 0},
        ]  # fmt: skip
        for change in changes:
            with self.subTest(change=change), self.assertRaises(ValidationError) as caught:
                FlowCoreRunnable(**{**good, **change})
            self.assertNotIn("hidden", str(caught.exception))


class Waiting(ServerCase):
    ASKING = workflow(
        node("review", "approval", config={"prompt": {"ship": "${input.id}"}}),
        node("ship", "set", config={"value": "${nodes.review.output}"}),
    )

    def test_a_run_that_waits_tells_what_is_asked_and_is_resumed(self) -> None:
        flow = self.flow(self.ASKING, first_wait=1)
        following = self.flow(self.ASKING, stream_node="ship")
        for call, asking in [(sync, flow), (streaming, following)]:
            with self.assertRaises(RunInterrupted) as caught:
                call(asking, {"id": 7})
            error = caught.exception
            self.assertEqual(error.interrupts, [{"node_id": "review", "prompt": {"ship": 7}, "deadline": None}])
            self.assertIn('{"ship": 7}', str(error))
            self.assertIn("/nodes/review/resume", str(error))
            self.assertEqual(self.run_of(error.workflow_id)["status"], "interrupted")
            workflow_id = error.workflow_id or ""
            self.assertEqual(flow.resume(workflow_id, "review", {"by": "Ädä"}), {"by": "Ädä"})
            self.assertEqual(flow.result(workflow_id), {"by": "Ädä"})
            with self.assertRaises(RequestRefused) as refused:
                flow.resume(workflow_id, "review", 1)
            self.assertEqual(refused.exception.status, 409)

    def test_each_question_of_a_body_is_asked_and_answered(self) -> None:
        review = node("review", "approval", config={"prompt": "${item}?"})
        flow = self.flow(
            workflow(node("each", "for_each", config={"items": "${input}", "nodes": [review]})), first_wait=1
        )
        with self.assertRaises(RunInterrupted) as caught:
            flow.invoke(["a", "b"])
        workflow_id = caught.exception.workflow_id or ""
        asked = {interrupt["node_id"]: interrupt["prompt"] for interrupt in caught.exception.interrupts}
        self.assertEqual(asked, {"each[0].review": "a?", "each[1].review": "b?"})
        self.assertIn("/nodes/each%5B0%5D.review/resume", str(caught.exception))
        with self.assertRaises(RunInterrupted) as caught:
            flow.resume(workflow_id, "each[0].review", 1)
        self.assertEqual([interrupt["node_id"] for interrupt in caught.exception.interrupts], ["each[1].review"])
        self.assertEqual(flow.resume(workflow_id, "each[1].review", 2), [1, 2])

    def test_the_same_without_blocking_and_with_an_error_as_answer(self) -> None:
        flow = self.flow(self.ASKING, stream_node="ship", first_wait=1)

        async def ask_and_answer() -> None:
            for call in [flow.ainvoke({"id": 7}), anext(flow.astream({"id": 7}))]:
                with self.assertRaises(RunInterrupted) as caught:
                    await call
                workflow_id = caught.exception.workflow_id or ""
                with self.assertRaises(RunFailed) as failed:
                    await flow.aresume(workflow_id, "review", error={"message": "no", "code": "mine"})
                self.assertEqual((failed.exception.code, failed.exception.node_id), ("mine", "review"))
                with self.assertRaises(RunFailed):
                    await flow.aresult(workflow_id)

        asyncio.run(ask_and_answer())

    def test_a_question_that_is_answered_meanwhile_does_not_raise(self) -> None:
        answered: set[str] = set()

        def answer(head: bytes) -> None:
            path = head.split(b" ")[1].decode()
            # The stream told of the question, and the client asks what it is.
            if head.startswith(b"GET") and len(path.split("/")) == 3 and path not in answered and "?" not in path:
                answered.add(path)
                ask("POST", f"{self.url}{path}/nodes/review/resume", {"output": 5})

        with Proxy(self.url, answer) as proxy:
            flow = self.flow(workflow(node("review", "approval")), url=proxy.url, stream_node="review")
            for call in [streaming, unblocking_stream]:
                self.assertEqual(call(flow, {}), [5])

    def test_long_runs_are_asked_for_again(self) -> None:
        asked: list[str] = []

        def cancel(head: bytes) -> None:
            path = head.split(b" ")[1].decode()
            if path.endswith("?wait=200ms"):
                asked.append(path)
                if len(asked) % 3 == 0:
                    ask("POST", f"{self.url}{path.partition('?')[0]}/cancel")

        with Proxy(self.url, cancel) as proxy:
            flow = self.flow(SLOW, url=proxy.url, first_wait=0, longest_wait=0.2)
            for call in BOTH:
                with self.assertRaises(RunCancelled):
                    call(flow, {})
        self.assertGreaterEqual(len(asked), 6)

    def test_a_run_is_given_up_after_its_time(self) -> None:
        flow = self.flow(SLOW, timeout=0.3, stream_node="slow")

        for call in EVERY:
            with self.assertRaises(RunTimedOut) as caught:
                call(flow, {})
            self.assertIsInstance(caught.exception, TimeoutError)
            self.assertEqual(self.end_of(caught.exception.workflow_id), "cancelled")


class Cancelling(ServerCase):
    def status(self, label: str) -> Any:
        return self.end_of(self.runs(label)[0]["workflow_id"])

    async def cancel(self, chain: Any, label: str) -> None:
        task = asyncio.ensure_future(chain.ainvoke({}))
        while not await asyncio.to_thread(self.runs, label):
            pass
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task

    def test_a_cancelled_task_cancels_the_run(self) -> None:
        for name, wait in [("waiting", 60), ("asking", 0)]:
            flow = self.flow(SLOW, labels={"test": name}, first_wait=wait)

            asyncio.run(self.cancel(flow | RunnableLambda(lambda x: x), name))
            self.assertEqual(self.status(name), "cancelled")

    def test_a_task_that_is_cancelled_while_it_submits_leaves_no_run_behind(self) -> None:
        flow = self.flow(SLOW, labels={"test": "early"})

        async def cancel(steps: int) -> None:
            task = asyncio.ensure_future(flow.ainvoke({}))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task

        for steps in range(1, 30):
            asyncio.run(cancel(steps))
        self.assertEqual({self.end_of(run["workflow_id"]) for run in self.runs("early")} - {"cancelled"}, set())

    def test_a_time_limit_of_asyncio_cancels_the_run(self) -> None:
        flow = self.flow(SLOW, labels={"test": "limit"})

        async def limited() -> None:
            async with asyncio.timeout(None) as limit:
                waiting = asyncio.ensure_future(flow.ainvoke({}))
                while not await asyncio.to_thread(self.runs, "limit"):
                    pass
                limit.reschedule(asyncio.get_running_loop().time())
                await waiting

        with self.assertRaises(TimeoutError) as caught:
            asyncio.run(limited())
        self.assertNotIsInstance(caught.exception, FlowCoreError)
        self.assertEqual(self.status("limit"), "cancelled")

    def test_an_interrupt_from_the_keyboard_cancels_the_run(self) -> None:
        import _thread

        flow = self.flow(SLOW, labels={"test": "keyboard"})

        def interrupt() -> None:
            until(lambda: self.runs("keyboard"))
            _thread.interrupt_main()

        thread = threading.Thread(target=interrupt)
        thread.start()
        with self.assertRaises(KeyboardInterrupt):
            flow.model_copy(update={"first_wait": 0, "longest_wait": 0.1}).invoke({})
        thread.join()
        self.assertEqual(self.status("keyboard"), "cancelled")


class Guarded(unittest.TestCase):
    KEY = "viewer-key-0123456789"

    def test_keys_are_sent_and_stand_in_no_text(self) -> None:
        with server(FLOWCORE_AUTH_API_KEYS=f"admin:admin-key-0123456789,viewer:{self.KEY}") as url:
            flow = FlowCoreRunnable(url=url, workflow=ECHO, api_key=SecretStr("admin-key-0123456789"))
            self.assertEqual(both(flow, {"x": 1}), [{"x": 1}] * 2)
            self.assertEqual(list(flow.model_copy(update={"stream_node": "echo"}).stream(1)), [1])
            for key, status in [(None, 401), ("wrong-key-0123456789", 401), (self.KEY, 403)]:
                flow = FlowCoreRunnable(url=url, workflow=ECHO, api_key=SecretStr(key) if key else None)
                for call in BOTH:
                    with self.assertRaises(RequestRefused) as caught:
                        call(flow, {})
                    self.assertEqual(caught.exception.status, status)
                    texts = [
                        str(caught.exception),
                        repr(caught.exception),
                        repr(vars(caught.exception)),
                        repr(flow),
                        str(flow),
                        str(flow.to_json()),
                    ]
                    for text in texts:
                        self.assertNotIn(key or "no key", text)

    def test_tls_with_a_certificate_of_ones_own(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            certificate, key = pathlib.Path(folder, "certificate.pem"), pathlib.Path(folder, "key.pem")
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                 "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
                check=True, capture_output=True,
            )  # fmt: skip
            with server(FLOWCORE_TLS_CERTIFICATE=str(certificate), FLOWCORE_TLS_KEY=str(key)) as url:
                self.assertTrue(url.startswith("https://"))
                flow = FlowCoreRunnable(url=url, workflow=ECHO, ca_file=str(certificate), stream_node="echo")
                value = {"text": "ä" * 200_000}
                self.assertEqual(both(flow, value), [value, value])
                self.assertEqual(list(flow.stream(value)), [value])
                for call in BOTH:
                    with self.assertRaisesRegex(ServerUnreachable, "(?i)certificate"):
                        call(FlowCoreRunnable(url=url, workflow=ECHO, retry_for=60), {})

    def test_a_run_outlives_a_restart_of_the_server(self) -> None:
        definition = workflow(node("review", "approval"), node("wait", "delay", config={"duration": "1s"}))
        with tempfile.TemporaryDirectory() as data, ExitStack() as programs:
            words = [BINARY, "serve", "--data", data, "--port"]
            url = programs.enter_context(program([*words, "0"]))
            flow = FlowCoreRunnable(url=url, workflow=definition, first_wait=1, retry_for=60)
            with self.assertRaises(RunInterrupted) as caught:
                flow.invoke({})
            workflow_id = caught.exception.workflow_id or ""
            ask("POST", f"{url}/workflows/{workflow_id}/nodes/review/resume", {"output": "yes"})

            async def wait() -> Any:
                task = asyncio.ensure_future(flow.aresult(workflow_id))
                await asyncio.sleep(0)
                await asyncio.to_thread(programs.close)
                await asyncio.to_thread(programs.enter_context, program([*words, url.rpartition(":")[2]]))
                return await task

            self.assertEqual(asyncio.run(wait()), "yes")


if __name__ == "__main__":
    unittest.main()
