"""Tell the screen that something is stale: at once when idle, merged while it is busy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tui_xmpp.core.changes import Change
from tui_xmpp.core.commands import Answer

WINDOW = 1 / 30
"""Seconds between two rings, one frame, once a burst is over."""
BURST = 3
"""Rings that may follow each other at once: a message, that it is read, and what other devices are told of it."""
STEADY = 1.0
"""Seconds of ringing without a pause after which the window is doubled: a flood nobody can read needs no more."""


@dataclass(frozen=True, slots=True)
class Batch:
    """All that became stale, and all commands that ended, since the last batch was taken."""

    changes: frozenset[Change]
    answers: tuple[Answer, ...]


class Doorbell:
    """Merge changes and ring once for all of them.

    There is never more than one unanswered ring: after a ring nothing more is rung until :meth:`take`. A few rings may
    come at once; then there is one a frame, and one in two frames while it has been ringing without a pause.
    """

    def __init__(self, window: float = WINDOW) -> None:
        self._window = window
        self._listener: Callable[[], None] | None = None
        self._changes: set[Change] = set()
        self._answers: list[Answer] = []
        self._is_rung = False
        self._credit = float(BURST)
        self._counted_at = float("-inf")
        self._paused_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    def listen(self, listener: Callable[[], None] | None) -> None:
        """Call ``listener`` (quick, no arguments) when a batch waits; None stops that."""
        self._listener = listener
        self._is_rung = False
        self._arm()

    def note(self, changes: Iterable[Change]) -> None:
        """Add what became stale."""
        self._changes.update(changes)
        self._arm()

    def answer(self, answer: Answer) -> None:
        """Add a command's one answer."""
        self._answers.append(answer)
        self._arm()

    def take(self) -> Batch:
        """Return what has gathered and allow the next ring."""
        batch = Batch(frozenset(self._changes), tuple(self._answers))
        self._changes.clear()
        self._answers.clear()
        self._is_rung = False
        return batch

    def close(self) -> None:
        """Ring no more."""
        self._listener = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        if self._is_rung or self._timer is not None or self._listener is None:
            return
        if not (self._changes or self._answers):
            return
        window = self._count()
        if self._credit >= 1:
            self._ring()
        else:
            wait = (1 - self._credit) * window
            self._timer = asyncio.get_running_loop().call_later(wait, self._ring)

    def _count(self) -> float:
        """Bring the credit of rings up to now and return the seconds in which one more is earned."""
        now = asyncio.get_running_loop().time()
        window = self._window if now - self._paused_at < STEADY else 2 * self._window
        self._credit = min(BURST, self._credit + (now - self._counted_at) / window)
        self._counted_at = now
        if self._credit >= BURST:
            self._paused_at = now
        return window

    def _ring(self) -> None:
        self._timer = None
        if self._listener is None or self._is_rung:
            return
        self._is_rung = True
        self._count()
        self._credit -= 1
        self._listener()
