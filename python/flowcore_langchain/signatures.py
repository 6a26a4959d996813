"""What functions take, which LangChain asks for anew at each call: a fifth of what a short step costs."""

from types import FunctionType, MethodType
from typing import Any
from weakref import WeakKeyDictionary

from langchain_core.runnables import utils


def remember():
    """Has LangChain look at each function once."""
    look = getattr(utils, "_signature_parameters", None)
    if look is None:
        return
    functions: WeakKeyDictionary[FunctionType, Any] = WeakKeyDictionary()
    methods: WeakKeyDictionary[FunctionType, Any] = WeakKeyDictionary()

    def parameters(called):
        if type(called) is FunctionType:
            key, known = called, functions
        elif type(called) is MethodType and type(called.__func__) is FunctionType:
            key, known = called.__func__, methods
        else:
            return look(called)
        found = known.get(key)
        if found is None:
            found = known[key] = look(called)
        return found

    utils._signature_parameters = parameters
