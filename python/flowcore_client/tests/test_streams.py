"""Streaming: chunks as they come, over connections that break, to readers that leave."""

from __future__ import annotations

import asyncio
import gc
import logging
import unittest
from collections.abc import Iterator
from typing import Any

from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate, PromptTemplate
from langchain_core.runnables import RunnableGenerator
from langchain_core.tracers.context import collect_runs
from support import ROOT, Model, Proxy, ask, program
from test_runs import SLOW, ServerCase, node, streaming, unblocking_stream, workflow

from flowcore_client import RequestRefused, RunFailed, ServerUnreachable, StreamRestarted


def asked(model: Model, **more: Any) -> dict[str, Any]:
    """A workflow whose node `reply` asks a model what its input's messages say."""
    config = {"model": "m", "base_url": model.url, "messages": "${input.messages}"}
    return workflow(node("reply", "llm", config=config, **more), output="${nodes.reply.output.content}")


PROMPT = ChatPromptTemplate.from_messages([("system", "Be brief."), ("human", "{text}")])
TOKENS: list[str | None] = ["Grü", "ße", ", ", "世界", " 👩‍👩‍👧", "\n\n", "data: x\r\n", " "]


class Streaming(ServerCase):
    def test_tokens_come_one_by_one_through_a_chain(self) -> None:
        with Model(list(TOKENS), list(TOKENS)) as model:
            chain = PROMPT | self.flow(asked(model), stream_node="reply") | StrOutputParser()
            pieces = chain.stream({"text": "hi"})
            for token in TOKENS:
                # The model says the next one only now.
                model.go.release()
                self.assertEqual(next(pieces), token)
            self.assertEqual(list(pieces), [])

            async def read() -> None:
                pieces = chain.astream({"text": "hi"})
                for token in TOKENS:
                    model.go.release()
                    self.assertEqual(await anext(pieces), token)
                self.assertEqual([piece async for piece in pieces], [])

            asyncio.run(read())
        said = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}]
        self.assertEqual([body["messages"] for body in model.bodies], [said, said])

    def test_invoking_gives_what_the_chunks_are_together(self) -> None:
        with Model(list(TOKENS)) as model:
            model.go.release(100)
            chain = PROMPT | self.flow(asked(model), stream_node="reply") | StrOutputParser()
            self.assertEqual(chain.invoke({"text": "hi"}), "".join(str(token) for token in TOKENS))

    def test_traces_have_the_whole_and_events_the_pieces(self) -> None:
        with Model(["a", "b"], ["a", "b"]) as model:
            model.go.release(100)
            flow = self.flow(asked(model), stream_node="reply", name="replying")
            with collect_runs() as traced:
                list((PROMPT | flow).stream({"text": "hi"}))
            step = next(run for run in traced.traced_runs[0].child_runs if run.name == "replying")
            self.assertEqual(step.outputs, {"output": "ab"})

            async def read() -> list[Any]:
                events = (PROMPT | flow).astream_events({"text": "hi"}, version="v2", include_names=["replying"])
                return [e["data"]["chunk"] async for e in events if e["event"] == "on_chain_stream"]

            self.assertEqual(asyncio.run(read()), ["a", "b"])

    def test_chunks_of_a_service_in_any_language(self) -> None:
        with program(["node", str(ROOT / "docs/examples/backend.mjs"), "0"]) as url:
            ask("POST", f"{self.url}/backends", {"name": "loud", "type": "remote", "config": {"url": url}})
            flow = self.flow(workflow(node("shout", "shout")), backend="loud", stream_node="shout")
            chain = PromptTemplate.from_template("so {what}") | (lambda prompt: {"text": prompt.text}) | flow
            self.assertEqual(list(chain.stream({"what": "loud"})), ["SO", "LOUD"])
            self.assertEqual(chain.invoke({"what": "loud"}), {"text": "SO LOUD"})

            def lengths(pieces: Iterator[str]) -> Iterator[int]:
                yield from map(len, pieces)

            self.assertEqual(list((flow | RunnableGenerator(lengths)).stream({"text": "a bcd ef"})), [1, 3, 2])
            with self.assertRaises(RunFailed) as caught:
                list(flow.stream({}))
            self.assertEqual(caught.exception.node_id, "shout")
            ask("PUT", f"{self.url}/backends/loud", {"type": "metered", "config": {"backend": "native"}})

    def test_without_chunks_the_output_comes_in_one_piece(self) -> None:
        flow = self.flow(workflow(node("a", "set", config={"value": [1]})))
        for node_id in [None, "a", "no-such"]:
            flow = flow.model_copy(update={"stream_node": node_id})
            self.assertEqual(list(flow.stream({})), [[1]])
            self.assertEqual(unblocking_stream(flow, {}), [[1]])

    def test_a_megabyte_of_chunks_and_events(self) -> None:
        tokens: list[str | None] = ["ä€𝄞" * 100_000, "x" * 500_000]
        with Model(list(tokens)) as model:
            model.go.release(100)
            flow = self.flow(asked(model), stream_node="reply")
            self.assertEqual(list((PROMPT | flow).stream({"text": "y" * 1_000_000})), tokens)

    def test_a_stream_that_breaks_goes_on_where_it_was(self) -> None:
        tokens: list[str | None] = [f"<{i}>" for i in range(40)]

        def limit(head: bytes) -> int | None:
            # Every stream breaks a little later, somewhere in an event.
            if b"/events" not in head:
                return None
            streams.append(head)
            return 437 * len(streams) if len(streams) < 20 else None

        for call in [streaming, unblocking_stream]:
            streams: list[bytes] = []
            with Model(list(tokens)) as model, Proxy(self.url, limit) as proxy:
                model.go.release(100)
                flow = self.flow(asked(model), url=proxy.url, stream_node="reply", retry_for=60)
                self.assertEqual(call(PROMPT | flow, {"text": "hi"}), tokens)
            self.assertGreater(len(streams), 3)
            positions = [int(head.lower().split(b"last-event-id: ")[1].split(b"\r\n")[0]) for head in streams]
            self.assertEqual(positions[0], 1)
            self.assertEqual(sorted(positions), positions)
            self.assertGreater(positions[-1], 5)

    def test_a_stream_that_never_comes_gives_up_and_leaves_the_run(self) -> None:
        with Proxy(self.url, lambda head: 0 if b"/events" in head else None) as proxy:
            flow = self.flow(SLOW, url=proxy.url, stream_node="slow", retry_for=0.3, labels={"test": "never"})
            with self.assertRaises(ServerUnreachable) as caught:
                list(flow.stream({}))
            run = self.runs("never")[0]
            self.assertEqual((caught.exception.workflow_id, run["status"]), (run["workflow_id"], "running"))
            ask("POST", f"{self.url}/workflows/{run['workflow_id']}/cancel")
        with self.assertRaises(RequestRefused):
            list(self.flow(workflow(node("a", "no-such")), stream_node="a").stream({}))

    def test_a_node_that_begins_again_after_chunks_raises_or_goes_on(self) -> None:
        retry = {"max_attempts": 2, "initial_delay": 0}
        with Model(["a", "b", None], ["c", "d"]) as model:
            model.go.release(100)
            flow = self.flow(asked(model, retry=retry), stream_node="reply", labels={"test": "restart"})
            pieces = (PROMPT | flow).stream({"text": "hi"})
            self.assertEqual([next(pieces), next(pieces)], ["a", "b"])
            with self.assertRaises(StreamRestarted):
                next(pieces)
            self.assertIn(self.end_of(self.runs("restart")[0]["workflow_id"]), ["cancelled", "completed"])
        with Model(["a", "b", None], ["c", "d"]) as model:
            model.go.release(100)
            flow = self.flow(asked(model, retry=retry), stream_node="reply", on_restart="continue")
            self.assertEqual(list((PROMPT | flow).stream({"text": "hi"})), ["a", "b", "c", "d"])
        with Model([None], ["c", "d"]) as model:
            model.go.release(100)
            flow = self.flow(asked(model, retry=retry), stream_node="reply")
            self.assertEqual(list((PROMPT | flow).stream({"text": "hi"})), ["c", "d"])

    def test_who_stops_reading_cancels_the_run(self) -> None:
        async def leave(chain: Any, how: str) -> None:
            pieces = chain.astream({"text": "hi"})
            self.assertEqual(await anext(pieces), "a")
            if how == "close":
                await pieces.aclose()
            if how != "cancel":
                return
            task = asyncio.ensure_future(anext(pieces))
            await asyncio.sleep(0)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task

        # The generators of chains, which close each other while the loop closes them, are told of there.
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        self.addCleanup(logging.getLogger("asyncio").setLevel, logging.NOTSET)
        for name in ["break", "close", "cancel", "leave", "alone"]:
            with Model(["a", "b", "c"]) as model:
                model.go.release()
                flow = self.flow(asked(model), stream_node="reply", labels={"test": name})
                chain = PROMPT | flow
                if name == "alone":
                    pieces = flow.stream({"messages": [{"role": "user", "content": "hi"}]})
                    self.assertEqual(next(pieces), "a")
                    pieces.close()  # type: ignore[attr-defined]
                elif name == "break":
                    for piece in chain.stream({"text": "hi"}):
                        self.assertEqual(piece, "a")
                        break
                    gc.collect()
                else:
                    asyncio.run(leave(chain, name))
                self.assertEqual(self.end_of(self.runs(name)[0]["workflow_id"]), "cancelled")

    def test_many_streams_at_the_same_time(self) -> None:
        tokens: list[str | None] = ["a", "b", "c"]
        with Model(*[tokens for _ in range(30)]) as model:
            model.go.release(1000)
            flow = self.flow(asked(model), stream_node="reply")

            async def read() -> list[Any]:
                return [piece async for piece in (PROMPT | flow).astream({"text": "hi"})]

            async def all_of_them() -> Any:
                return await asyncio.gather(*(read() for _ in range(30)))

            self.assertEqual(asyncio.run(all_of_them()), [tokens] * 30)


if __name__ == "__main__":
    unittest.main()
