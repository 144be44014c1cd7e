"""Tell the screen that something is stale: at once when idle, merged while it is busy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from math import exp

from tui_xmpp.core.changes import Change
from tui_xmpp.core.commands import Answer
from tui_xmpp.values import dataclass

FRAME = 1 / 60
"""Seconds between two rings, at the least."""
FLOOD = 4
"""Frames between two rings while so much changes that nobody could read it."""
CALM = 150.0
"""Changes a second that are told frame by frame: a lively talk is 100."""


@dataclass(frozen=True, slots=True)
class Batch:
    """All that became stale, and all commands that ended, since the last batch was taken."""

    changes: frozenset[Change]
    answers: tuple[Answer, ...]


class Doorbell:
    """Merge changes and ring once for all of them.

    There is never more than one unanswered ring: after a ring nothing more is rung until :meth:`take`. After a pause it
    rings at once, then once a frame, and the less often the more has changed in the last second.
    """

    def __init__(self) -> None:
        self._listener: Callable[[], None] | None = None
        self._changes: set[Change] = set()
        self._answers: list[Answer] = []
        self._is_rung = False
        self._fresh = 0
        self._load = 0.0
        self._loaded_at = self._rung_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    def listen(self, listener: Callable[[], None] | None) -> None:
        """Call ``listener`` (quick, no arguments) when a batch waits; None stops that."""
        self._listener = listener
        self._is_rung = False
        self._arm()

    def note(self, changes: Collection[Change]) -> None:
        """Add what became stale; the same, named more often, is the greater load."""
        self._changes.update(changes)
        self._fresh += len(changes)
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
        now = asyncio.get_running_loop().time()
        self._load = min(FLOOD * CALM, self._load * exp(self._loaded_at - now) + self._fresh)
        self._loaded_at, self._fresh = now, 0
        wait = self._rung_at + FRAME * min(FLOOD, max(1.0, self._load / CALM)) - now
        if wait <= 0:
            self._ring()
        else:
            self._timer = asyncio.get_running_loop().call_later(wait, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._listener is None or self._is_rung:
            return
        self._is_rung = True
        self._rung_at = asyncio.get_running_loop().time()
        self._listener()
