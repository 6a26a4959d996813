"""Which parts of its result a Runnable has to hand out."""

import inspect
from types import FunctionType, MethodType

from langchain_core.language_models import BaseLanguageModel
from langchain_core.runnables import (
    Runnable,
    RunnableGenerator,
    RunnableLambda,
    RunnableParallel,
    RunnableSequence,
)
from langchain_core.runnables.base import RunnableBindingBase

_LOOKED_AT = 2000


def parts_of(runnable):
    """Which parts there are: the Runnable's ``own``, the ``tokens`` of models within it, or none."""
    if _streams(runnable):
        return "own"
    return "tokens" if _holds_model(runnable) else None


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


def _holds_model(start):
    """Whether there is a model in what a Runnable is made of, as far as that can be seen without running it."""
    waiting = [start]
    seen: set[int] = set()
    while waiting and len(seen) < _LOOKED_AT:
        value = waiting.pop()
        if isinstance(value, BaseLanguageModel):
            return True
        if id(value) not in seen:
            seen.add(id(value))
            waiting.extend(_parts(value))
    return False


def _parts(value):
    """What a value is made of: the members of collections and Runnables, and what functions name."""
    if isinstance(value, (list, tuple)):
        return value
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, Runnable):
        return list(getattr(value, "__dict__", {}).values())
    if isinstance(value, MethodType):
        return [value.__self__, value.__func__]
    if isinstance(value, FunctionType):
        named = [value.__globals__[name] for name in value.__code__.co_names if name in value.__globals__]
        for cell in value.__closure__ or ():
            try:
                named.append(cell.cell_contents)
            except ValueError:
                # It has not been given a value yet.
                continue
        return named
    return ()
