"""What becomes of a stream: the state machine of both roles, under the verbs of ``connection``."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Final

from tui_xmpp.jid import BareJID, FullJID
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.config import InitiatorConfig, ReceiverConfig, Sasl2Wish
from tui_xmpp.xmpp.element import (
    Element,
    build_stream_child,
    local_name,
    qualified,
    sendable,
    serialize,
    serialize_stream_child,
    write_attribute,
)
from tui_xmpp.xmpp.events import (
    Acknowledged,
    BindWanted,
    Bound,
    CredentialsWanted,
    Event,
    InlineResults,
    KeyDerivationWanted,
    NonzaReceived,
    Resumed,
    ResumeWanted,
    ResumptionFailed,
    StanzaReceived,
    StreamClosed,
    StreamErrorReceived,
    StreamFailed,
    StreamManagementEnabled,
    StreamManagementRefused,
    TlsWanted,
)
from tui_xmpp.xmpp.negotiation import next_negotiable, unknown_requirement
from tui_xmpp.xmpp.parser import StreamHeader, StreamItem, StreamParser, StreamViolation
from tui_xmpp.xmpp.payload import PayloadError, decode, encode, tag_of
from tui_xmpp.xmpp.sasl import ChannelBinding
from tui_xmpp.xmpp.stanza import IQ_TAG, MESSAGE_TAG, PRESENCE_TAG, Stanza, decode_stanza, encode_stanza
from tui_xmpp.xmpp.stanza_errors import ErrorCondition
from tui_xmpp.xmpp.stream import Exchange
from tui_xmpp.xmpp.stream_errors import (
    StreamError,
    StreamErrorCondition,
    decode_stream_error,
    encode_stream_error,
    write_host_port,
)
from tui_xmpp.xmpp.stream_features import StreamFeatures
from tui_xmpp.xmpp.stream_management import (
    REQUEST_TAG,
    Ack,
    AckPolicy,
    Enable,
    Enabled,
    Failed,
    HandledCountError,
    Resume,
    ResumptionState,
    StreamManagement,
    StreamManagementAllowance,
    StreamManagementWish,
)

if TYPE_CHECKING:
    from tui_xmpp.xmpp.receiver import Reception

_STANZAS: Final = frozenset((MESSAGE_TAG, PRESENCE_TAG, IQ_TAG))
_FEATURES_TAG: Final = qualified(ns.STREAMS, "features")
_ERROR_TAG: Final = qualified(ns.STREAMS, "error")
_CLIENT_PREFIX: Final = f"{{{ns.CLIENT}}}"
_C = StreamErrorCondition
FOOTER: Final = b"</stream:stream>"
_MANAGEMENT_PREFIX: Final = f"{{{ns.STREAM_MANAGEMENT}}}"
_QUESTIONS: Final = (TlsWanted, CredentialsWanted, KeyDerivationWanted, BindWanted, ResumeWanted)


class Phase(Enum):
    """Where the stream is. ESTABLISHED is the only phase in which stanzas may be sent."""

    NEW = "new"
    TLS = "waiting for TLS"
    OPENING = "waiting for the peer's header"
    NEGOTIATING = "negotiating features"
    ESTABLISHED = "established"
    CLOSING = "our closing tag is sent"
    CLOSED = "closed"


class StreamMachine:
    """What arrives on a stream, and what the exchanges of ``negotiation`` and ``receiver`` do to it."""

    def __init__(self, config: InitiatorConfig | ReceiverConfig) -> None:
        self.domain = config.domain
        self.lang = config.lang
        self.max_login_attempts = config.max_login_attempts
        self.phase = Phase.NEW
        self.features = StreamFeatures()
        """What the peer offered last; empty until then."""
        self.jid: FullJID | None = None
        """The bound address; None until ``Bound``."""
        self.inline: InlineResults | None = None
        self.stream_id: str | None = None
        self.stanzas_sent = 0
        self.stanzas_received = 0
        """Stanzas since ``Bound``, as XEP-0198 counts them (message, presence, iq; nothing else)."""
        self.binding: ChannelBinding | None = None
        self.is_secure = False
        self.is_authenticated = False
        self.make_id: Callable[[], str] = config.make_id or _random_id
        self.now: Callable[[], datetime] = config.clock.now
        self.account: BareJID | None = None
        self.resource: str | None = None
        self.make_nonce: Callable[[], str] | None = None
        self.sasl2: Sasl2Wish | None = None
        self.stream_management: StreamManagementWish | None = None
        self.resumption: ResumptionState | None = None
        self._allowance: StreamManagementAllowance | None = None
        self._reception: Reception | None = None
        if isinstance(config, ReceiverConfig):
            from tui_xmpp.xmpp.receiver import Reception  # which a client never is

            self._allowance = config.stream_management
            self._reception = Reception(self, config)
        else:
            self.account = config.account
            self.resource = config.resource
            self.make_nonce = config.make_nonce
            self.sasl2 = config.sasl2
            self.stream_management = config.stream_management
            state = config.resumption
            self.resumption = state if state is not None and state.jid.bare == config.account else None
        self._management: StreamManagement | None = None
        self._is_enable_tried = False
        self._is_session_over = False
        self._stanzas_handled = 0
        self._exchange: Exchange | None = None
        self._tls_mode = config.tls_mode
        self._limits = config.limits
        self._parser = StreamParser(config.limits)
        self._peer_lang: str | None = None
        self._has_sent_header = False
        self._is_established = False
        self._outgoing: list[bytes] = []
        self._events: deque[Event] = deque()
        self._after_bound: list[Event] = []

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
        elif not row.renews_features and (unknown := unknown_requirement(self.features)) is not None:
            name = local_name(unknown)
            self.fail(_C.UNSUPPORTED_FEATURE, f"The server demands a feature unknown here ({name}).")
        else:
            self._exchange = row.begin(self)

    def await_features(self) -> None:
        """Expect what the server offers next, on the same stream (XEP-0388 §2.6.1)."""
        self._exchange = None
        self.features = StreamFeatures()

    def offer_features(self) -> None:
        """Write ``<stream:features/>`` as they are now (receiver)."""
        if self._reception is not None:
            features = build_stream_child("features", self._reception.features())
            self._outgoing.append(serialize_stream_child(features))

    def enable(self, request: Enable) -> Enabled | Failed:
        """Begin stream management if it is allowed (receiver); return what to answer."""
        allowance = self._allowance
        if allowance is None or self._is_enable_tried:
            return Failed(ErrorCondition.UNEXPECTED_REQUEST)
        self._is_enable_tried = True
        answer = Enabled()
        if request.resume and allowance.is_resumable:
            location = None if allowance.location is None else write_host_port(allowance.location)
            answer = Enabled(f"{self.make_id()}{self.make_id()}", True, str(allowance.max_seconds), location)
        self._management = StreamManagement(allowance.policy, self.now)
        self.enabled(answer)
        return answer

    def enabled(self, answer: Enabled) -> None:
        """Count from here on: both sides have agreed to stream management."""
        if self._management is None:
            self._management = StreamManagement(self._policy, self.now)
        management = self._management
        management.begin(self.stanzas_received, answer)
        self._is_enable_tried = True
        self._tell_when_bound(
            StreamManagementEnabled(management.id is not None, management.max_seconds, management.location)
        )

    def refused(self, condition: ErrorCondition) -> None:
        """Go on without stream management."""
        self._management = None
        self._is_enable_tried = True
        self._tell_when_bound(StreamManagementRefused(condition))

    def resume(self, state: ResumptionState, h: int, answer: Element | None = None) -> None:
        """Go on with a former session of which the peer has handled ``h``; ``answer`` is written before anything."""
        management = StreamManagement.resumed(self._policy, self.now, state)
        self.resumption = None
        try:
            acknowledged = management.acknowledge(h)
        except HandledCountError as error:
            # Told as lost before the end: whoever asks for this session again would end here again (S-28).
            self.tell(ResumptionFailed(ErrorCondition.UNDEFINED_CONDITION, h, (), state.unacked))
            self._fail_count(error)
            return
        if answer is not None:
            self.write(answer)
        self._exchange = None
        self._management = management
        self._is_enable_tried = True
        self.jid = state.jid
        self.phase = Phase.ESTABLISHED
        self._is_established = True
        resent = tuple([one.stanza for one in management.unacked])
        self.tell(Resumed(state.jid, self.features, h, acknowledged, resent))
        self._outgoing.extend(map(encode_stanza, resent))
        self.stanzas_sent += len(resent)

    def resumption_failed(self, condition: ErrorCondition, h: int | None) -> None:
        """Give the former session up: another one is to be bound."""
        state, self.resumption = self.resumption, None
        if state is None:
            return
        management = StreamManagement.resumed(self._policy, self.now, state)
        acknowledged: tuple[Stanza, ...] = ()
        if h is not None:
            try:
                acknowledged = management.acknowledge(h)
            except HandledCountError:
                h = None  # a count that cannot be is none: the session it belongs to is over anyway
        self.tell(ResumptionFailed(condition, h, acknowledged, management.unacked))

    def fail(
        self,
        condition: StreamErrorCondition | None,
        detail: str,
        *,
        is_silent: bool = False,
        application: Element | None = None,
    ) -> None:
        """End the stream because of the peer; ``is_silent`` when no XML may be sent any more."""
        if self.phase is Phase.CLOSED:
            return
        self.tell(StreamFailed(None if is_silent else condition, detail))
        if not is_silent and self.phase is not Phase.CLOSING:
            if not self._has_sent_header:  # an error needs a stream to be in (RFC 6120 §4.9.1.2)
                self._write_header({"from": self.domain, "id": self.make_id()})
            if condition is not None:
                self._outgoing.append(
                    serialize_stream_child(encode_stream_error(StreamError(condition, None, None, application)))
                )
            self._outgoing.append(FOOTER)
            self._is_session_over = True
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
        if isinstance(item, Element):
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
        tag = element.tag
        if tag in _STANZAS:
            self.stanzas_received += 1
            self._events.append(StanzaReceived(decode_stanza(element, self._peer_lang)))
        elif tag == _ERROR_TAG:
            self._receive_error(element)
        elif tag.startswith(_CLIENT_PREFIX):
            self.fail(_C.UNSUPPORTED_STANZA_TYPE, f"The {self._peer} sent an unknown kind of stanza.")
        elif tag.startswith(_MANAGEMENT_PREFIX) and self._receive_management(tag, element):
            pass
        elif tag == _FEATURES_TAG and self._reception is None:
            self.features = StreamFeatures.of(element)  # after an inline resumption a server may offer or not
        else:
            self.tell(NonzaReceived(element))

    def _receive_management(self, tag: str, element: Element) -> bool:
        """Take one of XEP-0198's elements; False for one that has no meaning here."""
        management = self._management
        is_open = self.phase is Phase.ESTABLISHED
        try:
            if management is not None and management.is_on:
                if tag == REQUEST_TAG:
                    if is_open:
                        self.write(encode(management.answer(self.stanzas_received, self._stanzas_handled)))
                    return True
                if tag == tag_of(Ack):
                    safe = management.acknowledge(decode(Ack, element).h)
                    if safe:
                        self.tell(Acknowledged(safe))
                    return True
            elif management is not None and tag == tag_of(Enabled):
                self.enabled(decode(Enabled, element))
                return True
            elif management is not None and tag == tag_of(Failed):
                self.refused(decode(Failed, element).condition)
                return True
            if self._allowance is not None and is_open and tag in (tag_of(Enable), tag_of(Resume)):
                request = decode(Enable, element) if tag == tag_of(Enable) else None
                answer = Failed(ErrorCondition.UNEXPECTED_REQUEST) if request is None else self.enable(request)
                self.write(encode(answer))
                return True
        except HandledCountError as error:
            self._fail_count(error)
            return True
        except PayloadError as error:
            self.fail(_C.BAD_FORMAT, str(error))
            return True
        return False

    def _fail_count(self, error: HandledCountError) -> None:
        self.fail(_C.UNDEFINED_CONDITION, str(error), application=error.application())

    def _receive_negotiating(self, element: Element) -> None:
        tag = element.tag
        if tag == _ERROR_TAG:
            self._receive_error(element)
        elif self._reception is not None:
            self._reception.receive(element)
        elif self._exchange is not None:
            self._exchange.receive(element)
        elif tag == _FEATURES_TAG:
            self.features = StreamFeatures.of(element)
            self.next_feature()
        elif self.jid is not None:
            # Bound together with the login, and offered nothing after it.
            self.next_feature()
            self._receive(element)
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
            self.offer_features()

    def _receive_footer(self) -> None:
        self._is_session_over = True
        if self.phase is Phase.CLOSING:
            self._finish(is_clean=True, is_by_peer=False)
            return
        if not self._has_sent_header:
            self._write_header({"from": self.domain, "id": self.make_id()})
        self._outgoing.append(FOOTER)
        self._finish(is_clean=True, is_by_peer=True)

    def _receive_error(self, element: Element) -> None:
        self.tell(StreamErrorReceived(decode_stream_error(element)))
        if self.phase is not Phase.CLOSING:
            self._outgoing.append(FOOTER)
        self._finish(is_clean=False, is_by_peer=True)

    def _establish(self, jid: FullJID) -> None:
        self.phase = Phase.ESTABLISHED
        self._is_established = True
        is_other = self.account is not None and jid.bare != self.account
        self.tell(Bound(jid, self.features, is_other, self.inline))
        self._events.extend(self._after_bound)
        wish = self.stream_management
        if wish is not None and not self._is_enable_tried and self.features.has_stream_management:
            # No need to wait: what is sent from here on is counted once it is granted (X-198-01).
            self._is_enable_tried = True
            self._management = StreamManagement(wish.policy, self.now)
            self.write(encode(wish.enable()))

    def _tell_when_bound(self, event: Event) -> None:
        if self._is_established:
            self.tell(event)
        else:
            self._after_bound.append(event)

    @property
    def _policy(self) -> AckPolicy:
        agreed = self._allowance or self.stream_management
        return agreed.policy if agreed is not None else AckPolicy()

    def _finish(self, *, is_clean: bool, is_by_peer: bool) -> None:
        self.phase = Phase.CLOSED
        self._exchange = None
        # A question asked in the same read as the end has nobody left to take its answer.
        self._events = deque(event for event in self._events if not isinstance(event, _QUESTIONS))
        self.tell(StreamClosed(is_clean, is_by_peer))

    def _write_header(self, addresses: Mapping[str, str | None]) -> None:
        """Queue the opening tag (RFC 6120 §4.7)."""
        given = {"xmlns": ns.CLIENT, "xmlns:stream": ns.STREAMS, **addresses, "version": "1.0", "xml:lang": self.lang}
        written = [write_attribute(name, sendable(value)) for name, value in given.items() if value is not None]
        self._outgoing.append(f"<?xml version='1.0'?><stream:stream{''.join(written)}>".encode())
        self._has_sent_header = True

    @property
    def _peer(self) -> str:
        return "server" if self._reception is None else "client"


def _major(version: str | None) -> int:
    """Return the major number of a stream's version, 0 for none or nonsense (RFC 6120 §4.7.5)."""
    major = (version or "").partition(".")[0]
    return int(major) if major.isascii() and major.isdigit() and len(major) < 6 else 0


def _random_id() -> str:
    return secrets.token_hex(8)
