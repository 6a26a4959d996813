"""Runs the tables that ONLY names, or all of them."""
import os
import sys

import bridge
import cluster
import control
import tables
from report import Report


def main():
    known = {table.__name__: table for table in tables.TABLES + control.TABLES + bridge.TABLES + cluster.TABLES}
    wanted = os.environ.get("ONLY", "").replace(",", " ").split() or list(known)
    if any(name not in known for name in wanted):
        for name, table in known.items():
            print(f"{name:10} {table.__doc__.splitlines()[0]}")
        return 0 if wanted == ["list"] else 64
    rounds, seconds = int(os.environ.get("ROUNDS", 3)), int(os.environ.get("SECONDS_PER_CELL", 2))
    report = Report(os.environ.get("OUT", "results"))
    for name in wanted:
        known[name](report, rounds, seconds)
    print(f"\n{len(report.missed)} figures missed their line; lines of JSON in {report.path}")
    return 0


sys.exit(main())
