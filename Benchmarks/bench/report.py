"""Tables for people and lines of JSON for programs."""
import json
import os
import pathlib
import platform
import time


class Report:
    def __init__(self, folder):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / time.strftime("bench-%Y%m%d-%H%M%S.jsonl")
        self.file = open(self.path, "w")
        self.missed = []
        self.line(about="machine", cores=os.cpu_count(), system=platform.platform())

    def line(self, **values):
        self.file.write(json.dumps(values) + "\n")
        self.file.flush()

    def table(self, name, title, columns, rows):
        """Prints a table; each row is the work's name and one value for each column."""
        print(f"\n{title}")
        texts = [["", *columns]] + [[row[0], *[_text(value) for value in row[1:]]] for row in rows]
        widths = [max(len(text[i]) for text in texts) for i in range(len(texts[0]))]
        for text in texts:
            print("  " + text[0].ljust(widths[0]) + "".join("  " + cell.rjust(width) for cell, width in zip(text[1:], widths[1:])))
        for row in rows:
            self.line(table=name, work=row[0], **dict(zip(columns, row[1:])))

    def bound(self, work, value, bound, at_least):
        """Holds a figure against the line that it has to reach."""
        reached = value >= bound if at_least else value <= bound
        sign = "≥" if at_least else "≤"
        print(f"  {'reached' if reached else 'MISSED ':7}  {work}: {_text(value)} ({sign} {_text(bound)})")
        self.line(bound=work, value=value, limit=bound, sign=sign, reached=reached)
        if not reached:
            self.missed.append(work)


def _text(value):
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
