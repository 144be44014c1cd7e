"""Run the benchmarks and print one table: ``python -m tests.bench [--runs N] [--only NAME]``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack

from tests.bench.arriving import backlog, echo, presences
from tests.bench.decoding import REFERENCE_RATE, bare_rate, decode
from tests.bench.figures import Row, machine, table
from tests.bench.keys import press
from tests.bench.stage import Stage
from tests.bench.starting import start

ALONE: dict[str, Callable[[int], list[Row]]] = {"decode": decode}
"""What needs no server."""
STAGED: dict[str, Callable[[Stage, int], list[Row]]] = {
    "start": start,
    "echo": echo,
    "keys": press,
    "backlog": backlog,
    "presences": presences,
}


def main() -> int:
    """Measure what was asked for and return 0 when every target is met, 1 otherwise."""
    names = (*ALONE, *STAGED)
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="runs behind each median (5)")
    parser.add_argument("--only", choices=names, action="append", help="one benchmark; may be given again")
    options = parser.parse_args()
    chosen = options.only or names
    rows: list[Row] = []
    with ExitStack() as stack:
        stage: Stage | None = None
        for name in chosen:
            print(f"measuring: {name} …", file=sys.stderr, flush=True)
            began = time.monotonic()
            if name in ALONE:
                rows += ALONE[name](options.runs)
            else:
                stage = stage or stack.enter_context(Stage())
                rows += STAGED[name](stage, options.runs)
            print(f"           {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    factor = REFERENCE_RATE / bare_rate()
    print(f"\n{machine()}; medians of {options.runs}.")
    print(f"Targets were set on a machine {factor:.1f} times as fast as this one is now (bare lxml, one core).\n")
    print(table(rows))
    return 0 if all(row.is_met is not False for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
