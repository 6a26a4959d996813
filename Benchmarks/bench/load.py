"""Loads a server with wrk, from one thread."""
import json
import os
import pathlib
import statistics
import subprocess

SCRIPT = pathlib.Path(__file__).with_name("load.lua")


class Load:
    """A request that is sent over and over from some connections."""

    def __init__(self, url, connections, body=None, headers=""):
        self.url, self.connections, self.body, self.headers = url, connections, body, headers

    def start(self, seconds):
        environment = dict(os.environ, HEADERS=self.headers)
        if self.body:
            environment["FILE"] = str(self.body)
        command = ["wrk", "-t1", f"-c{self.connections}", f"-d{seconds}s", "--timeout", "60s", "-s", str(SCRIPT), self.url]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    @staticmethod
    def result(process):
        """What came back; an answer that is no success makes the figure worthless, so it ends the benchmark."""
        text, _ = process.communicate()
        lines = [line for line in text.splitlines() if line.startswith("RESULT ")]
        if not lines:
            raise SystemExit(f"wrk did not measure:\n{text}")
        result = json.loads(lines[0].removeprefix("RESULT "))
        if result["refused"] or result["broken"]:
            raise SystemExit(f"answers that are none: {result}")
        return result

    def run(self, seconds):
        return self.result(self.start(seconds))


def interleaved(loads, rounds, seconds, around=lambda name, measure: measure()):
    """Measures each of the loads by name in every round and gives the medians of each."""
    seen = {name: [] for name in loads}
    for _ in range(rounds):
        for name, load in loads.items():
            seen[name].append(around(name, lambda load=load: load.run(seconds)))
    return {name: {key: statistics.median(one[key] for one in results) for key in results[0]} for name, results in seen.items()}
