"""Say what has happened at once, and in a flood twice a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.timer import Timer
    from textual.widget import Widget

AT_ONCE = 10
"""Reports in a row that are made at once: a lively talk has no more."""
PAUSE = 0.5
"""Seconds between later ones."""


class Reports:
    """Call ``report`` now or soon after each :meth:`make`; a call made later stands for all that asked for it."""

    def __init__(self, widget: Widget, report: Callable[[], None]) -> None:
        self._widget = widget
        self._report = report
        self._in_a_row = 0
        self._made_at = float("-inf")
        self._timer: Timer | None = None

    def make(self) -> None:
        """Have something reported."""
        now = asyncio.get_running_loop().time()
        self._in_a_row = self._in_a_row + 1 if now - self._made_at < 2 * PAUSE else 1
        self._made_at = now
        if self._in_a_row <= AT_ONCE:
            self._report()
        elif self._timer is None:
            self._timer = self._widget.set_timer(PAUSE, self.finish)

    @property
    def is_due(self) -> bool:
        """Whether something was put off."""
        return self._timer is not None

    def finish(self) -> None:
        """Report now what was put off."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
            self._report()
