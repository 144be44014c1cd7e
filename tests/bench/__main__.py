"""Run the benchmarks and print one table: ``python -m tests.bench [--runs N] [--only NAME]``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

from tests.bench.arriving import backlog, echo, presences
from tests.bench.decoding import REFERENCE_RATE, bare_rate, decode
from tests.bench.figures import Row, machine, table
from tests.bench.history import catch_up, million
from tests.bench.keys import press
from tests.bench.outage import outage
from tests.bench.screen import screen
from tests.bench.stage import Stage
from tests.bench.starting import start
from tests.support.xmpp_server import ServerMissingError

ALONE: dict[str, Callable[[int], list[Row]]] = {"decode": decode, "catch-up": catch_up, "million": million}
"""What needs no server."""
STAGED: dict[str, Callable[[Stage, int], list[Row]]] = {
    "start": start,
    "echo": echo,
    "keys": press,
    "screen": screen,
    "backlog": backlog,
    "outage": outage,
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
            began, before = time.monotonic(), bare_rate()
            if name in ALONE:
                found = ALONE[name](options.runs)
            else:
                try:
                    stage = stage or stack.enter_context(Stage())
                except ServerMissingError:
                    print("           left out: it needs Prosody, which is not installed", file=sys.stderr)
                    continue
                found = STAGED[name](stage, options.runs)
            slowness = REFERENCE_RATE / ((before + bare_rate()) / 2)
            rows += [replace(row, slowness=slowness) for row in found]
            print(f"           {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print(f"\n{machine()}; medians of {options.runs}.")
    print("Slowness: how many times as long bare lxml took, before and after, as where the targets were set.\n")
    print(table(rows))
    return 1 if any(row.verdict == "MISSED" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
