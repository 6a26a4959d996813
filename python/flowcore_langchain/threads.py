"""Threads that know whose work they do, so that it can be stopped."""

import ctypes
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .steps import Step

CURRENT: "ContextVar[Step | None]" = ContextVar("flowcore_request", default=None)
"""The step that the code at hand is part of."""


class Stopped(BaseException):
    """Raised in a thread whose work nobody waits for any more."""


class Threads(ThreadPoolExecutor):
    """The pool in which functions run that are not coroutines."""

    def __init__(self):
        super().__init__(max_workers=64, thread_name_prefix="node")
        self.lock = threading.Lock()

    def submit(self, function, /, *args, **kwargs):
        step = CURRENT.get()
        if step is None:
            return super().submit(function, *args, **kwargs)
        return super().submit(self._run, step.request, function, args, kwargs)

    def _run(self, request, function, args, kwargs):
        me = threading.get_ident()
        with self.lock:
            if request.ended:
                raise Stopped
            request.threads.add(me)
        try:
            return function(*args, **kwargs)
        finally:
            with self.lock:
                request.threads.discard(me)

    def interrupt(self, request):
        """Raises ``Stopped`` in the threads that still work for a request. Code in C notices it when it returns."""
        with self.lock:
            for ident in request.threads:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(Stopped))
