"""What an account's features are given: the worker's side of :class:`tui_xmpp.features.feature.Context`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar, cast

from tui_xmpp.clock import Clock
from tui_xmpp.core.events import Event, Logged
from tui_xmpp.core.model import LogEntry, Message, OwnPresence, Severity
from tui_xmpp.core.settings import AccountSettings, PrivacySettings
from tui_xmpp.core.views import Views
from tui_xmpp.features.feature import Feature, NotConnectedError
from tui_xmpp.jid import JID, BareJID, FullJID
from tui_xmpp.worker.dispatch import Dispatcher
from tui_xmpp.worker.journal import Journal
from tui_xmpp.worker.link import Link
from tui_xmpp.worker.requests import Requests
from tui_xmpp.worker.work import Work
from tui_xmpp.xmpp.connection import Phase
from tui_xmpp.xmpp.stanza import Iq, Stanza
from tui_xmpp.xmpp.stream_features import StreamFeatures

T = TypeVar("T")


def random_id() -> str:
    """Return 96 random bits as text (C-STZ-02)."""
    return os.urandom(12).hex()


class AccountContext:
    """One account's context, for all its streams; ``attach`` and ``detach`` bracket each of them.

    Facts and stanzas gather until :meth:`flush`, which comes by itself at the end of the loop's turn.
    """

    def __init__(
        self,
        settings: AccountSettings,
        privacy: PrivacySettings,
        *,
        own: OwnPresence,
        dispatcher: Dispatcher,
        journal: Journal,
        views: Views,
        clock: Clock,
        work: Work,
        languages: Sequence[str] = (),
        make_id: Callable[[], str] = random_id,
    ) -> None:
        self.account: BareJID = settings.jid
        self.settings = settings
        self.privacy = privacy
        self.own = own
        self.clock = clock
        self.languages = tuple(languages)
        self.link: Link | None = None
        self._dispatcher = dispatcher
        self._journal = journal
        self._views = views
        self._work = work
        self._make_id = make_id
        self._states: dict[type[object], object] = {}
        self._requests: Requests | None = None
        self._jid: FullJID | None = None
        self._events: list[Event] = []
        self._is_flush_due = False

    # -- the stream -----------------------------------------------------------------------------------------------

    def attach(self, link: Link, jid: FullJID) -> Requests:
        """Begin with a stream that is up; return the table of its requests."""
        self.link = link
        self._jid = jid
        self._requests = Requests(jid, self._work)
        return self._requests

    def detach(self) -> None:
        """End with a stream that is gone: whoever waits for an answer is told."""
        requests, self._requests = self._requests, None
        self.link = None
        self._jid = None
        if requests is not None:
            requests.fail(NotConnectedError(f"The connection of {self.account} was lost before the answer came."))

    @property
    def is_online(self) -> bool:
        return self.link is not None and self.link.connection.phase is Phase.ESTABLISHED

    @property
    def jid(self) -> FullJID:
        if self._jid is None:
            raise self._not_connected()
        return self._jid

    @property
    def stream(self) -> StreamFeatures:
        return self.link.connection.features if self.link else StreamFeatures()

    @property
    def features(self) -> tuple[Feature, ...]:
        return self._dispatcher.features

    @property
    def silence(self) -> float:
        return asyncio.get_running_loop().time() - self.link.heard_at if self.link else 0.0

    @property
    def unheard(self) -> float:
        since = self.link.unheard_since if self.link else None
        return asyncio.get_running_loop().time() - since if since is not None else 0.0

    def drop(self, reason: str) -> None:
        if self.link is not None:
            self.link.drop(reason)

    # -- out ------------------------------------------------------------------------------------------------------

    def send(self, stanza: Stanza) -> None:
        if self.link is None or not self.is_online:
            raise self._not_connected()
        self.link.connection.send(self._dispatcher.decorate(self, stanza))
        self._expect_flush()

    async def request(self, iq: Iq, otherwise: str = "", deadline: float = 30.0) -> Iq:
        if self._requests is None or not self.is_online:
            raise self._not_connected(otherwise)
        id_ = iq.id or self.new_id()
        self.send(replace(iq, id=id_))
        return await self._requests.open(id_, iq.to, otherwise, deadline)

    def emit(self, *events: Event) -> None:
        self._events += events
        self._expect_flush()

    async def record(self, *events: Event) -> None:
        self._events += events
        done = self.flush()
        if done is not None:
            await asyncio.shield(done)

    def log(self, text: str, severity: Severity = Severity.INFO, peer: JID | None = None) -> None:
        self.emit(Logged(self.account, LogEntry(self.clock.now(), text, severity, self.account, peer)))

    def flush(self) -> asyncio.Future[None] | None:
        """Let out what has gathered; return what becomes done when the facts are kept and known."""
        self._is_flush_due = False
        if self.link is not None:
            self.link.flush()
        if not self._events:
            return None
        events, self._events = self._events, []
        return self._journal.record(events)

    def show(self, *events: Event) -> None:
        """Let facts be known that are kept already or are not for keeping, after all before them."""
        self.flush()
        self._journal.record(events, is_kept=False)

    def _expect_flush(self) -> None:
        if not self._is_flush_due:
            self._is_flush_due = True
            asyncio.get_running_loop().call_soon(self._flush_if_due)

    def _flush_if_due(self) -> None:
        if self._is_flush_due:
            self.flush()

    # -- what is known --------------------------------------------------------------------------------------------

    def state(self, kind: type[T]) -> T:
        held = self._states.get(kind)
        if held is None:
            held = self._states[kind] = kind()
        return cast("T", held)

    def new_id(self) -> str:
        return self._make_id()

    def message(self, peer: BareJID, key: str) -> Message | None:
        held = self._views.conversation(self.account, peer).messages
        return next((message for message in reversed(held) if message.key == key), None)

    def _not_connected(self, otherwise: str = "") -> NotConnectedError:
        return NotConnectedError(f"{self.account} is not connected. {otherwise}".rstrip())
