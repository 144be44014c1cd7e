"""The stream as a value machine: bytes in, typed events out, bytes out; both roles, no sockets (RFC 6120).

    connection = Connection(InitiatorConfig(domain="example.net",
    account=BareJID.parse("juliet@example.net"))) connection.open()
    loop: write connection.data_to_send(); connection.receive_data(bytes read); for event in
    connection.events(): ...

After every call that may produce output (any verb below) write ``data_to_send()``. After ``receive_data``
and every answer drain ``events()``. No verb raises for what the peer sent: that is a ``StreamFailed`` event.
A verb called in the wrong phase raises ``ConnectionStateError`` (a bug of the caller).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from tui_xmpp.errors import TuiXmppError
from tui_xmpp.jid import BareJID, FullJID
from tui_xmpp.xmpp.element import Element
from tui_xmpp.xmpp.events import Event
from tui_xmpp.xmpp.negotiation import StreamFeatures
from tui_xmpp.xmpp.parser import ParserLimits
from tui_xmpp.xmpp.sasl import AuthenticationPin, ChannelBinding, Credentials, CredentialStore
from tui_xmpp.xmpp.stanza import ErrorCondition, Stanza
from tui_xmpp.xmpp.stream_errors import StreamError


class ConnectionStateError(TuiXmppError, RuntimeError):
    """A verb was called in a phase that does not allow it."""


class TlsMode(Enum):
    """How TLS begins; there is no mode without it."""

    STARTTLS = "starttls"
    DIRECT = "direct"


class Phase(Enum):
    """Where the stream is. ESTABLISHED is the only phase in which stanzas may be sent."""

    NEW = "new"
    TLS = "waiting for TLS"
    OPENING = "waiting for the peer's header"
    NEGOTIATING = "negotiating features"
    ESTABLISHED = "established"
    CLOSING = "our closing tag is sent"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class InitiatorConfig:
    """A client's side. ``resource`` None lets the server choose; ``account`` None is for ANONYMOUS.

    ``make_nonce`` (SASL) and ``make_id`` (stanza ids, resource suffixes) exist for tests that need fixed
    bytes.
    """

    domain: str
    account: BareJID | None
    resource: str | None = None
    lang: str = "en"
    tls_mode: TlsMode = TlsMode.STARTTLS
    limits: ParserLimits = field(default_factory=ParserLimits)
    max_login_attempts: int = 3
    make_nonce: Callable[[], str] | None = None
    make_id: Callable[[], str] | None = None


@dataclass(frozen=True, slots=True)
class ReceiverConfig:
    """A server's side. ``mechanisms`` in the order to announce; ``features`` are announced after
    authentication.

    ``channel_binding_types`` None leaves out ``<sasl-channel-binding/>`` (XEP-0440).
    """

    domain: str
    store: CredentialStore
    mechanisms: tuple[str, ...] = ("SCRAM-SHA-256", "SCRAM-SHA-1")
    channel_binding_types: tuple[str, ...] | None = None
    features: tuple[Element, ...] = ()
    lang: str = "en"
    tls_mode: TlsMode = TlsMode.STARTTLS
    limits: ParserLimits = field(default_factory=ParserLimits)
    max_login_attempts: int = 3
    make_id: Callable[[], str] | None = None


class Connection:
    """One XML stream over one transport; make a new one for every reconnect."""

    def __init__(self, config: InitiatorConfig | ReceiverConfig) -> None: ...

    phase: Phase
    features: StreamFeatures
    """What the peer offered last; empty until then."""
    jid: FullJID | None
    """The bound address; None until ``Bound``."""
    stream_id: str | None
    stanzas_sent: int
    stanzas_received: int
    """Stanzas since ``Bound``, as XEP-0198 counts them (message, presence, iq; nothing else)."""

    def open(self) -> None:
        """Start: the initiator queues its header (direct TLS: asks for TLS first), the receiver waits for
        one."""

    def receive_data(self, data: bytes) -> None:
        """Take bytes as they came off the transport (after TLS: decrypted); then drain ``events()``."""

    def receive_eof(self) -> None:
        """Say that the transport ended; without a closing tag before it the stream is broken (C-STR-13)."""

    def events(self) -> Iterator[Event]:
        """Yield and remove the events so far, in order; answering one inside the loop may add more to it."""
        raise NotImplementedError

    def data_to_send(self) -> bytes:
        """Return and forget the bytes to write now; whole elements only (C-XML-04)."""
        raise NotImplementedError

    def tls_established(self, binding: ChannelBinding | None) -> None:
        """Answer ``TlsWanted``: the handshake is done and the certificate accepted. A new stream begins."""

    def offer_credentials(self, credentials: Credentials, pin: AuthenticationPin | None = None) -> None:
        """Answer ``CredentialsWanted``; ``pin`` is what ``Authenticated`` gave for this account last time."""

    def key_derived(self, salted_password: bytes) -> None:
        """Answer ``KeyDerivationWanted``."""

    def accept_bind(self, jid: FullJID) -> None:
        """Answer ``BindWanted`` (receiver): the client is ``jid`` from now on; ``Bound`` follows."""

    def refuse_bind(self, condition: ErrorCondition) -> None:
        """Answer ``BindWanted`` (receiver) with a stanza error; the client may ask again."""

    def send(self, stanza: Stanza) -> None:
        """Queue one stanza; raise ConnectionStateError unless the phase is ESTABLISHED."""

    def send_nonza(self, element: Element) -> None:
        """Queue a top-level element that is no stanza (stream management, client state)."""

    def keepalive(self) -> None:
        """Queue one space (RFC 6120 §4.6.1); does nothing before the stream is negotiated (C-STR-14,
        C-TLS-03)."""

    def close(self, error: StreamError | None = None) -> None:
        """Queue ``</stream:stream>`` (after ``error``, if given) and keep reading until ``StreamClosed``.

        Wait a bounded time for it (say 5 s), then drop the connection. Calling it again does nothing
        (C-STR-11).
        """
