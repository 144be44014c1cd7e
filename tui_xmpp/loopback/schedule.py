"""When things happen: as the day goes by, or as a test turns the pages."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from typing import Protocol

from tui_xmpp.clock import ManualClock


class Schedule(Protocol):
    """Do something later."""

    def after(self, seconds: float, act: Callable[[], None]) -> None: ...

    def step(self) -> bool:
        """Do the next thing at once where time is ours to move; tell whether it is and there was one."""

    def close(self) -> None:
        """Forget what has not happened yet."""


class RealTime:
    """The running event loop's time."""

    def __init__(self) -> None:
        self._handles: set[asyncio.TimerHandle] = set()

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        def run() -> None:
            self._handles.discard(handle)
            act()

        handle = asyncio.get_running_loop().call_later(seconds, run)
        self._handles.add(handle)

    def step(self) -> bool:
        return False

    def close(self) -> None:
        for handle in self._handles:
            handle.cancel()
        self._handles.clear()


class StoryTime:
    """Time that moves only from one event to the next, and ``clock`` with it."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self._order = itertools.count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.clock.monotonic() + seconds, next(self._order), act))

    def step(self) -> bool:
        if not self._due:
            return False
        due, _, act = heapq.heappop(self._due)
        self.clock.advance(max(0.0, due - self.clock.monotonic()))
        act()
        return True

    def close(self) -> None:
        self._due.clear()

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` go by with all that happens in them."""
        end = self.clock.monotonic() + seconds
        while self._due and self._due[0][0] <= end:
            self.step()
        self.clock.advance(max(0.0, end - self.clock.monotonic()))
