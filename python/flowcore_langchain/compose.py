"""The chain of LangChain that a run's nodes make."""

import asyncio
import copy

from langchain_core.runnables import Runnable, RunnableBranch, RunnableLambda, RunnableParallel, RunnableSequence

from . import values
from .steps import StepFailed


class ChainEnded(Exception):
    """The chain goes no further; whatever there is to be told has been."""


class _Broken:
    """Stands for the result of a branch that has none."""


_BROKEN = _Broken()


def compose(request):
    """The chain of a request's steps."""
    shape = request.message.get("shape")
    if shape is None:
        return request.steps[0] if len(request.steps) == 1 else RunnableSequence(*request.steps)
    return _made(shape, request)


def _made(shape, request):
    if isinstance(shape, int):
        return request.steps[shape]
    if isinstance(shape, list):
        for part, following in zip(shape, shape[1:]):
            # The planner is to choose, and knows of what by what the last step gave.
            if isinstance(part, int) and isinstance(following, dict) and "choice" in following:
                request.steps[part].urgent = True
        return RunnableSequence(*[_made(part, request) for part in shape])
    if "parallel" in shape:
        branches = {
            name: _Branch(request, _made(part, request), is_first=index == 0)
            for index, (name, part) in enumerate(shape["parallel"])
        }
        return RunnableSequence(RunnableParallel(branches), RunnableLambda(_whole, name="whole"))
    return _Choice(request, shape["choice"]).runnable


async def _whole(results):
    """Ends a chain of which a branch has failed."""
    if any(result is _BROKEN for result in results.values()):
        raise ChainEnded
    return results


class _Branch(Runnable):
    """A branch beside others, which go on when it fails."""

    def __init__(self, request, runnable, is_first):
        self.request = request
        self.runnable = runnable
        self.is_first = is_first

    def invoke(self, input, config=None, **kwargs):
        raise NotImplementedError

    async def ainvoke(self, input, config=None, **kwargs):
        try:
            # What one branch does to its input is not to be seen by another.
            return await self.runnable.ainvoke(input if self.is_first else _copy(input), config)
        except StepFailed as failure:
            self.request.send_error(failure.step, failure.error, b'"goes_on":true,')
        except ChainEnded:
            pass
        return _BROKEN


def _copy(value):
    try:
        return copy.deepcopy(value)
    except Exception:
        return values.again(value)


class _Choice:
    """A branching whose conditions are the planner's: it waits for what that has chosen."""

    def __init__(self, request, shapes):
        self.chosen = asyncio.get_running_loop().create_future()
        heads = [_head(shape) for shape in shapes]
        for head in heads:
            request.choices[head] = self
        *others, last = [_made(shape, request) for shape in shapes]
        conditions = [RunnableLambda(self._is(head), name="is_chosen") for head in heads]
        nothing = RunnableLambda(_ended, name="nothing")
        self.runnable = RunnableBranch(*zip(conditions, [*others, last]), nothing)

    def choose(self, head):
        if not self.chosen.done():
            self.chosen.set_result(head)

    def _is(self, head):
        async def is_chosen(_):
            # Shielded: whoever is cancelled in waiting must not cancel what others wait for.
            return await asyncio.shield(self.chosen) == head

        return is_chosen


async def _ended(_):
    raise ChainEnded


def _head(shape):
    while isinstance(shape, list):
        shape = shape[0]
    return shape
