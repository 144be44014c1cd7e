"""Know whether anything is under way, so that one can wait until nothing is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Work:
    """A count of what is under way. ``begun`` only grows: it tells whether anything was begun in between."""

    def __init__(self) -> None:
        self.begun = 0
        self._count = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def begin(self) -> None:
        """Count one thing more; :meth:`end` must follow exactly once."""
        self.begun += 1
        self._count += 1
        self._idle.clear()

    def end(self) -> None:
        """Count one thing less."""
        self._count -= 1
        if not self._count:
            self._idle.set()

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Count the block."""
        self.begin()
        try:
            yield
        finally:
            self.end()

    @property
    def is_idle(self) -> bool:
        return not self._count

    async def idle(self) -> None:
        """Return when nothing is under way."""
        await self._idle.wait()
