"""A session that may outlive its stream: it is begun, gone on with, or given up (XEP-0198)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from tui_xmpp.core.events import SessionClosed, SessionEnded, SessionOpened, StanzasAcknowledged
from tui_xmpp.core.model import Show
from tui_xmpp.features.feature import Feature
from tui_xmpp.features.rfc6121_presence import presence_of
from tui_xmpp.features.xep0280_carbons import Carbons
from tui_xmpp.features.xep0313_archive import Archiving
from tui_xmpp.values import dataclass
from tui_xmpp.worker.context import AccountContext
from tui_xmpp.worker.handled import Handled
from tui_xmpp.worker.link import Link
from tui_xmpp.worker.surroundings import Surroundings
from tui_xmpp.worker.tasks import Tasks
from tui_xmpp.xmpp.events import Bound, Resumed, ResumptionFailed
from tui_xmpp.xmpp.stanza import Message, Stanza
from tui_xmpp.xmpp.stream_errors import parse_host_port, write_host_port
from tui_xmpp.xmpp.stream_management import ResumptionState, UnackedStanza

DISK: Final = 5.0
"""Seconds to wait after a cut for the disk to take what came before it."""


@dataclass(frozen=True, slots=True)
class _Lost:
    """A session that could not be gone on with: the server's count of our stanzas, and what it may not have taken."""

    h: int | None
    unacked: tuple[UnackedStanza, ...]


class Continuity:
    """What of a session outlives its stream; ``resumption`` is what the next stream goes on with, where one can."""

    def __init__(self, ctx: AccountContext, around: Surroundings) -> None:
        self._ctx = ctx
        self._around = around
        self.handled = Handled(ctx)
        self.resumption: ResumptionState | None = None
        self._is_restarted = False
        self._lost: _Lost | None = None
        self._tasks = Tasks(ctx, around.work)
        self._watchers = Tasks(ctx, None)  # as long as a stream lasts, which is no work

    def restore(self, opened: SessionOpened) -> None:
        """Take up the session the last run died in."""
        location = parse_host_port(opened.location) if opened.location else None
        self.resumption = ResumptionState(opened.id, opened.jid, opened.handled, None, location=location)
        self._is_restarted = True

    def fail(self, failed: ResumptionFailed) -> None:
        """Give up the session that the server did not go on with; another follows it."""
        self.resumption = None
        self._lost = _Lost(failed.h, failed.unacked)
        self.acknowledge(failed.acknowledged, None)

    async def begin(self, link: Link, bound: Bound) -> None:
        """Begin anew; what the last session may have lost goes out first (X-198-04)."""
        ctx = self._ctx
        await self.end()
        lost, self._lost, self._is_restarted = self._lost or _Lost(None, ()), None, False
        ctx.attach(link, bound.jid)
        ctx.emit(SessionClosed(ctx.account))
        for feature in ctx.features:
            if feature.on_lost is not None:
                feature.on_lost(ctx, lost.h, lost.unacked)
        if bound.inline is not None and bound.inline.has_carbons:
            ctx.state(Carbons).are_on = True
            ctx.state(Archiving).announced = bound.inline.archive
        self._start_features()

    async def resume(self, link: Link, resumed: Resumed) -> None:
        """Go on where the last stream broke; the server sends what came meanwhile."""
        ctx = self._ctx
        is_restarted, self._is_restarted = self._is_restarted, False
        if is_restarted:
            ctx.attach(link, resumed.jid)
        else:
            ctx.resume(link)
        self.acknowledge(resumed.acknowledged, resumed.h)
        for feature in ctx.features:
            if feature.on_resumed is not None:
                feature.on_resumed(ctx, resumed.h)
        if is_restarted:
            # Whom this program saw before it died is forgotten: the server tells it anew to whoever comes anew.
            ctx.send(presence_of(replace(ctx.own, show=Show.OFFLINE)))
            self._start_features()
        else:
            self._watch(ctx.features)

    async def break_off(self, link: Link, is_wanted: Callable[[], bool]) -> None:
        """Keep of a stream that is gone what the next one needs to go on, where one is wanted."""
        ctx = self._ctx
        await self._watchers.stop()
        kept = ctx.flush()
        if kept is not None or self.handled.is_behind:
            # What came is acknowledged on the next stream once it is on disk, so that it is not sent again.
            await self._around.journal.kept(DISK)
        connection = link.connection
        self.resumption = connection.resumption_state() if is_wanted() else None
        if self.resumption is not None:
            ctx.suspend()
            return
        if link.is_left:
            # The server has read all before our closing tag, and answered that (C-STR-11).
            self.acknowledge(tuple([one.stanza for one in connection.unacked]), None)
            ctx.emit(SessionClosed(ctx.account))
        elif connection.unacked:
            self._lost = _Lost(None, connection.unacked)
        await self.end()

    async def end(self) -> None:
        """Give the session up: who waits is told, nobody's presence is known any more."""
        ctx = self._ctx
        state, self.resumption = self.resumption, None
        if state is not None and state.unacked and self._lost is None:
            self._lost = _Lost(None, state.unacked)
        if ctx.requests is None:
            return
        ctx.detach()
        await self._tasks.stop()
        ctx.emit(SessionEnded(ctx.account))

    def keep(self, link: Link) -> None:
        """Keep what the next run needs to go on with this session."""
        state = link.connection.resumption_state()
        if state is not None:
            location = None if state.location is None else write_host_port(state.location)
            self._ctx.emit(SessionOpened(self._ctx.account, state.id, state.jid, state.handled, location))

    def acknowledge(self, stanzas: tuple[Stanza, ...], number: int | None) -> None:
        """Tell that the server has these stanzas, in this session all up to ``number``."""
        ctx = self._ctx
        if not stanzas:
            return
        for feature in ctx.features:
            if feature.on_acknowledged is not None:
                feature.on_acknowledged(ctx, stanzas)
        if any(isinstance(stanza, Message) for stanza in stanzas):
            self._around.work.note()
            if number is not None:
                ctx.emit(StanzasAcknowledged(ctx.account, number))

    def make_room(self) -> None:
        """Tell that messages may go out, now that it is agreed whether they are acknowledged."""
        for feature in self._ctx.features:
            if feature.on_acknowledged is not None:
                feature.on_acknowledged(self._ctx, ())

    def _start_features(self) -> None:
        for feature in self._ctx.features:
            if feature.on_online is not None:
                self._tasks.start(feature.on_online(self._ctx))
        self._watch(self._ctx.features)

    def _watch(self, features: tuple[Feature, ...]) -> None:
        for feature in features:
            if feature.in_background is not None:
                self._watchers.start(feature.in_background(self._ctx))
