"""A thread that tells the server how the process is, also while the loop does not turn."""

import asyncio
import json
import os
import sys
import threading
import time
import traceback


class Watch(threading.Thread):
    """Sends beats, finds who blocks the loop, and threads that do not end."""

    def __init__(self, worker):
        super().__init__(name="watch", daemon=True)
        self.worker = worker
        self.turned = time.monotonic()
        self.main = threading.main_thread().ident or 0
        self.parent = os.getppid()

    def run(self):
        worker = self.worker
        interval = worker.settings["beat_seconds"]
        patience = worker.settings["hang_seconds"]
        while True:
            if os.getppid() != self.parent:
                worker.leave()
            worker.loop.call_soon_threadsafe(self._turn)
            time.sleep(interval)
            blocked = time.monotonic() - self.turned
            try:
                if blocked > patience + interval:
                    self._tell_hang(blocked)
                worker.write(b'{"t":"beat","stuck":%d}\n' % self._stuck())
            except OSError:
                worker.leave()

    def _turn(self):
        self.turned = time.monotonic()

    def _stuck(self):
        now = self.worker.loop.time()
        count = 0
        for request in list(self.worker.leaving.values()):
            if not request.threads:
                self.worker.leaving.pop(request.id, None)
            elif now - request.ended > 2:
                count += 1
            else:
                # The loop does so as well, unless something blocks it.
                self.worker.threads.interrupt(request)
        return count

    def _tell_hang(self, seconds):
        frame = sys._current_frames().get(self.main)
        stack = "".join(traceback.format_stack(frame)[-12:]) if frame is not None else ""
        message = {"t": "hung", "seconds": round(seconds, 1), "stack": stack[-8000:]}
        step = self._current()
        if step is not None:
            message = {"id": step.request.id, "step": step.index, **message}
        self.worker.write(json.dumps(message).encode() + b"\n")

    def _current(self):
        try:
            task = asyncio.current_task(self.worker.loop)
        except RuntimeError:
            return None
        if (step := self.worker.owners.get(task)) is not None:
            return step
        requests = list(self.worker.requests.values())
        return next((request.steps[request.active] for request in requests if request.task is task and request.steps), None)
