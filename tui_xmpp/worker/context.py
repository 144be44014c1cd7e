"""What an account's features are given: the worker's side of :class:`tui_xmpp.features.feature.Context`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar, cast

from tui_xmpp.clock import Clock
from tui_xmpp.core.events import DURABLE, Event, Logged, MessagePlaced, StanzasHandled
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
from tui_xmpp.xmpp.connection import Connection
from tui_xmpp.xmpp.element import Element
from tui_xmpp.xmpp.stanza import Iq, Stanza
from tui_xmpp.xmpp.stanza import Message as WireMessage
from tui_xmpp.xmpp.stream_features import StreamFeatures
from tui_xmpp.xmpp.stream_machine import Phase

T = TypeVar("T")

_DURABLE = frozenset(DURABLE)


def random_id() -> str:
    """Return 96 random bits as text (C-STZ-02)."""
    return next(_random_ids)


def _endless_random_ids() -> Iterator[str]:
    """Ask the system for many at a time: each message that comes is given one."""
    while True:
        block = os.urandom(12 * 64).hex()
        yield from (block[start : start + 24] for start in range(0, len(block), 24))


_random_ids = _endless_random_ids()


class AccountContext:
    """One account's context, for all its streams.

    ``attach`` and ``detach`` bracket a session, ``suspend`` and ``resume`` a time in which it has no stream. Facts and
    stanzas gather until :meth:`flush`, which comes by itself at the end of the loop's turn.
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
        self.requests: Requests | None = None
        """What was asked in this session and not answered yet; None without a session."""
        self._jid: FullJID | None = None
        self._offered = StreamFeatures()
        self._events: list[Event] = []
        self._is_posting = False
        self._posted = 0
        self._is_flush_due = False

    # -- the stream -----------------------------------------------------------------------------------------------

    def attach(self, link: Link, jid: FullJID) -> None:
        """Begin a session on a stream that is up."""
        self._offered = StreamFeatures()
        self.link = link
        self._jid = jid
        self.requests = Requests(jid, self._work)

    def suspend(self) -> None:
        """Let go of a stream that is gone; what was asked on it may still be answered on the next."""
        self._offered = self.stream
        self.link = None

    def resume(self, link: Link) -> None:
        """Go on with the session on another stream."""
        self.link = link

    def detach(self) -> None:
        """End the session: whoever waits for an answer is told."""
        requests, self.requests = self.requests, None
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
        if self.link is None:
            return StreamFeatures()
        offered = self.link.connection.features
        # A session that is resumed together with the login is offered nothing anew (XEP-0198, XEP-0388).
        return self._offered if offered.precede_login and self._offered.elements else offered

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

    @property
    def unanswered(self) -> float:
        since = self.link.unanswered_since if self.link else None
        return asyncio.get_running_loop().time() - since if since is not None else 0.0

    def drop(self, reason: str) -> None:
        if self.link is not None:
            self.link.drop(reason)

    # -- out ------------------------------------------------------------------------------------------------------

    @property
    def has_room(self) -> bool:
        return self.link is not None and self.is_online and self.link.connection.has_room

    @property
    def takes_messages(self) -> bool:
        return self.link is not None and self.has_room and not self.link.connection.is_agreeing

    @property
    def is_managed(self) -> bool:
        return self.link is not None and self.is_online and self.link.connection.is_managed

    def send(self, stanza: Stanza) -> None:
        self._send(self._dispatcher.decorate(self, stanza))

    def post(self, message: WireMessage, *facts: Event, is_decorated: bool = False) -> None:
        number = self._send(message if is_decorated else self._dispatcher.decorate(self, message))
        self._events += facts
        if number is not None and message.id is not None:
            self._events.append(MessagePlaced(self.account, message.id, number))
        self._is_posting = True

    def send_nonza(self, element: Element) -> None:
        self._up().send_nonza(element)
        self._expect_flush()

    def request_ack(self) -> None:
        self._up().request_ack()
        self._expect_flush()

    def _send(self, stanza: Stanza) -> int | None:
        connection = self._up()
        if not connection.has_room:
            raise self._not_connected("Its server has not acknowledged anything for long.")
        connection.send(stanza)
        self._expect_flush()
        return connection.sent_number

    def _up(self) -> Connection:
        if self.link is None or not self.is_online:
            raise self._not_connected()
        return self.link.connection

    async def request(self, iq: Iq, otherwise: str = "", deadline: float = 30.0) -> Iq:
        if self.requests is None or not self.is_online:
            raise self._not_connected(otherwise)
        id_ = iq.id or self.new_id()
        self.send(replace(iq, id=id_))
        return await self.requests.open(id_, iq.to, otherwise, deadline)

    def emit(self, *events: Event) -> None:
        self._events += events
        self._expect_flush()

    async def record(self, *events: Event) -> None:
        self._events += events
        done = self.flush()
        if done is not None:
            await asyncio.shield(done)

    def log(
        self, text: str, severity: Severity = Severity.INFO, peer: JID | None = None, *, message: str | None = None
    ) -> None:
        self.emit(Logged(self.account, LogEntry(self.clock.now(), text, severity, self.account, peer, message)))

    def flush(self) -> asyncio.Future[bool] | None:
        """Let out what has gathered; return what becomes done when the facts are kept and known.

        Stanzas leave at once, unless a message among them must be on disk first.
        """
        self._is_flush_due = False
        done: asyncio.Future[bool] | None = None
        if self._events:
            events, self._events = self._events, []
            done = self._journal.record(events)
        if self._is_posting and done is not None:
            self._posted += 1
            done.add_done_callback(self._is_kept)
        self._is_posting = False
        self._flush_link()
        return done

    def flush_handled(self, count: int) -> asyncio.Future[bool] | None:
        """Let out what so many stanzas brought; return what becomes done when it and their number are kept."""
        if not any(type(event) in _DURABLE for event in self._events):
            self.flush()  # what is not kept need not wait for the disk
        self._events.append(StanzasHandled(self.account, count))
        return self.flush()

    def _is_kept(self, done: asyncio.Future[bool]) -> None:
        self._posted -= 1
        self._flush_link()

    def _flush_link(self) -> None:
        if self.link is not None and not self._posted:
            self.link.flush()

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

    @property
    def opened(self) -> tuple[BareJID, ...]:
        views = self._views
        mine = [peer for account, peer in views.conversations() if account == self.account]
        return tuple(peer for peer in mine if views.conversation(self.account, peer).is_loaded)

    def message(self, peer: BareJID, key: str) -> Message | None:
        held = self._views.conversation(self.account, peer).messages
        return next(
            (message for message in reversed(held) if message.key == key or _is_corrected_by(message, key)), None
        )

    def _not_connected(self, otherwise: str = "") -> NotConnectedError:
        return NotConnectedError(f"{self.account} is not connected. {otherwise}".rstrip())


def _is_corrected_by(message: Message, key: str) -> bool:
    return bool(message.versions) and any(version.id == key for version in message.versions)
