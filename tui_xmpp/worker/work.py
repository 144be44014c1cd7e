"""Know whether anything is under way, so that one can wait until nothing is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Work:
    """A count of what is under way. ``begun`` only grows: it tells whether there was any news in between."""

    def __init__(self) -> None:
        self.begun = 0
        self._count = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def begin(self, *, is_news: bool = True) -> None:
        """Count one thing more; :meth:`end` must follow exactly once."""
        self.begun += is_news
        self._count += 1
        self._idle.clear()

    def end(self) -> None:
        """Count one thing less."""
        self._count -= 1
        if not self._count:
            self._idle.set()

    def note(self) -> None:
        """Say that there was news in what is under way."""
        self.begun += 1

    @contextmanager
    def under_way(self, *, is_news: bool = True) -> Iterator[None]:
        """Count the block."""
        self.begin(is_news=is_news)
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
