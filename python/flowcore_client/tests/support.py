"""What the tests need beside the client: servers, a proxy that cuts connections, a stand-in for a language model."""

from __future__ import annotations

import json
import os
import pathlib
import socket
import subprocess
import tempfile
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = os.environ.get("FLOWCORE_BINARY", str(ROOT / ".build/debug/flowcore"))


@contextmanager
def program(words: list[str], **environment: str) -> Iterator[str]:
    """A program that says on its first line where it listens, until the end of the block."""
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ, **environment}
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.stdout.close()
        process.wait()


@contextmanager
def server(**environment: str) -> Iterator[str]:
    """A Flow Core server of its own."""
    with (
        tempfile.TemporaryDirectory() as data,
        program([BINARY, "serve", "--port", "0", "--data", data], **environment) as url,
    ):
        yield url


@contextmanager
def any_server() -> Iterator[str]:
    """The server that `CLIENT_TEST_URL` names, or one of its own."""
    if url := os.environ.get("CLIENT_TEST_URL"):
        yield url
    else:
        with server() as url:
            yield url


def ask(method: str, url: str, body: Any = None) -> Any:
    """Asks a server, without the client that is tested."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def until(condition: Callable[[], Any]) -> Any:
    """Asks until there is something; the limit is the test's own."""
    while not (value := condition()):
        pass
    return value


class Proxy:
    """Stands before a server, and cuts a connection off when it has passed on so many bytes of the answer.

    How many, `limit` says of a request's beginning before the server gets it; `None` when it is left alone.
    """

    def __init__(self, url: str, limit: Callable[[bytes], int | None]) -> None:
        self.target = url.removeprefix("http://").split(":")
        self.limit = limit
        self.heads: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection((self.target[0], int(self.target[1]))) as server:
            head = client.recv(65536)
            self.heads.append(head)
            rest = self.limit(head)
            server.sendall(head)
            threading.Thread(target=self._pump, args=[client, server], daemon=True).start()
            try:
                while data := server.recv(65536):
                    if rest is not None:
                        data, rest = data[:rest], rest - len(data[:rest])
                    client.sendall(data)
                    if rest == 0:
                        break
            except OSError:
                pass
            finally:
                for side in (client, server):
                    try:
                        side.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass

    @staticmethod
    def _pump(client: socket.socket, server: socket.socket) -> None:
        try:
            while data := client.recv(65536):
                server.sendall(data)
        except OSError:
            pass


class Model:
    """Stands in for a language model: OpenAI's chat completions over HTTP, one token at a time.

    Each token is sent when the test lets it go: `go.release()`. A `None` among the tokens breaks the answer off.
    """

    def __init__(self, *answers: list[str | None]) -> None:
        model = self
        self.answers = list(answers)
        self.go = threading.Semaphore(0)
        self.bodies: list[Any] = []
        self.left = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                model.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                tokens = model.answers.pop(0)
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                try:
                    for token in tokens:
                        model.go.acquire()
                        if token is None:
                            return
                        self.send({"choices": [{"index": 0, "delta": {"content": token}}]})
                    self.send({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
                    self.wfile.write(b"data: [DONE]\n\n")
                except OSError:
                    model.left.set()

            def send(self, value: Any) -> None:
                self.wfile.write(b"data: " + json.dumps(value).encode() + b"\n\n")

        self.service = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.service.server_port}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self.service.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.go.release(1000)
        self.service.shutdown()
        self.service.server_close()
