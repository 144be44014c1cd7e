"""The initiator's stream negotiation: one ordered table of the features we use (RFC 6120 §4.3, C-STR-10).

A row says when a feature applies; ``begin`` starts its exchange, which then takes every element until it restarts the
stream, goes on to the next feature or fails. A new feature (SASL2, Bind 2, stream management) is one row more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from tui_xmpp.jid import BareJID, FullJID, JIDError
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.element import Element, build, qualified, tag_text
from tui_xmpp.xmpp.events import (
    Authenticated,
    AuthenticationFailed,
    CredentialsWanted,
    Event,
    KeyDerivationWanted,
)
from tui_xmpp.xmpp.sasl import (
    AuthenticationPin,
    ChannelBinding,
    ClientMechanism,
    Credentials,
    KeyDerivation,
    MechanismOffer,
    Remedy,
    SaslError,
    choose,
    decode_data,
    encode_data,
    sentence_for,
)
from tui_xmpp.xmpp.stanza import IQ_TAG, Iq, IqType, StanzaError, decode_stanza, encode_stanza
from tui_xmpp.xmpp.stanza import ErrorCondition as StanzaCondition
from tui_xmpp.xmpp.stream_errors import StreamErrorCondition
from tui_xmpp.xmpp.stream_features import StreamFeatures

_MECHANISM_TRIES: Final = 5
_BIND_TRIES: Final = 3


class Stream(Protocol):
    """What an exchange may see of the connection it runs on, and do to it."""

    domain: str
    account: BareJID | None
    resource: str | None
    max_login_attempts: int
    make_nonce: Callable[[], str] | None
    features: StreamFeatures
    binding: ChannelBinding | None
    is_secure: bool
    is_authenticated: bool
    jid: FullJID | None

    def make_id(self) -> str: ...

    def write(self, data: bytes | Element) -> None: ...

    def tell(self, event: Event) -> None: ...

    def begin_tls(self) -> None: ...

    def restart(self) -> None: ...

    def next_feature(self) -> None:
        """Go on with the next row that applies; with none the stream is negotiated."""

    def fail(self, condition: StreamErrorCondition | None, detail: str, *, is_silent: bool = False) -> None: ...


class Exchange(Protocol):
    """The elements of one feature going back and forth."""

    def receive(self, element: Element) -> None: ...


@dataclass(frozen=True, slots=True)
class Negotiable:
    """A row of the table. ``restarts`` tells that a new stream, with new features, follows its success."""

    tag: str
    applies: Callable[[Stream], bool]
    begin: Callable[[Stream], Exchange]
    restarts: bool


class StartTlsExchange:
    """STARTTLS (RFC 6120 §5): tried even when it is not offered, since nothing is sent in the clear (C-TLS-01)."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        stream.write(build(ns.TLS, "starttls"))

    def receive(self, element: Element) -> None:
        if element.tag == qualified(ns.TLS, "proceed"):
            self._stream.begin_tls()
        elif element.tag == qualified(ns.TLS, "failure"):
            self._stream.fail(None, "The server refused to encrypt the connection.", is_silent=True)
        else:
            self._stream.fail(None, "The server did not agree to encrypt the connection.", is_silent=True)


