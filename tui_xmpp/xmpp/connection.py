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

import secrets
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from lxml import etree

from tui_xmpp.errors import TuiXmppError
from tui_xmpp.jid import BareJID, FullJID
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.element import (
    LANG,
    Element,
    build_stream_child,
    qualified,
    sendable,
    serialize,
    serialize_stream_child,
    tag_text,
)
from tui_xmpp.xmpp.events import (
    BindWanted,
    Bound,
    CredentialsWanted,
    Event,
    KeyDerivationWanted,
    NonzaReceived,
    StanzaReceived,
    StreamClosed,
    StreamErrorReceived,
    StreamFailed,
    TlsWanted,
)
from tui_xmpp.xmpp.negotiation import Exchange, SaslExchange, next_negotiable, unknown_requirement
from tui_xmpp.xmpp.parser import (
    STREAM_TAG,
    ParserLimits,
    StreamHeader,
    StreamItem,
    StreamParser,
    StreamViolation,
)
from tui_xmpp.xmpp.receiver import Reception
from tui_xmpp.xmpp.sasl import (
    AuthenticationPin,
    ChannelBinding,
    Credentials,
    CredentialStore,
    MechanismOffer,
)
from tui_xmpp.xmpp.stanza import (
    IQ_TAG,
    MESSAGE_TAG,
    PRESENCE_TAG,
    ErrorCondition,
    Stanza,
    decode_stanza,
    encode_stanza,
)
from tui_xmpp.xmpp.stream_errors import (
    StreamError,
    StreamErrorCondition,
    decode_stream_error,
    encode_stream_error,
)
from tui_xmpp.xmpp.stream_features import StreamFeatures

