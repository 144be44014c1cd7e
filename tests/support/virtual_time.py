"""An event loop whose time passes at once where everybody only waits for it: minutes of silence cost milliseconds."""

from __future__ import annotations

import asyncio
import selectors
import time
from typing import Any

GRACE = 0.001
"""Real seconds in which sockets may still have something to say before time passes."""


class _Selector(selectors.DefaultSelector):
    """Waits for files and threads, and for time not at all."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped = 0.0
        self.under_way = 0
        """What threads are doing; meanwhile time passes as it does."""

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None or self.under_way:
            return super().select(timeout)
        found = super().select(min(timeout, GRACE))
        if not found and timeout > GRACE:
            self.skipped += timeout - GRACE
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop that is ahead of the clock by all it has waited for."""

    def __init__(self) -> None:
        self._skipping = _Selector()
        super().__init__(self._skipping)

    def time(self) -> float:
        return time.monotonic() + self._skipping.skipped

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        self._skipping.under_way += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._end)
        return future

    def _end(self, _: object) -> None:
        self._skipping.under_way -= 1
