"""Durable first: a fact is on disk before anyone sees it. The disk has a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import TypeVar

from tui_xmpp.clock import Clock
from tui_xmpp.core.events import DURABLE, Event, GapsChanged, Logged, MessagesMerged, StanzasHandled
from tui_xmpp.core.model import LogEntry, Severity
from tui_xmpp.errors import TuiXmppError
from tui_xmpp.storage.archive import Archive
from tui_xmpp.worker.work import Work

T = TypeVar("T")

_DURABLE = frozenset(DURABLE)
_LEARNED = (MessagesMerged, GapsChanged)
_BACKLOG = 5000
"""Facts that may wait for the disk before reading from the network waits too."""


class Journal:
    """Keep the durable facts, then publish all of them, in the order they were given.

    While one write runs, the next facts gather, so a burst costs few transactions. What the archive makes of the facts
    is what is published: a copy of what is there already is no news. Without an archive facts are published at once. A
    failed write is told once and what it held is known all the same; each later write tries it again first.
    """

    def __init__(
        self, publish: Callable[[Iterable[Event]], None], archive: Archive | None, clock: Clock, work: Work
    ) -> None:
        self._publish = publish
        self._archive = archive
        self._clock = clock
        self._work = work
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="archive") if archive else None
        self._waiting: list[tuple[Sequence[Event], bool, asyncio.Future[bool]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._backlog = 0
        self._unkept: list[Event] = []
        """What is known but the disk would not take, oldest first."""

    def record(self, events: Sequence[Event], *, is_kept: bool = True) -> asyncio.Future[bool] | None:
        """Keep and publish facts; return what becomes done when that has happened, None when it has already.

        Its result says whether the disk took them.

        ``is_kept`` False: only publish, but still after what was recorded before.
        """
        is_durable = is_kept and self._archive is not None and any(type(event) in _DURABLE for event in events)
        if not is_durable and self._writer is None:
            self._publish(events)
            return None
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((events, is_kept, done))
        self._backlog += len(events)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        return done

    def tell(self, event: Event) -> None:
        """Let what was just read be known at once: what is being written meanwhile is newer, and must come after it."""
        self._publish([event])

    async def drain(self) -> None:
        """Wait while the disk is far behind."""
        while self._backlog > _BACKLOG and self._writer is not None:
            await asyncio.shield(self._writer)

    async def read(self, read: Callable[[Archive], T], default: T) -> T:
        """Return what ``read`` finds in the archive, ``default`` without one; raise ``ArchiveError``."""
        if self._archive is None or self._thread is None:
            return default
        with self._work.under_way():
            return await asyncio.get_running_loop().run_in_executor(self._thread, read, self._archive)

    def run(self, write: Callable[[Archive], None]) -> None:
        """Have something small done to the archive, in turn; that it fails is no one's concern."""
        if self._archive is not None and self._thread is not None:
            self._thread.submit(write, self._archive)

    async def kept(self, deadline: float) -> None:
        """Return when all that was recorded so far is kept and known, or after so many seconds."""
        if self._waiting:
            await asyncio.wait([self._waiting[-1][2]], timeout=deadline)
        elif self._writer is not None:
            await asyncio.wait([self._writer], timeout=deadline)

    async def close(self) -> None:
        """Return when everything is kept; nothing may be recorded after."""
        while self._writer is not None:
            await asyncio.shield(self._writer)
        if self._thread is not None:
            if self._unkept:
                await self._keep([])
            await asyncio.get_running_loop().run_in_executor(None, self._thread.shutdown)

    async def _write(self) -> None:
        with self._work.under_way(is_news=False):
            while self._waiting:
                batches, self._waiting = self._waiting, []
                if any(type(event) is not StanzasHandled for events, _, _ in batches for event in events):
                    self._work.note()
                facts: list[Event] = []
                are_kept = True
                for is_kept, together in groupby(batches, key=lambda batch: batch[1]):
                    events = [event for batch in together for event in batch[0]]
                    if is_kept:
                        made = await self._keep(events)
                        are_kept = are_kept and made is not None
                        events = events if made is None else made
                    facts += events
                self._publish(facts)
                self._backlog -= sum(len(events) for events, _, _ in batches)
                for _, _, done in batches:
                    if not done.done():
                        done.set_result(are_kept)
            self._writer = None

    async def _keep(self, events: list[Event]) -> list[Event] | None:
        """Return what the archive makes of facts, None when it could not take them."""
        archive, thread = self._archive, self._thread
        durable = [event for event in events if type(event) in _DURABLE]
        if archive is None or thread is None or not (durable or self._unkept):
            return events

        def write(events: list[Event]) -> asyncio.Future[list[Event]]:
            return asyncio.get_running_loop().run_in_executor(thread, archive.write, events)

        facts: list[Event] = []
        try:
            if self._unkept:
                # What was known as new is no news; what a copy or a page taught is.
                facts = [fact for fact in await write(self._unkept) if isinstance(fact, _LEARNED)]
                self._unkept = []
                self._tell("The archive is written again; what was only shown is kept, too.", Severity.INFO, events)
            return facts + await write(events)
        except TuiXmppError as error:
            if not self._unkept:
                self._tell(f"{error} What is said now is shown but not kept.", Severity.ERROR, events)
            # Of too much the oldest is left out: it comes again, for the server was not told that it is here.
            self._unkept = [*self._unkept, *durable][-_BACKLOG:]
            return None

    def _tell(self, text: str, severity: Severity, events: Sequence[Event]) -> None:
        if events:
            account = events[0].account
            self._publish([Logged(account, LogEntry(self._clock.now(), text, severity, account))])
