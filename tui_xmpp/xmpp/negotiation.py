"""The initiator's stream negotiation: one ordered table of the features we use (RFC 6120 §4.3, C-STR-10).

A row says when a feature applies; ``begin`` starts its exchange, which then takes every element until it restarts the
stream, goes on to the next feature or fails. A new feature is one row more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tui_xmpp.jid import FullJID, JIDError
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.element import Element, build, qualified
from tui_xmpp.xmpp.login import Sasl2Exchange, SaslExchange, is_sasl2_usable
from tui_xmpp.xmpp.payload import PayloadError, decode, encode, tag_of
from tui_xmpp.xmpp.stanza import IQ_TAG, Iq, IqType, decode_stanza, encode_stanza
from tui_xmpp.xmpp.stanza_errors import ErrorCondition as StanzaCondition
from tui_xmpp.xmpp.stanza_errors import StanzaError
from tui_xmpp.xmpp.stream import Exchange, InitiatingStream
from tui_xmpp.xmpp.stream_errors import StreamErrorCondition
from tui_xmpp.xmpp.stream_features import StreamFeatures
from tui_xmpp.xmpp.stream_management import Failed, Resume, ResumedAnswer, ResumptionState

_BIND_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Negotiable:
    """A row of the table. ``renews_features`` tells that the server offers anew after its success."""

    tag: str
    applies: Callable[[InitiatingStream], bool]
    begin: Callable[[InitiatingStream], Exchange]
    renews_features: bool


class StartTlsExchange:
    """STARTTLS (RFC 6120 §5): tried even when it is not offered, since nothing is sent in the clear (C-TLS-01)."""

    def __init__(self, stream: InitiatingStream) -> None:
        self._stream = stream
        stream.write(build(ns.TLS, "starttls"))

    def receive(self, element: Element) -> None:
        if element.tag == qualified(ns.TLS, "proceed"):
            self._stream.begin_tls()
        elif element.tag == qualified(ns.TLS, "failure"):
            self._stream.fail(None, "The server refused to encrypt the connection.", is_silent=True)
        else:
            self._stream.fail(None, "The server did not agree to encrypt the connection.", is_silent=True)


class ResumeExchange:
    """Going on with a former session instead of binding (XEP-0198 §5)."""

    def __init__(self, stream: InitiatingStream, state: ResumptionState) -> None:
        self._stream = stream
        self._state = state
        stream.write(encode(Resume(state.handled, state.id)))

    def receive(self, element: Element) -> None:
        stream = self._stream
        try:
            if element.tag == tag_of(Failed):
                failed = decode(Failed, element)
                stream.resumption_failed(failed.condition, failed.h)
                stream.next_feature()
                return
            resumed = decode(ResumedAnswer, element)
        except PayloadError:
            stream.fail(StreamErrorCondition.BAD_FORMAT, "The server did not say whether the session goes on.")
            return
        if resumed.previd not in (None, self._state.id):
            stream.fail(StreamErrorCondition.BAD_FORMAT, "The server resumed a session nobody asked for.")
        else:
            stream.resume(self._state, resumed.h)

    @classmethod
    def begin(cls, stream: InitiatingStream) -> Exchange:
        """Ask for the session the stream was told of."""
        if stream.resumption is None:
            raise ValueError("there is nothing to resume")
        return cls(stream, stream.resumption)


class BindExchange:
    """Resource binding (RFC 6120 §7), and the session request of RFC 3921 where a server still demands it."""

    def __init__(self, stream: InitiatingStream) -> None:
        self._stream = stream
        self._tries = 0
        self._wanted = stream.resource
        self._session_id: str | None = None
        self._ask()

    def _ask(self) -> None:
        self._tries += 1
        self._id = self._stream.make_id()
        resource = None
        if self._wanted is not None:  # never the user's word alone: it would be guessable (RFC 6120 §7.6, C-BND-02)
            suffix = self._stream.make_id()[:8]
            resource = build(ns.BIND, "resource", text=f"{self._wanted}.{suffix}" if self._wanted else suffix)
        bind = build(ns.BIND, "bind", children=() if resource is None else (resource,))
        self._stream.write(encode_stanza(Iq(id=self._id, type=IqType.SET, children=(bind,))))

    def receive(self, element: Element) -> None:
        if element.tag != IQ_TAG:
            return
        answer = decode_stanza(element)
        if not isinstance(answer, Iq) or answer.is_request or answer.id not in (self._id, self._session_id):
            return
        if answer.id == self._session_id:
            self._stream.next_feature()
        elif answer.type is IqType.RESULT:
            self._accept(answer)
        else:
            self._retry(answer.error)

    def _accept(self, answer: Iq) -> None:
        stream = self._stream
        child = answer.child
        try:
            text = child.findtext(qualified(ns.BIND, "jid")) if child is not None else None
            stream.jid = FullJID.parse(text or "")
        except JIDError:
            stream.fail(StreamErrorCondition.BAD_FORMAT, "The server gave this session no usable address.")
            return
        session = stream.features.element(ns.SESSION, "session")
        if session is not None and session.find(qualified(ns.SESSION, "optional")) is None:
            self._session_id = stream.make_id()
            request = Iq(id=self._session_id, type=IqType.SET, children=(build(ns.SESSION, "session"),))
            stream.write(encode_stanza(request))
        else:
            stream.next_feature()

    def _retry(self, error: StanzaError | None) -> None:
        """Try another resource after a conflict, the server's own choice after any other refusal of ours."""
        condition = error.condition if error is not None else StanzaCondition.UNDEFINED_CONDITION
        if condition is StanzaCondition.CONFLICT and self._tries < _BIND_TRIES:
            self._wanted = self._wanted or ""
            self._ask()
        elif self._wanted is not None and condition in (
            StanzaCondition.CONFLICT,
            StanzaCondition.BAD_REQUEST,
            StanzaCondition.NOT_ALLOWED,
        ):
            self._wanted = None
            self._ask()
        else:
            self._stream.fail(None, _BIND_SENTENCES.get(condition, "The server gave this session no address."))


