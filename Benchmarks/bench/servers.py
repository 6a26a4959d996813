"""Starts and stops the servers, each on a port and a folder of its own."""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / ".build/bench"
PEERS = ROOT / "Benchmarks/peers"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def request(url, body=None, headers=()):
    """The answer to a request, as JSON."""
    data = None if body is None else json.dumps(body).encode()
    made = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json", **dict(headers)})
    with urllib.request.urlopen(made, timeout=120) as response:
        return json.load(response)


class Server:
    """A process that serves; `ready` is the path that answers with 200 once it does."""

    def __init__(self, command, ready, environment=(), port=None, folder=None):
        self.port = port or free_port()
        self.folder = folder or pathlib.Path(tempfile.mkdtemp(prefix="flowcore-bench-"))
        self.url = f"http://127.0.0.1:{self.port}"
        words = [str(word).format(port=self.port, folder=self.folder) for word in command]
        self.log = open(self.folder / "log", "w")
        begin = time.perf_counter()
        self.process = subprocess.Popen(
            words, env={**os.environ, **dict(environment)}, stdout=self.log, stderr=subprocess.STDOUT,
            process_group=0, cwd=PEERS)
        while True:
            try:
                urllib.request.urlopen(self.url + ready, timeout=1).read()
                break
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                if self.process.poll() is not None or time.perf_counter() - begin > 60:
                    raise SystemExit(f"{words[0]} does not serve:\n" + (self.folder / "log").read_text()[-2000:])
                time.sleep(0.001)
        self.start_ms = (time.perf_counter() - begin) * 1e3

    def _pids(self):
        """The process and its children."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid] + [int(child) for child in children]

    def memory_mb(self):
        total = 0
        for pid in self._pids():
            for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    total += int(line.split()[1])
        return total / 1024

    def cpu_ms(self):
        ticks = 0
        for pid in self._pids():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks * 1e3 / os.sysconf("SC_CLK_TCK")

    def stop(self):
        if self.process.poll() is not None:
            return
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def flowcore(folder=None, environment=None):
    """Ours, with its defaults, but for the log; in a folder of an earlier one to go on where that ended."""
    return Server(
        [os.environ["FLOWCORE_BINARY"], "serve", "--port", "{port}", "--data", "{folder}/data"], "/livez",
        {"FLOWCORE_LOGGING_LEVEL": "warning", **(environment or {})}, folder=folder)


def c_server(body, capabilities=None):
    """libmicrohttpd in C, which answers everything with one body, except for capabilities."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="flowcore-bench-"))
    (folder / "body").write_bytes(body)
    words = [WORK / "c-server", "{port}", "{folder}/body"]
    if capabilities is not None:
        (folder / "capabilities").write_bytes(capabilities)
        words.append("{folder}/capabilities")
    return Server(words, "/", folder=folder)


def nadoo():
    """FastAPI with the seed library, two workers."""
    return Server(
        [WORK / "nadoo/bin/uvicorn", "nadoo_server:app", "--port", "{port}", "--workers", "2", "--log-level", "warning"],
        "/livez")


def stepflow(sqlite=False):
    """stepflow-server, in memory or on SQLite."""
    binary = next(WORK.glob("stepflow/lib/python3*/site-packages/stepflow_orchestrator/bin/stepflow-server"))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="flowcore-bench-"))
    storage = (
        {"type": "sqlite", "databaseUrl": f"sqlite:{folder}/state.db?mode=rwc", "autoMigrate": True, "maxConnections": 5}
        if sqlite else {"type": "inMemory"})
    config = {"plugins": {"builtin": {"type": "builtin"}}, "routes": {"/builtin": [{"plugin": "builtin"}]},
              "storageConfig": storage}
    (folder / "config.yml").write_text(json.dumps(config))
    return Server(
        [binary, "--port", "{port}", "--config", "{folder}/config.yml", "--log-level", "error"], "/api/v1/health",
        folder=folder)