class SaslExchange:
    """SASL in the profile of RFC 6120 §6: asks for credentials, carries the mechanism, reports each failure."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._offer = _mechanism_offer(stream.features)
        self._credentials: Credentials | None = None
        self._pin: AuthenticationPin | None = None
        self._mechanism: ClientMechanism | None = None
        self._refused: set[str] = set()
        self._failures = 0
        self._is_deriving = False
        self._is_challenged = False
        stream.tell(CredentialsWanted(self._offer))

    @property
    def wants_credentials(self) -> bool:
        return self._mechanism is None

    @property
    def wants_key(self) -> bool:
        return self._is_deriving

    def offer_credentials(self, credentials: Credentials, pin: AuthenticationPin | None) -> None:
        self._credentials, self._pin = credentials, pin
        self._refused.clear()
        self._begin()

    def key_derived(self, salted_password: bytes) -> None:
        if self._mechanism is None or not self._is_deriving:
            return
        self._is_deriving = False
        try:
            self._respond(self._mechanism.key_derived(salted_password))
        except SaslError as error:
            self._break_off(error)

    def receive(self, element: Element) -> None:
        name = tag_text(element).removeprefix(f"{{{ns.SASL}}}")
        mechanism = self._mechanism
        if mechanism is None or name not in ("challenge", "success", "failure"):
            self._stream.fail(StreamErrorCondition.BAD_FORMAT, "The server broke the rules of logging in.")
        elif name == "failure":
            self._refuse(mechanism, element)
        elif self._is_deriving:
            self._stream.fail(StreamErrorCondition.BAD_FORMAT, "The server did not wait for our answer.")
        else:
            try:
                data = decode_data(element.text)
                if name == "challenge":
                    self._is_challenged = True
                    self._answer(mechanism.challenge(data or b""))
                else:
                    mechanism.success(data)
                    self._succeed(mechanism)
            except SaslError as error:
                self._break_off(error, is_over=name == "success")

    def _begin(self) -> None:
        """Choose the next mechanism and send its first message; nothing safe left is the end of the stream."""
        credentials = self._credentials
        if credentials is None:
            return
        stream = self._stream
        try:
            mechanism = choose(self._offer, credentials, stream.binding, self._pin, stream.make_nonce, self._refused)
            initial = mechanism.initial_response()
        except SaslError as error:
            self._mechanism = None
            failure = AuthenticationFailed(None, error.condition, None, str(error))
            stream.tell(failure)
            if error.condition == "password-missing" and not self._refused:
                stream.tell(CredentialsWanted(self._offer, failure))
            else:
                stream.fail(None, str(error))
            return
        self._mechanism, self._is_challenged = mechanism, False
        stream.write(build(ns.SASL, "auth", {"mechanism": mechanism.name}, encode_data(initial) or None))

    def _answer(self, response: bytes | KeyDerivation) -> None:
        if isinstance(response, KeyDerivation):
            self._is_deriving = True
            self._stream.tell(KeyDerivationWanted(response))
        else:
            self._respond(response)

    def _respond(self, data: bytes) -> None:
        text = encode_data(data) if data else None  # only an initial response says "=" (RFC 6120 §6.4.3)
        self._stream.write(build(ns.SASL, "response", text=text))

    def _succeed(self, mechanism: ClientMechanism) -> None:
        stream = self._stream
        pin = (self._pin or AuthenticationPin()).pin_after(mechanism)
        stream.is_authenticated = True
        stream.tell(Authenticated(mechanism.name, pin, stream.account, mechanism.binding_type))
        stream.restart()

    def _break_off(self, error: SaslError, *, is_over: bool = False) -> None:
        """End the login because of what the server sent; a server that proved nothing gets nothing more."""
        name = self._mechanism.name if self._mechanism is not None else None
        if not is_over:
            self._stream.write(build(ns.SASL, "abort"))
        self._stream.tell(AuthenticationFailed(name, error.condition, None, str(error)))
        self._stream.fail(None, str(error))

    def _refuse(self, mechanism: ClientMechanism, element: Element) -> None:
        condition, text = _sasl_failure(element)
        sentence = sentence_for(condition)
        failure = AuthenticationFailed(mechanism.name, condition, text, sentence)
        self._mechanism, self._is_deriving = None, False
        if self._has_guessed_wrong(mechanism, condition):
            self._refused.add(mechanism.name)
            self._begin()
            return
        self._stream.tell(failure)
        if SaslError(condition).remedy is Remedy.NEXT_MECHANISM:
            self._refused.add(mechanism.name)
            if len(self._refused) < _MECHANISM_TRIES:
                self._begin()
                return
        self._failures += 1
        if condition == "not-authorized" and self._failures < self._stream.max_login_attempts:
            self._stream.tell(CredentialsWanted(self._offer, failure))
        else:
            self._stream.fail(None, sentence)

    def _has_guessed_wrong(self, mechanism: ClientMechanism, condition: str) -> bool:
        """Say whether the server turned down a kind of binding it never named, in words meant for a wrong password.

        Only what answers the first message counts: nothing has been proved by then, so it cannot be the password. A
        refusal of the proof itself may be someone in between, and is never answered with less (C-CB-01, S-22).
        """
        is_guess = mechanism.binding_type is not None and self._offer.channel_binding_types is None
        return is_guess and condition == "not-authorized" and not self._is_challenged


class BindExchange:
    """Resource binding (RFC 6120 §7), and the session request of RFC 3921 where a server still demands it."""

    def __init__(self, stream: Stream) -> None:
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
    Negotiable(qualified(ns.TLS, "starttls"), lambda stream: not stream.is_secure, StartTlsExchange, restarts=True),
    Negotiable(
        qualified(ns.SASL, "mechanisms"),
        lambda stream: not stream.is_authenticated and stream.features.has(ns.SASL, "mechanisms"),
        SaslExchange,
        restarts=True,
    ),
    Negotiable(
        qualified(ns.BIND, "bind"),
        lambda stream: stream.is_authenticated and stream.jid is None and stream.features.has(ns.BIND, "bind"),
        BindExchange,
        restarts=False,
    ),
)
"""Every feature we negotiate, in the order in which we do it."""

_KNOWN: Final = frozenset(row.tag for row in NEGOTIABLE) | {qualified(ns.SESSION, "session")}


def next_negotiable(stream: Stream) -> Negotiable | None:
    """Return the first row that applies now, None when negotiation is over."""
    return next((row for row in NEGOTIABLE if row.applies(stream)), None)


def unknown_requirement(features: StreamFeatures) -> Element | None:
    """Return an offered feature that is mandatory and not ours, which ends negotiation (RFC 6120 §4.3.2, C-STR-07)."""
    for element in features.elements:
        if tag_text(element) not in _KNOWN and any(tag_text(child).endswith("}required") for child in element):
            return element
    return None


def _mechanism_offer(features: StreamFeatures) -> MechanismOffer:
    mechanisms = features.element(ns.SASL, "mechanisms")
    tag = qualified(ns.SASL, "mechanism")
    names = tuple((one.text or "").strip() for one in (() if mechanisms is None else mechanisms) if one.tag == tag)
    bindings = features.element(ns.SASL_CHANNEL_BINDING, "sasl-channel-binding")
    if bindings is None:
        return MechanismOffer(names)
    tag = qualified(ns.SASL_CHANNEL_BINDING, "channel-binding")
    return MechanismOffer(names, tuple(one.get("type", "") for one in bindings if one.tag == tag))


def _sasl_failure(element: Element) -> tuple[str, str | None]:
    condition, text = "not-authorized", None
    prefix = f"{{{ns.SASL}}}"
    for child in element:
        name = tag_text(child).removeprefix(prefix)
        if name == "text":
            text = child.text
        elif tag_text(child).startswith(prefix):
            condition = name
    return condition, text
