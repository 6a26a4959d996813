"""Which parts of its result a Runnable has to hand out."""

import inspect

from langchain_core.language_models import BaseLanguageModel
from langchain_core.runnables import (
    Runnable,
    RunnableGenerator,
    RunnableLambda,
    RunnableParallel,
    RunnableSequence,
)
from langchain_core.runnables.base import RunnableBindingBase


def parts_of(runnable):
    """Which parts there are: the Runnable's ``own``, or none."""
    return "own" if _streams(runnable) else None


def _streams(runnable):
    """Whether a Runnable hands out parts of its result as they come, rather than the whole once."""
    if isinstance(runnable, (BaseLanguageModel, RunnableGenerator)):
        return True
    if isinstance(runnable, RunnableSequence):
        steps = runnable.steps
        return any(_streams(step) and all(map(_passes, steps[place + 1 :])) for place, step in enumerate(steps))
    if isinstance(runnable, RunnableParallel):
        return any(map(_streams, runnable.steps__.values()))
    if isinstance(runnable, RunnableBindingBase):
        return _streams(runnable.bound)
    if isinstance(runnable, RunnableLambda):
        return _is_generator(runnable)
    if type(runnable).__module__.startswith("langchain_core."):
        return False
    return type(runnable).astream is not Runnable.astream or type(runnable).atransform is not Runnable.atransform


def _passes(runnable):
    """Whether a Runnable makes parts of its result of parts of its input."""
    if isinstance(runnable, RunnableSequence):
        return all(map(_passes, runnable.steps))
    if isinstance(runnable, RunnableParallel):
        return any(map(_passes, runnable.steps__.values()))
    if isinstance(runnable, RunnableBindingBase):
        return _passes(runnable.bound)
    if isinstance(runnable, RunnableLambda):
        return _is_generator(runnable)
    return type(runnable).atransform is not Runnable.atransform or type(runnable).transform is not Runnable.transform


def _is_generator(runnable):
    return any(
        inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
        for function in (getattr(runnable, "func", None), getattr(runnable, "afunc", None))
    )