_BIND_SENTENCES: Final = {
    StanzaCondition.RESOURCE_CONSTRAINT: "This account has as many sessions as the server allows: end another one.",
    StanzaCondition.NOT_ALLOWED: "The server does not allow this account another session.",
    StanzaCondition.CONFLICT: "The server says that every resource we ask for is taken.",
}

NEGOTIABLE: Final[tuple[Negotiable, ...]] = (
    Negotiable(
        qualified(ns.TLS, "starttls"), lambda stream: not stream.is_secure, StartTlsExchange, renews_features=True
    ),
    Negotiable(
        qualified(ns.SASL2, "authentication"),
        lambda stream: stream.sasl2 is not None and not stream.is_authenticated and is_sasl2_usable(stream.features),
        Sasl2Exchange,
        renews_features=True,
    ),
    Negotiable(
        qualified(ns.SASL, "mechanisms"),
        lambda stream: not stream.is_authenticated and stream.features.has(ns.SASL, "mechanisms"),
        SaslExchange,
        renews_features=True,
    ),
    Negotiable(
        qualified(ns.STREAM_MANAGEMENT, "sm"),
        lambda stream: (
            stream.is_authenticated
            and stream.jid is None
            and stream.resumption is not None
            and stream.features.has_stream_management
        ),
        ResumeExchange.begin,
        renews_features=False,
    ),
    Negotiable(
        qualified(ns.BIND, "bind"),
        lambda stream: stream.is_authenticated and stream.jid is None and stream.features.has(ns.BIND, "bind"),
        BindExchange,
        renews_features=False,
    ),
)
"""Every feature we negotiate, in the order in which we do it."""

_KNOWN: Final = frozenset(row.tag for row in NEGOTIABLE) | {qualified(ns.SESSION, "session")}


def next_negotiable(stream: InitiatingStream) -> Negotiable | None:
    """Return the first row that applies now, None when negotiation is over."""
    return next((row for row in NEGOTIABLE if row.applies(stream)), None)


def unknown_requirement(features: StreamFeatures) -> Element | None:
    """Return an offered feature that is mandatory and not ours, which ends negotiation (RFC 6120 §4.3.2, C-STR-07)."""
    for element in features.elements:
        if element.tag not in _KNOWN and any(child.tag.endswith("}required") for child in element):
            return element
    return None
