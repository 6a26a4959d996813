"""Values between JSON and LangChain."""

import json
import warnings

from langchain_core import messages as _messages
from langchain_core.documents import Document
from langchain_core.load import dumpd, load
from langchain_core.load.serializable import Serializable
from langchain_core.messages import BaseMessage, BaseMessageChunk, message_chunk_to_message
from langchain_core.outputs import GenerationChunk
from langchain_core.prompt_values import ChatPromptValue, ChatPromptValueConcrete, StringPromptValue

try:
    from orjson import loads
except ImportError:
    from json import loads  # type: ignore[assignment]

# Loading serialized objects is in beta as far as langchain-core is concerned, which is no news to anybody.
warnings.filterwarnings("ignore", message=r"The function `loads?` is in beta")

MARK = b'"lc":1'
"""What a line holds in which an object of LangChain stands."""

_DATA: list[type[Serializable]] = [
    cls
    for cls in (getattr(_messages, name) for name in _messages.__all__)
    if isinstance(cls, type) and issubclass(cls, BaseMessage) and cls not in (BaseMessage, BaseMessageChunk)
] + [ChatPromptValue, ChatPromptValueConcrete, StringPromptValue, Document]


class NotJSON(Exception):
    """A value that is no JSON; the message says where and what."""


def revive(value):
    """The value with the messages, prompts and documents in it as objects. Others are refused."""
    try:
        return load(value, allowed_objects=_DATA, secrets_from_env=False)
    except ValueError as error:
        # What follows is advice on how to allow it, which is not for those who hand values in.
        raise ValueError(str(error).split(". ")[0]) from None


def plain(value):
    """What stands in JSON for an object."""
    if isinstance(value, BaseMessageChunk):
        value = message_chunk_to_message(value)
    if isinstance(value, Serializable):
        dumped = dumpd(value)
        if dumped.get("type") == "constructor":
            return dumped
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    raise TypeError


_ENCODER = json.JSONEncoder(default=plain, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def encode(value):
    """The value as JSON."""
    try:
        return _ENCODER.encode(value).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise NotJSON(_offence(value) or f"the value is no JSON: {error}") from None


def again(value):
    """The value as a node gets it that does not run in the same chain."""
    line = encode(value)
    found = loads(line)
    return revive(found) if MARK in line else found


def _offence(value, place="", depth=0):
    if value is None or isinstance(value, (bool, int)):
        return None
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return f"the text at {place or '/'} holds half of a character"
        return None
    if isinstance(value, float):
        return None if value - value == 0 else f"the number at {place or '/'} is {value}, which JSON does not have"
    if depth > 200:
        return f"the value is nested too deep, or holds itself, at {place[:100]}"
    if isinstance(value, dict):
        for name, member in value.items():
            if not isinstance(name, str):
                return f"an object at {place or '/'} has a key that is no string but {type(name).__name__}"
            if found := _offence(member, f"{place}/{name}", depth + 1):
                return found
        return None
    if isinstance(value, (list, tuple)):
        for index, member in enumerate(value):
            if found := _offence(member, f"{place}/{index}", depth + 1):
                return found
        return None
    try:
        return _offence(plain(value), place, depth + 1)
    except Exception:
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        return f"the value at {place or '/'} is of type {kind}, which cannot be written as JSON"


def chunk(value):
    """What followers of a run get of a part of a result; nothing of an empty one."""
    if isinstance(value, GenerationChunk):
        return value.text
    if not isinstance(value, BaseMessageChunk):
        return value
    part = {"content": value.content} if value.content else {}
    if calls := getattr(value, "tool_call_chunks", None):
        part["tool_call_chunks"] = calls
    return part or None
