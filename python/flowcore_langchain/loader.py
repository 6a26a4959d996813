# What the interpreter is started with: takes the package's modules from the first line, and serves on the same socket.
import importlib.abc
import importlib.util
import json
import os
import socket
import sys

connection = socket.socket(fileno=os.dup(0))
# Whatever prints must not reach the protocol.
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
os.dup2(2, 1)


def refuse(reason, kind):
    line = {"t": "refused", "reason": reason, "kind": kind, "python": sys.version.split()[0]}
    connection.sendall(json.dumps(line).encode() + b"\n")
    os._exit(3)


def read_line():
    parts: list[bytes] = []
    while not parts or not parts[-1].endswith(b"\n"):
        part = connection.recv(1 << 16)
        if not part:
            os._exit(0)
        parts.append(part)
    return b"".join(parts)


if sys.version_info < (3, 11):
    refuse("Python 3.11 or newer is needed, this is " + sys.version.split()[0], "python")

first = json.loads(read_line())


class Modules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if name in first["modules"]:
            package = name == "flowcore_langchain"
            return importlib.util.spec_from_loader(name, self, is_package=package)

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        name = module.__name__
        exec(compile(first["modules"][name], f"<flowcore>/{name}.py", "exec"), module.__dict__)


sys.meta_path.insert(0, Modules())
sys.argv = ["flowcore-langchain"]
# The directory that the server happens to be in is not one to import from.
sys.path[:] = [entry for entry in sys.path if entry]
try:
    import langchain_core.runnables
except ImportError as error:
    refuse(f"langchain-core cannot be imported: {error}", "langchain")
try:
    from flowcore_langchain.worker import main
except ImportError as error:
    import langchain_core

    refuse(f"langchain-core {langchain_core.__version__} does not do: {error}", "langchain")
main(first["settings"], connection)
