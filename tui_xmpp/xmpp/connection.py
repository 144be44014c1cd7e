"""The stream as a value machine: bytes in, typed events out, bytes out; both roles, no sockets (RFC 6120).

    connection = Connection(InitiatorConfig(domain="example.net", account=BareJID.parse("juliet@example.net")))
    connection.open()
    while connection.phase is not Phase.CLOSED:
        write(connection.data_to_send())
        connection.receive_data(read())
        for event in connection.events(): ...

After every call that may produce output (any verb below) write ``data_to_send()``. After ``receive_data``
and every answer drain ``events()``. No verb raises for what the peer sent: that is a ``StreamFailed`` event.
A verb called in the wrong phase raises ``ConnectionStateError`` (a bug of the caller).

With stream management a session outlives its stream: call ``mark_handled`` for every stanza once it is safe, and
give ``resumption_state()`` of a broken stream to the next one's config; ``Resumed`` then comes in place of ``Bound``.
"""

from __future__ import annotations

from collections.abc import Iterator

from tui_xmpp.errors import TuiXmppError
from tui_xmpp.jid import FullJID
from tui_xmpp.xmpp.config import TlsMode
from tui_xmpp.xmpp.element import Element, serialize_stream_child
from tui_xmpp.xmpp.events import Event
from tui_xmpp.xmpp.inline import ArchiveMetadata
from tui_xmpp.xmpp.login import SaslExchange
from tui_xmpp.xmpp.payload import encode
from tui_xmpp.xmpp.sasl import AuthenticationPin, ChannelBinding, Credentials
from tui_xmpp.xmpp.stanza import Stanza, encode_stanza
from tui_xmpp.xmpp.stanza_errors import ErrorCondition
from tui_xmpp.xmpp.stream_errors import StreamError, encode_stream_error
from tui_xmpp.xmpp.stream_machine import FOOTER, Phase, StreamMachine
from tui_xmpp.xmpp.stream_management import REQUEST, Ack, ResumptionState, UnackedStanza


class ConnectionStateError(TuiXmppError, RuntimeError):
    """A verb was called in a phase that does not allow it."""


class UnackedQueueFullError(ConnectionStateError):
    """The peer has acknowledged too little: send again after ``Acknowledged`` (X-198-06)."""


