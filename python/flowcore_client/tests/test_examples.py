"""The examples of docs/langchain-client.md, as somebody would start them."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import unittest

from support import ROOT, Model
from test_runs import ServerCase


class Examples(ServerCase):
    def printed(self, name: str, *arguments: str) -> str:
        environment = {**os.environ, "PYTHONPATH": str(pathlib.Path(__file__).parents[1]), "PYTHONIOENCODING": "utf-8"}
        words = [sys.executable, str(ROOT / "docs/examples" / name), self.url, *arguments]
        result = subprocess.run(words, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout

    def test_the_client(self) -> None:
        self.assertEqual(
            self.printed("langchain_client.py").splitlines(),
            [
                "HELLO ADA!",
                "['HELLO BOB!', 'HELLO EVE!']",
                "HELLO ZOë!",
                "pay no_money {'missing': 5}",
                "Ship order 17?",
                "{'shipped': True}",
                "{'shipped': True}",
            ],
        )

    def test_the_stream(self) -> None:
        with Model(["It ", "scatters."]) as model:
            model.go.release(100)
            self.assertEqual(self.printed("langchain_stream.py", model.url, "m"), "It |scatters.|")


if __name__ == "__main__":
    unittest.main()
