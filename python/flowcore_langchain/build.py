"""Makes Runnables of the configurations of nodes."""

import asyncio
import inspect
import json
from collections import OrderedDict

from langchain_core.load import load
from langchain_core.load.mapping import (
    OLD_CORE_NAMESPACES_MAPPING,
    SERIALIZABLE_MAPPING,
    _JS_SERIALIZABLE_MAPPING,
    _OG_SERIALIZABLE_MAPPING,
)
from langchain_core.runnables import Runnable
from langchain_core.runnables.base import coerce_to_runnable

from .allow import Refused
from .parts import parts_of
from .values import revive

_PATHS = {
    **_JS_SERIALIZABLE_MAPPING,
    **_OG_SERIALIZABLE_MAPPING,
    **OLD_CORE_NAMESPACES_MAPPING,
    **SERIALIZABLE_MAPPING,
}
_KEPT = 256


class Builder:
    """Makes each Runnable once, as LangChain's are made to be used over and over."""

    def __init__(self, allow):
        self.allow = allow
        self.made = OrderedDict()

    def known(self, config):
        """The key of a configuration, and what was made of it before."""
        key = json.dumps(config, sort_keys=True)
        found = self.made.get(key)
        if found is not None:
            self.made.move_to_end(key)
        return key, found

    def make(self, key, config):
        """Makes a Runnable, and tells which parts of its result there are to hand out.

        Imports and factories may take their time: not for the thread of the loop.
        """
        if "serialized" in config:
            made = self._serialized(config["serialized"])
        else:
            made = self._object(config, "factory")
        if inspect.isawaitable(made):
            made = asyncio.run(_value(made))
        if not isinstance(made, Runnable):
            try:
                made = coerce_to_runnable(made)
            except TypeError:
                kind = f"{type(made).__module__}.{type(made).__qualname__}"
                raise Refused(f"what was made is no Runnable but of type {kind}") from None
        made = self.made[key] = (made, parts_of(made))
        while len(self.made) > _KEPT:
            self.made.popitem(last=False)
        return made

    def _object(self, spec, field):
        found = self.allow.resolve(spec[field])
        args, kwargs = spec.get("args"), spec.get("kwargs")
        if isinstance(found, Runnable) and args is None and kwargs is None:
            return found
        if not callable(found):
            raise Refused(f"{spec[field]} can neither be run nor called")
        return found(*[self._argument(arg) for arg in args or []], **self._argument(kwargs or {}, top=True))

    def _argument(self, value, top=False):
        if isinstance(value, list):
            return [self._argument(element) for element in value]
        if not isinstance(value, dict):
            return value
        if not top:
            if "$factory" in value:
                return self._object(value, "$factory")
            if "$import" in value:
                return self.allow.resolve(value["$import"])
            if value.get("lc") == 1:
                return revive(value)
        return {name: self._argument(member) for name, member in value.items()}

    def _serialized(self, value):
        self._check(value)
        try:
            return load(value, allowed_objects="all", secrets_from_env=False)
        except (ValueError, NotImplementedError, ImportError) as error:
            raise Refused(f"the serialized object cannot be loaded: {error}") from error

    def _check(self, value, depth=0):
        if depth > 200:
            raise Refused("the serialized object is nested too deep")
        if isinstance(value, list):
            for element in value:
                self._check(element, depth + 1)
        elif isinstance(value, dict):
            if value.get("lc") == 1:
                kind, names = value.get("type"), value.get("id")
                if kind != "constructor":
                    raise Refused(f"the serialized object holds a part of type {kind!r}, which is not loaded")
                if not isinstance(names, list) or len(names) < 2 or not all(isinstance(name, str) for name in names):
                    raise Refused("the serialized object holds a part whose id is no path")
                path = _PATHS.get(tuple(names), tuple(names))
                self.allow.require(".".join(path[:-1]), path[-1])
            for member in value.values():
                self._check(member, depth + 1)


async def _value(awaitable):
    return await awaitable