class Connection(StreamMachine):
    """One XML stream over one transport; make a new one for every reconnect."""

    # --- the verbs ---

    def open(self) -> None:
        """Start: the initiator queues its header, the receiver waits for one; direct TLS asks for TLS first."""
        self._require(Phase.NEW)
        if self._tls_mode is TlsMode.DIRECT:
            self.begin_tls()
        else:
            self.restart()

    def receive_data(self, data: bytes) -> None:
        """Take bytes as they came off the transport (after TLS: decrypted); then drain ``events()``."""
        position = 0
        while position < len(data) and self.phase is not Phase.CLOSED:
            if self.phase is Phase.TLS:
                # The next byte after <proceed/> belongs to TLS (RFC 6120 §5.4.3.3): this one was put there by someone.
                self.fail(None, "Someone put data before the start of encryption.", is_silent=True)
                return
            end = len(data)
            if self.phase is not Phase.ESTABLISHED:
                # Tag by tag: after each the stream may begin anew, with another parser.
                end = data.find(b">", position) + 1 or end
            self._parse(data[position:end])
            position = end

    def receive_eof(self) -> None:
        """Say that the transport ended; without a closing tag before it the stream is broken (C-STR-13)."""
        if self.phase is not Phase.CLOSED:
            self._finish(is_clean=False, is_by_peer=self.phase is not Phase.CLOSING)

    def events(self) -> Iterator[Event]:
        """Yield and remove the events so far, in order; answering one inside the loop may add more to it."""
        while self._events:
            yield self._events.popleft()

    def data_to_send(self) -> bytes:
        """Return and forget the bytes to write now; whole elements only (C-XML-04).

        What goes out in one call is one burst: with stream management its acknowledgement is asked for at the end.
        """
        if self._management is not None and self._management.is_request_due() and self.phase is Phase.ESTABLISHED:
            self.request_ack()
        data = b"".join(self._outgoing)
        self._outgoing.clear()
        return data

    def tls_established(self, binding: ChannelBinding | None) -> None:
        """Answer ``TlsWanted``: the handshake is done and the certificate accepted. A new stream begins."""
        self._require(Phase.TLS)
        self.is_secure = True
        self.binding = binding
        self.restart()

    def offer_credentials(self, credentials: Credentials, pin: AuthenticationPin | None = None) -> None:
        """Answer ``CredentialsWanted``; ``pin`` is what ``Authenticated`` gave for this account last time."""
        if not isinstance(self._exchange, SaslExchange) or not self._exchange.wants_credentials:
            raise ConnectionStateError("No credentials are wanted now.")
        self._exchange.offer_credentials(credentials, pin)

    def key_derived(self, salted_password: bytes) -> None:
        """Answer ``KeyDerivationWanted``."""
        if not isinstance(self._exchange, SaslExchange) or not self._exchange.wants_key:
            raise ConnectionStateError("No derived key is wanted now.")
        self._exchange.key_derived(salted_password)

    def accept_bind(self, jid: FullJID, archive: ArchiveMetadata | None = None) -> None:
        """Answer ``BindWanted`` (receiver): the client is ``jid`` from now on; ``Bound`` follows.

        ``archive`` is told to a client that binds by Bind 2.
        """
        if self._reception is None or not self._reception.accept_bind(jid, archive):
            raise ConnectionStateError("No resource is wanted now.")

    def refuse_bind(self, condition: ErrorCondition) -> None:
        """Answer ``BindWanted`` (receiver) with a stanza error; the client may ask again."""
        if self._reception is None or not self._reception.refuse_bind(condition):
            raise ConnectionStateError("No resource is wanted now.")

    def accept_resume(self, state: ResumptionState) -> None:
        """Answer ``ResumeWanted`` (receiver) with the state kept under its id; ``Resumed`` follows."""
        if self._reception is None or not self._reception.accept_resume(state):
            raise ConnectionStateError("This session is not asked for now, or not by its owner.")

    def refuse_resume(
        self, condition: ErrorCondition = ErrorCondition.ITEM_NOT_FOUND, handled: int | None = None
    ) -> None:
        """Answer ``ResumeWanted`` (receiver): the session is gone; ``handled`` is what is still known of its count."""
        if self._reception is None or not self._reception.refuse_resume(condition, handled):
            raise ConnectionStateError("No session is asked for now.")

    def send(self, stanza: Stanza) -> None:
        """Queue one stanza; raise ConnectionStateError unless the phase is ESTABLISHED.

        With stream management UnackedQueueFullError when ``has_room`` is false.
        """
        self._require(Phase.ESTABLISHED)
        if self._management is not None:
            if not self._management.has_room:
                raise UnackedQueueFullError("Too much is waiting for the other side's acknowledgement.")
            self._management.sent(stanza)
        self._outgoing.append(encode_stanza(stanza))
        self.stanzas_sent += 1

    def send_nonza(self, element: Element) -> None:
        """Queue a top-level element that is no stanza (stream management, client state)."""
        self._require(Phase.ESTABLISHED)
        self.write(element)

    def keepalive(self) -> None:
        """Queue one space (RFC 6120 §4.6.1); nothing before the stream is negotiated (C-STR-14, C-TLS-03)."""
        if self.phase is Phase.ESTABLISHED:
            self._outgoing.append(b" ")

    # --- stream management (XEP-0198) ---

    @property
    def is_managed(self) -> bool:
        """Tell whether stanzas are acknowledged on this stream."""
        return self._management is not None and self._management.is_on

    @property
    def is_agreeing(self) -> bool:
        """Tell whether stream management was asked for and not answered: until then a cut loses count for good."""
        return self._management is not None and not self._management.is_on

    @property
    def has_room(self) -> bool:
        """Tell whether ``send`` takes another stanza; after ``Acknowledged`` it does."""
        return self._management is None or self._management.has_room

    @property
    def sent_number(self) -> int | None:
        """The number of the latest stanza sent, as the peer will count it; None without stream management."""
        return None if self._management is None else self._management.count

    @property
    def is_awaiting_ack(self) -> bool:
        """Tell whether an acknowledgement was asked for and has not come."""
        return self._management is not None and self._management.is_awaiting

    @property
    def acknowledged_number(self) -> int | None:
        """The number of the latest stanza the peer has acknowledged; None without stream management."""
        return None if self._management is None else self._management.acked

    @property
    def unacked(self) -> tuple[UnackedStanza, ...]:
        """The stanzas sent and not acknowledged, oldest first; also after the end of the stream."""
        return self._management.unacked if self._management is not None else ()

    def request_ack(self) -> None:
        """Ask for an acknowledgement now: it also proves that the peer is there. Needs ``is_managed``."""
        self._require(Phase.ESTABLISHED)
        if self._management is None or not self._management.is_on:
            raise ConnectionStateError("This stream has no stream management.")
        self._management.requested()
        self._outgoing.append(REQUEST)

    def mark_handled(self, count: int = 1) -> None:
        """Say that the next ``count`` stanzas received are safe here and may be acknowledged.

        Call it for every stanza in the order of their events, stream management or not: nothing else advances ``h``.
        """
        if not 0 <= count <= self.stanzas_received - self._stanzas_handled:
            raise ConnectionStateError("More stanzas were handled than received.")
        self._stanzas_handled += count
        if self._management is not None and self.phase is Phase.ESTABLISHED:
            owed = self._management.owed(self._stanzas_handled)
            if owed is not None:
                self.write(encode(owed))

    def resumption_state(self) -> ResumptionState | None:
        """Return what the next stream needs to go on from here; None when this session cannot be resumed.

        It stays to be had after the stream broke, and is None after either side has closed it (C-STR-12, C-STR-13).
        """
        if self._management is None or self.jid is None or self._is_session_over:
            return None
        return self._management.state(self.jid, self._stanzas_handled)

    def close(self, error: StreamError | None = None) -> None:
        """Queue ``</stream:stream>`` (after ``error``, if given) and keep reading until ``StreamClosed``.

        Wait a bounded time for it (say 5 s), then drop the connection. Calling it again does nothing (C-STR-11).
        """
        if self.phase in (Phase.CLOSING, Phase.CLOSED):
            return
        if self.phase is Phase.TLS or not self._has_sent_header:
            self._finish(is_clean=False, is_by_peer=False)
            return
        if self._management is not None and self._management.is_on:
            # What is handled is not to be sent again to another session of ours (C-STR-12).
            self.write(encode(Ack(self._management.handled(self._stanzas_handled))))
        if error is not None:
            self._outgoing.append(serialize_stream_child(encode_stream_error(error)))
        self._outgoing.append(FOOTER)
        self._is_session_over = True
        self.phase = Phase.CLOSING

    def _require(self, phase: Phase) -> None:
        if self.phase is not phase:
            raise ConnectionStateError(f"This needs the phase '{phase.value}', it is '{self.phase.value}'.")
