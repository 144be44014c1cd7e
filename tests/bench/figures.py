"""Figures: a row of the table, its target, and the arithmetic of repeated measurements."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum


class Bound(Enum):
    """How a target is meant."""

    AT_MOST = "≤"
    AT_LEAST = "≥"
    TIMES_LIMIT = "≤ ×"


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure must reach; ``TIMES_LIMIT`` counts in multiples of the limit measured in the same run."""

    bound: Bound
    value: float

    def is_met(self, ours: float, limit: float | None) -> bool:
        """Tell whether ``ours`` reaches it."""
        if self.bound is Bound.AT_LEAST:
            return ours >= self.value
        if self.bound is Bound.AT_MOST:
            return ours <= self.value
        return limit is not None and ours <= self.value * limit

    def __str__(self) -> str:
        if self.bound is Bound.TIMES_LIMIT:
            return f"≤ {self.value:g} × limit"
        return f"{self.bound.value} {_number(self.value)}"


def at_most(value: float) -> Target:
    return Target(Bound.AT_MOST, value)


def at_least(value: float) -> Target:
    return Target(Bound.AT_LEAST, value)


def times_limit(value: float) -> Target:
    return Target(Bound.TIMES_LIMIT, value)


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: its name with the unit, ours, the limit of the same run, and the target.

    ``slowness`` is how many times as long the same work takes here and now as where the targets were set; figures that
    no processor makes better or worse (memory) have ``is_of_speed`` False.
    """

    name: str
    ours: float
    limit: float | None = None
    target: Target | None = None
    is_of_speed: bool = True
    slowness: float = 1.0

    @property
    def is_met(self) -> bool | None:
        """None where there is no target."""
        return None if self.target is None else self.target.is_met(self.ours, self.limit)

    @property
    def verdict(self) -> str:
        """Say whether the target is met; "met there": with this machine's slowness taken off."""
        if self.target is None:
            return ""
        if self.is_met:
            return "met"
        if self.is_of_speed and self.target.bound is not Bound.TIMES_LIMIT:
            is_rate = self.target.bound is Bound.AT_LEAST
            if self.target.is_met(self.ours * self.slowness if is_rate else self.ours / self.slowness, self.limit):
                return "met there"
        return "MISSED"

    def cells(self) -> tuple[str, ...]:
        """Return the row's texts: name, limit, ours, ratio, slowness, target, verdict."""
        ratio = f"{self.ours / self.limit:.2f}" if self.limit else ""
        limit = "" if self.limit is None else _number(self.limit)
        slowness = f"{self.slowness:.1f}" if self.is_of_speed else ""
        return self.name, limit, _number(self.ours), ratio, slowness, str(self.target or ""), self.verdict


def median(values: Iterable[float]) -> float:
    """Return the middle value."""
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that ``share`` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def table(rows: Sequence[Row]) -> str:
    """Return the rows as an aligned table."""
    heads = ("", "limit", "ours", "ratio", "slowness", "target", "")
    lines = [heads, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join(
        "  ".join(
            text.rjust(width) if 0 < column < 5 else text.ljust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def machine() -> str:
    """Name the machine in words."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    words = {1: "one core", 2: "two cores", 4: "four cores", 8: "eight cores"}
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{platform.system()}, {words.get(cores, f'{cores} cores')} ({platform.machine()}), {python}"


def _number(value: float) -> str:
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
