"""Writes the examples into the pages of the documentation that show them.

A block shows a file when its first line names one behind the language, relative to the page.
"""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(\w+) (\S+)\n.*?^```$", re.MULTILINE | re.DOTALL)


def fill(page: pathlib.Path) -> None:
    def block(match: re.Match[str]) -> str:
        content = (page.parent / match[2]).read_text(encoding="utf-8")
        return f"```{match[1]} {match[2]}\n{content}```"

    text = page.read_text(encoding="utf-8")
    page.write_text(BLOCK.sub(block, text), encoding="utf-8")


for page in [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"]:
    fill(page)
