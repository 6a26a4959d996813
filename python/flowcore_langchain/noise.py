"""What code prints, which must not reach the protocol but is told with the ids of its node."""

import io
import json
import sys

from .threads import CURRENT

_LINES = 1000
_LENGTH = 4096


class Noise(io.TextIOBase):
    """Stands for a stream of the process."""

    def __init__(self, worker, name, stream):
        self.worker = worker
        self.name = name
        self.stream = stream
        self.rests = {}

    def writable(self):
        return True

    def fileno(self):
        return self.stream.fileno()

    encoding = "utf-8"

    def write(self, text):
        step = CURRENT.get()
        if step is None:
            return self.stream.write(text)
        key = (step.request.id, step.index)
        rest = self.rests.pop(key, "") + text
        *lines, rest = rest.split("\n")
        if len(rest) > _LENGTH:
            lines.append(rest)
            rest = ""
        if rest and step.request.ended is None:
            self.rests[key] = rest
        for line in lines:
            self._tell(step, line)
        return len(text)

    def _tell(self, step, line):
        step.lines += 1
        if step.lines > _LINES:
            return
        if step.lines == _LINES:
            line = "the node prints more than is logged; the rest of it is dropped"
        line = line[:_LENGTH].encode("utf-8", "replace").decode()
        step.request.send(
            b'"t":"log","step":%d,"stream":"%s","line":' % (step.index, self.name.encode()), json.dumps(line).encode())

    def flush(self):
        step = CURRENT.get()
        if step is None:
            self.stream.flush()
        elif rest := self.rests.pop((step.request.id, step.index), ""):
            self._tell(step, rest)


def finish(step):
    """Tells what a step has printed without an end of line, before it is told what came of it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, Noise) and (rest := stream.rests.pop((step.request.id, step.index), "")):
            stream._tell(step, rest)
