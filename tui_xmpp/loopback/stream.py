"""One client's stream: the receiver's ``Connection`` over a transport, joined to the realm once it is bound."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tui_xmpp.jid import BareJID, FullJID, JIDError
from tui_xmpp.loopback import archives
from tui_xmpp.loopback.realm import Realm
from tui_xmpp.loopback.session import Session
from tui_xmpp.net.steps import NetError
from tui_xmpp.net.tls import ServerTls
from tui_xmpp.net.transport import Transport
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.config import ReceiverConfig
from tui_xmpp.xmpp.connection import Connection, ConnectionStateError
from tui_xmpp.xmpp.element import qualified
from tui_xmpp.xmpp.events import (
    BindWanted,
    Bound,
    Event,
    NonzaReceived,
    ResumeWanted,
    StanzaReceived,
    StreamManagementEnabled,
    TlsWanted,
)
from tui_xmpp.xmpp.sasl import ChannelBinding
from tui_xmpp.xmpp.stanza import Stanza
from tui_xmpp.xmpp.stanza_errors import ErrorCondition
from tui_xmpp.xmpp.stream_errors import HostPort, StreamError, StreamErrorCondition
from tui_xmpp.xmpp.stream_machine import Phase
from tui_xmpp.xmpp.stream_management import ResumptionState, UnackedStanza

_CLOSE_DEADLINE = 2.0  # seconds
_HELD = 600.0  # seconds
_ACTIVITY = frozenset(qualified(ns.CLIENT_STATE_INDICATION, state) for state in ("active", "inactive"))
"""What a client may say at any time: nothing is kept back here (XEP-0352)."""


@dataclass(slots=True)
class Manners:
    """How the server treats those who come; a test changes it to see how a client bears it."""

    redirect_to: HostPort | None = None
    """Send everybody on with ``see-other-host`` (RFC 6120 §4.9.3.19), under TLS."""
    refuse_bind_with: ErrorCondition | None = None
    make_resource: Callable[[], str] = lambda: "resource"


class ClientStream:
    """Serve one client until its stream ends; ``session`` is set while it is bound."""

    def __init__(
        self,
        realm: Realm,
        config: ReceiverConfig,
        transport: Transport,
        tls: ServerTls,
        manners: Manners,
        resumable: dict[str, ClientStream],
    ) -> None:
        self.session: Session | None = None
        self.ended = asyncio.Event()
        """Set when the stream is over and the realm knows it."""
        self.transport = transport
        """Our end; the ``faults`` of one in memory befall what the server sends."""
        self._realm = realm
        self._resumable = resumable
        self._id: str | None = None
        self._missed: list[UnackedStanza] = []
        self._connection = Connection(config)
        self._tls = tls
        self._manners = manners
        self._may_go_on = asyncio.Event()
        self._may_go_on.set()
        self._is_flush_due = False
        self._deadline: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Serve until the stream has ended; raise nothing for what a client may do."""
        try:
            self._connection.open()
            while await self._handle_events():
                await self.transport.drain()
                data = await self.transport.read()
                await self._may_go_on.wait()
                self._redirect()
                if data:
                    self._connection.receive_data(data)
                else:
                    self._connection.receive_eof()
            await self.transport.close()
        except NetError:
            pass  # the connection broke: there is nobody left to tell
        finally:
            if self._deadline is not None:
                self._deadline.cancel()
            if self.session is not None and self._connection.resumption_state() is None:
                self._detach()
            elif self.session is not None and self._id is not None:
                # The client may come back for it; what is for it meanwhile waits.
                asyncio.get_running_loop().call_later(_HELD, self._detach)
            self.transport.abort()
            self.ended.set()

    def _detach(self) -> None:
        session, self.session = self.session, None
        self._resumable.pop(self._id or "", None)
        if session is not None:
            self._realm.detach(session)

    def give_up(self) -> tuple[ResumptionState, Session] | None:
        """Hand the session over to another stream, with all that is due to it."""
        state, session = self._connection.resumption_state(), self.session
        if state is None or session is None:
            return None
        self._end_for_another()
        return state.with_unacked(*self._missed), session

    # --- what a test does to a stream ---

    def send_raw(self, data: bytes) -> None:
        """Write bytes as they are, after what is due."""
        self._flush()
        self.transport.write(data)

    def drop(self) -> None:
        """Break the connection without a word."""
        self.transport.abort()

    def freeze(self) -> None:
        """Neither read nor write from now on, while the connection stays up."""
        self._flush()
        self._may_go_on.clear()

    def thaw(self) -> None:
        """End a freeze."""
        self._may_go_on.set()
        self._flush()

    def end(self, error: StreamError | None = None) -> None:
        """Close the stream, with an error if one is given, and wait a bounded time for the client to follow."""
        self._connection.close(error)
        self._flush()
        if self._deadline is None:
            self._deadline = asyncio.get_running_loop().call_later(_CLOSE_DEADLINE, self.transport.abort)

    # --- events ---

    async def _handle_events(self) -> bool:
        """Do what the connection asks for, write what it says; False when it is over."""
        for event in self._connection.events():
            if isinstance(event, TlsWanted):
                self._flush()
                facts = self.transport.tls or await self.transport.start_tls(self._tls)
                self._connection.tls_established(ChannelBinding(facts.channel_bindings, facts.version))
            else:
                self._handle(event)
        self._flush()
        return self._connection.phase is not Phase.CLOSED

    def _redirect(self) -> None:
        """Send a client that begins to log in elsewhere, when told to."""
        elsewhere = self._manners.redirect_to
        if elsewhere is not None and self._connection.is_secure and self._connection.phase is Phase.NEGOTIATING:
            self.end(StreamError(StreamErrorCondition.SEE_OTHER_HOST, see_other_host=elsewhere))

    def _handle(self, event: Event) -> None:
        if isinstance(event, StanzaReceived):
            if self.session is not None:
                self._realm.receive(self.session, event.stanza)
            self._connection.mark_handled()
        elif isinstance(event, StreamManagementEnabled):
            state = self._connection.resumption_state()
            if state is not None:
                self._id = state.id
                self._resumable[state.id] = self
        elif isinstance(event, ResumeWanted):
            self._resume(event)
        elif isinstance(event, BindWanted):
            self._bind(event)
        elif isinstance(event, Bound):
            self.session = self._realm.attach(event.jid, self._deliver, self._end_for_another)
            self.session.wants_copies = event.inline is not None and event.inline.has_carbons
        elif isinstance(event, NonzaReceived) and event.element.tag not in _ACTIVITY:
            self.end(StreamError(StreamErrorCondition.UNSUPPORTED_STANZA_TYPE))

    def _resume(self, event: ResumeWanted) -> None:
        former = self._resumable.get(event.id)
        held = former.give_up() if former is not None and former.is_of(event.account) else None
        if held is None:
            self._connection.refuse_resume()
            return
        state, session = held
        session.deliver, session.end = self._deliver, self._end_for_another
        self.session, self._id = session, event.id
        self._resumable[event.id] = self
        self._connection.accept_resume(state)

    def is_of(self, account: BareJID) -> bool:
        """Tell whether the stream serves this account."""
        return self.session is not None and self.session.jid.bare == account

    def _bind(self, event: BindWanted) -> None:
        if self._manners.refuse_bind_with is not None:
            self._connection.refuse_bind(self._manners.refuse_bind_with)
            return
        try:
            resource = event.resource or self._manners.make_resource()
            jid: FullJID = event.account.with_resource(f"{event.tag}/{resource}" if event.tag else resource)
        except JIDError:
            self._connection.refuse_bind(ErrorCondition.BAD_REQUEST)
            return
        account = self._realm.add_account(event.account)
        self._connection.accept_bind(jid, archives.metadata(account) if self._realm.keeps_archives else None)

    def _deliver(self, stanza: Stanza) -> None:
        try:
            self._connection.send(stanza)
        except ConnectionStateError:
            # It is closing: what comes now waits for who resumes it, and is lost where nobody can.
            self._missed.append(UnackedStanza(stanza, self._realm.clock.now()))
            return
        if not self._is_flush_due:
            self._is_flush_due = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _end_for_another(self) -> None:
        self.session = None
        self.end(StreamError(StreamErrorCondition.CONFLICT))

    def _flush(self) -> None:
        self._is_flush_due = False
        if self._may_go_on.is_set() and (data := self._connection.data_to_send()):
            self.transport.write(data)