_STANZAS: Final = frozenset((MESSAGE_TAG, PRESENCE_TAG, IQ_TAG))
_FEATURES_TAG: Final = qualified(ns.STREAMS, "features")
_ERROR_TAG: Final = qualified(ns.STREAMS, "error")
_CLIENT_PREFIX: Final = f"{{{ns.CLIENT}}}"
_C = StreamErrorCondition
_FOOTER: Final = b"</stream:stream>"
_QUESTIONS: Final = (TlsWanted, CredentialsWanted, KeyDerivationWanted, BindWanted)


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
    """One XML stream over one transport; make a new one for every reconnect.

    Besides the verbs it is the ``Stream`` that the exchanges of ``negotiation`` and ``receiver`` work on.
    """

    def __init__(self, config: InitiatorConfig | ReceiverConfig) -> None:
        self.domain = config.domain
        self.lang = config.lang
        self.max_login_attempts = config.max_login_attempts
        self.phase = Phase.NEW
        self.features = StreamFeatures()
        """What the peer offered last; empty until then."""
        self.jid: FullJID | None = None
        """The bound address; None until ``Bound``."""
        self.stream_id: str | None = None
        self.stanzas_sent = 0
        self.stanzas_received = 0
        """Stanzas since ``Bound``, as XEP-0198 counts them (message, presence, iq; nothing else)."""
        self.binding: ChannelBinding | None = None
        self.is_secure = False
        self.is_authenticated = False
        self.make_id: Callable[[], str] = config.make_id or _random_id
        self.account: BareJID | None = None
        self.resource: str | None = None
        self.make_nonce: Callable[[], str] | None = None
        self._reception: Reception | None = None
        if isinstance(config, ReceiverConfig):
            offer = MechanismOffer(config.mechanisms, config.channel_binding_types)
            self._reception = Reception(self, config.store, offer, config.features)
        else:
            self.account = config.account
            self.resource = config.resource
            self.make_nonce = config.make_nonce
        self._exchange: Exchange | None = None
        self._tls_mode = config.tls_mode
        self._limits = config.limits
        self._parser = StreamParser(config.limits)
        self._peer_lang: str | None = None
        self._has_sent_header = False
        self._is_established = False
        self._outgoing: list[bytes] = []
        self._events: deque[Event] = deque()

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
        """Return and forget the bytes to write now; whole elements only (C-XML-04)."""
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

    def accept_bind(self, jid: FullJID) -> None:
        """Answer ``BindWanted`` (receiver): the client is ``jid`` from now on; ``Bound`` follows."""
        if self._reception is None or not self._reception.accept_bind(jid):
            raise ConnectionStateError("No resource is wanted now.")

    def refuse_bind(self, condition: ErrorCondition) -> None:
        """Answer ``BindWanted`` (receiver) with a stanza error; the client may ask again."""
        if self._reception is None or not self._reception.refuse_bind(condition):
            raise ConnectionStateError("No resource is wanted now.")

    def send(self, stanza: Stanza) -> None:
        """Queue one stanza; raise ConnectionStateError unless the phase is ESTABLISHED."""
        self._require(Phase.ESTABLISHED)
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

    def close(self, error: StreamError | None = None) -> None:
        """Queue ``</stream:stream>`` (after ``error``, if given) and keep reading until ``StreamClosed``.

        Wait a bounded time for it (say 5 s), then drop the connection. Calling it again does nothing (C-STR-11).
        """
        if self.phase in (Phase.CLOSING, Phase.CLOSED):
            return
        if self.phase is Phase.TLS or not self._has_sent_header:
            self._finish(is_clean=False, is_by_peer=False)
            return
        if error is not None:
            self._outgoing.append(serialize_stream_child(encode_stream_error(error)))
        self._outgoing.append(_FOOTER)
        self.phase = Phase.CLOSING

    # --- what the exchanges do to the stream ---

    def write(self, data: bytes | Element) -> None:
        """Queue a whole element."""
        self._outgoing.append(data if isinstance(data, bytes) else serialize(data))

    def tell(self, event: Event) -> None:
        """Add an event for the caller."""
        self._events.append(event)

    def begin_tls(self) -> None:
        """Hand the transport over to TLS; nothing is read until it is there."""
        self.phase = Phase.TLS
        self.tell(TlsWanted(self.domain))

    def restart(self) -> None:
        """Begin a new stream: new parser, nothing remembered of the old one (RFC 6120 §4.3.3, C-STR-08)."""
        self._parser = StreamParser(self._limits)
        self._exchange = None
        self.features = StreamFeatures()
        self.stream_id = None
        self._has_sent_header = False
        self.phase = Phase.OPENING
        if self._reception is None:
            # Who we are is told only under encryption (RFC 6120 §4.7.1).
            from_ = str(self.account) if self.is_secure and self.account is not None else None
            self._write_header({"from": from_, "to": self.domain})

    def next_feature(self) -> None:
        """Go on with the next feature that applies; with none the stream is negotiated."""
        self._exchange = None
        row = next_negotiable(self) if self._reception is None else None
        if row is None and self.jid is not None:
            self._establish(self.jid)
        elif row is None:
            missing = "no address for this session" if self.is_authenticated else "no way to log in"
            self.fail(None, f"The server offers {missing}.")
        elif not row.restarts and (unknown := unknown_requirement(self.features)) is not None:
            name = etree.QName(unknown).localname
            self.fail(_C.UNSUPPORTED_FEATURE, f"The server demands a feature unknown here ({name}).")
        else:
            self._exchange = row.begin(self)

    def fail(self, condition: StreamErrorCondition | None, detail: str, *, is_silent: bool = False) -> None:
        """End the stream because of the peer; ``is_silent`` when no XML may be sent any more."""
        if self.phase is Phase.CLOSED:
            return
        self.tell(StreamFailed(None if is_silent else condition, detail))
        if not is_silent and self.phase is not Phase.CLOSING:
            if not self._has_sent_header:  # an error needs a stream to be in (RFC 6120 §4.9.1.2)
                self._write_header({"from": self.domain, "id": self.make_id()})
            if condition is not None:
                self._outgoing.append(serialize_stream_child(encode_stream_error(StreamError(condition))))
            self._outgoing.append(_FOOTER)
        self._finish(is_clean=False, is_by_peer=False)

    # --- what arrives ---

    def _parse(self, data: bytes) -> None:
        try:
            for item in self._parser.feed(data):
                self._receive(item)
                if self.phase is Phase.CLOSED:
                    return
        except StreamViolation as violation:
            self.fail(violation.condition, f"The {self._peer} sent {violation.detail}.")

    def _receive(self, item: StreamItem) -> None:
        if isinstance(item, etree._Element):
            if self._is_established:
                self._receive_established(item)
            elif self.phase is not Phase.CLOSING:
                self._receive_negotiating(item)
            elif item.tag == _ERROR_TAG:
                self._receive_error(item)
        elif isinstance(item, StreamHeader):
            self._receive_header(item)
        else:
            self._receive_footer()

    def _receive_established(self, element: Element) -> None:
        tag = tag_text(element)
        if tag in _STANZAS:
            self.stanzas_received += 1
            self._events.append(StanzaReceived(decode_stanza(element, self._peer_lang)))
        elif tag == _ERROR_TAG:
            self._receive_error(element)
        elif tag.startswith(_CLIENT_PREFIX):
            self.fail(_C.UNSUPPORTED_STANZA_TYPE, f"The {self._peer} sent an unknown kind of stanza.")
        else:
            self.tell(NonzaReceived(element))

    def _receive_negotiating(self, element: Element) -> None:
        tag = tag_text(element)
        if tag == _ERROR_TAG:
            self._receive_error(element)
        elif self._reception is not None:
            self._reception.receive(element)
        elif self._exchange is not None:
            self._exchange.receive(element)
        elif tag == _FEATURES_TAG:
            self.features = StreamFeatures.of(element)
            self.next_feature()
        else:
            self.fail(_C.BAD_FORMAT, "The server did not say what it offers.")

    def _receive_header(self, header: StreamHeader) -> None:
        self._peer_lang = header.lang
        if self._reception is not None:
            to = {"to": header.from_} if header.from_ is not None else {}
            self._write_header({"from": self.domain, "id": self.make_id(), **to})
        else:
            self.stream_id = header.id
        self.phase = Phase.NEGOTIATING
        if _major(header.version) < 1:
            self.fail(_C.UNSUPPORTED_VERSION, f"The {self._peer} is too old: it does not speak XMPP 1.0.")
        elif self._reception is not None:
            if (header.to or "").rstrip(".").lower() != self.domain:
                self.fail(_C.HOST_UNKNOWN, "The client asks for another domain.")
                return
            features = build_stream_child("features", self._reception.features())
            self._outgoing.append(serialize_stream_child(features))

    def _receive_footer(self) -> None:
        if self.phase is Phase.CLOSING:
            self._finish(is_clean=True, is_by_peer=False)
            return
        if not self._has_sent_header:
            self._write_header({"from": self.domain, "id": self.make_id()})
        self._outgoing.append(_FOOTER)
        self._finish(is_clean=True, is_by_peer=True)

    def _receive_error(self, element: Element) -> None:
        self.tell(StreamErrorReceived(decode_stream_error(element)))
        if self.phase is not Phase.CLOSING:
            self._outgoing.append(_FOOTER)
        self._finish(is_clean=False, is_by_peer=True)

    def _establish(self, jid: FullJID) -> None:
        self.phase = Phase.ESTABLISHED
        self._is_established = True
        is_other = self.account is not None and jid.bare != self.account
        self.tell(Bound(jid, self.features, is_other))

    def _finish(self, *, is_clean: bool, is_by_peer: bool) -> None:
        self.phase = Phase.CLOSED
        self._exchange = None
        # A question asked in the same read as the end has nobody left to take its answer.
        self._events = deque(event for event in self._events if not isinstance(event, _QUESTIONS))
        self.tell(StreamClosed(is_clean, is_by_peer))

    def _write_header(self, addresses: Mapping[str, str | None]) -> None:
        """Queue the opening tag (RFC 6120 §4.7), made as an element so that its attributes are escaped."""
        header = etree.Element(STREAM_TAG, nsmap={None: ns.CLIENT, "stream": ns.STREAMS})
        for name, value in (*addresses.items(), ("version", "1.0"), (LANG, self.lang)):
            if value is not None:
                header.set(name, sendable(value))
        self._outgoing.append(b"<?xml version='1.0'?>" + serialize(header).removesuffix(b"/>") + b">")
        self._has_sent_header = True

    @property
    def _peer(self) -> str:
        return "server" if self._reception is None else "client"

    def _require(self, phase: Phase) -> None:
        if self.phase is not phase:
            raise ConnectionStateError(f"This needs the phase '{phase.value}', it is '{self.phase.value}'.")


def _major(version: str | None) -> int:
    """Return the major number of a stream's version, 0 for none or nonsense (RFC 6120 §4.7.5)."""
    major = (version or "").partition(".")[0]
    return int(major) if major.isascii() and major.isdigit() and len(major) < 6 else 0


def _random_id() -> str:
    return secrets.token_hex(8)
