"""A client's login: SASL in the profile of RFC 6120 §6, and in that of XEP-0388, which settles more in one go."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tui_xmpp.jid import FullJID, JIDError, parse_jid
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.element import Element, build, qualified
from tui_xmpp.xmpp.events import (
    Authenticated,
    AuthenticationFailed,
    CredentialsWanted,
    InlineResults,
    KeyDerivationWanted,
    TokenReceived,
    TokenRefused,
)
from tui_xmpp.xmpp.inline import (
    ArchiveMetadata,
    Authentication,
    BindRequest,
    BoundAnswer,
    FastUse,
    Inline,
    TokenRequest,
    found,
)
from tui_xmpp.xmpp.payload import PayloadError, encode, tag_of
from tui_xmpp.xmpp.sasl import (
    KNOWN_MECHANISMS,
    AuthenticationPin,
    ClientMechanism,
    Credentials,
    FastToken,
    KeyDerivation,
    MechanismOffer,
    Password,
    Remedy,
    SaslError,
    choose,
    choose_token_mechanism,
    decode_base64,
    decode_data,
    encode_base64,
    encode_data,
    guess,
    read_expiry,
    sentence_for,
)
from tui_xmpp.xmpp.stream import InitiatingStream
from tui_xmpp.xmpp.stream_errors import StreamErrorCondition
from tui_xmpp.xmpp.stream_features import StreamFeatures
from tui_xmpp.xmpp.stream_management import Enabled, Failed, Resume, ResumedAnswer

_MECHANISM_TRIES: Final = 5
_TOKEN_FAMILY: Final = "token"  # noqa: S105


class SaslExchange:
    """SASL in the profile of RFC 6120 §6: asks for credentials, carries the mechanism, reports each failure."""

    namespace = ns.SASL

    def __init__(self, stream: InitiatingStream) -> None:
        self._stream = stream
        self._offer = self._read_offer(stream.features)
        self._credentials: Credentials | None = None
        self._pin: AuthenticationPin | None = None
        self._mechanism: ClientMechanism | None = None
        self._refused: set[str] = set()
        self._failures = 0
        self._is_deriving = False
        self._is_challenged = False
        self._wrong_guess: str | None = None
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
        name = element.tag.removeprefix(f"{{{self.namespace}}}")
        mechanism = self._mechanism
        if mechanism is None or name not in ("challenge", "success", "failure"):
            self._stream.fail(StreamErrorCondition.BAD_FORMAT, "The server broke the rules of logging in.")
        elif name == "failure":
            self._refuse(mechanism, element)
        elif self._is_deriving:
            self._stream.fail(StreamErrorCondition.BAD_FORMAT, "The server did not wait for our answer.")
        else:
            try:
                if name == "challenge":
                    self._is_challenged = True
                    self._answer(mechanism.challenge(self._decode(element.text) or b""))
                else:
                    mechanism.success(self._additional(element))
                    self._succeed(mechanism, element)
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
        self._send_first(mechanism, initial)

    def _answer(self, response: bytes | KeyDerivation) -> None:
        if isinstance(response, KeyDerivation):
            self._is_deriving = True
            self._stream.tell(KeyDerivationWanted(response))
        else:
            self._respond(response)

    def _respond(self, data: bytes) -> None:
        text = encode_base64(data) or None  # only an initial response says "=" (RFC 6120 §6.4.3)
        self._stream.write(build(self.namespace, "response", text=text))

    def _succeed(self, mechanism: ClientMechanism, element: Element) -> None:
        stream = self._stream
        pin = (self._pin or AuthenticationPin()).pin_after(mechanism, self._wrong_guess)
        stream.is_authenticated = True
        stream.tell(Authenticated(mechanism.name, pin, stream.account, mechanism.binding_type))
        self._go_on(element)

    def _break_off(self, error: SaslError, *, is_over: bool = False) -> None:
        """End the login because of what the server sent; a server that proved nothing gets nothing more."""
        name = self._mechanism.name if self._mechanism is not None else None
        if not is_over:
            self._stream.write(build(self.namespace, "abort"))
        self._stream.tell(AuthenticationFailed(name, error.condition, None, str(error)))
        self._stream.fail(None, str(error))

    def _refuse(self, mechanism: ClientMechanism, element: Element) -> None:
        condition, text = self._read_failure(element)
        sentence = sentence_for(condition)
        failure = AuthenticationFailed(mechanism.name, condition, text, sentence)
        self._mechanism, self._is_deriving = None, False
        if mechanism.family == _TOKEN_FAMILY and SaslError(condition).remedy is not Remedy.TIME:
            self._drop_token(mechanism, condition)
            self._begin()
            return
        if self._has_guessed_wrong(mechanism, condition):
            self._wrong_guess = guess(self._stream.binding)
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

    def _drop_token(self, mechanism: ClientMechanism, condition: str) -> None:
        """Go on without the token, which is tried once only (C-FAST-03)."""
        if self._credentials is not None:
            self._credentials = replace(self._credentials, token=None)
        self._stream.tell(TokenRefused(mechanism.name, condition))

    # --- how this profile writes it ---

    def _read_offer(self, features: StreamFeatures) -> MechanismOffer:
        mechanisms = features.element(ns.SASL, "mechanisms")
        tag = qualified(ns.SASL, "mechanism")
        names = tuple((one.text or "").strip() for one in (() if mechanisms is None else mechanisms) if one.tag == tag)
        return MechanismOffer(names, _binding_types(features))

    def _decode(self, text: str | None) -> bytes | None:
        return decode_data(text)

    def _additional(self, success: Element) -> bytes | None:
        return self._decode(success.text)

    def _send_first(self, mechanism: ClientMechanism, initial: bytes | None) -> None:
        text = encode_data(initial) or None
        self._stream.write(build(ns.SASL, "auth", {"mechanism": mechanism.name}, text))

    def _go_on(self, success: Element) -> None:
        self._stream.restart()

    def _read_failure(self, element: Element) -> tuple[str, str | None]:
        """Return the condition and the server's words for it."""
        condition, text = "not-authorized", None
        for child in element:
            namespace, _, name = child.tag[1:].partition("}")
            if namespace not in (ns.SASL, self.namespace):
                continue
            if name == "text":
                text = child.text
            else:
                condition = name
        return condition, text


class Sasl2Exchange(SaslExchange):
    """SASL in the profile of XEP-0388: with the login go the user agent, a resumption, a bind and a token's request."""

    namespace = ns.SASL2

    def __init__(self, stream: InitiatingStream) -> None:
        self._wish = stream.sasl2
        self._inline = Inline()
        self._asked_for = BindRequest()
        self._token_wanted: str | None = None
        super().__init__(stream)

    def offer_credentials(self, credentials: Credentials, pin: AuthenticationPin | None) -> None:
        token = credentials.token
        is_usable = token is not None and not token.is_expired(self._stream.now()) and self._client_id is not None
        super().offer_credentials(credentials if is_usable else replace(credentials, token=None), pin)

    def receive(self, element: Element) -> None:
        if element.tag == qualified(ns.SASL2, "continue") and self._mechanism is not None:
            # No task is known here: the server is told so, and the user what it wanted (C-SASL2-05).
            self._break_off(SaslError("unknown-task"))
        else:
            super().receive(element)

    @property
    def _client_id(self) -> str | None:
        return self._wish.user_agent.id if self._wish is not None else None

    # --- how this profile writes it ---

    def _read_offer(self, features: StreamFeatures) -> MechanismOffer:
        offered = Authentication.of(features) or Authentication()
        self._inline = offered.inline
        tokens = self._inline.fast.mechanisms if self._inline.fast is not None else ()
        return MechanismOffer(offered.mechanisms, _binding_types(features), True, tokens)

    def _decode(self, text: str | None) -> bytes | None:
        return decode_base64(text or "", "incorrect-encoding")

    def _additional(self, success: Element) -> bytes | None:
        additional = success.find(qualified(ns.SASL2, "additional-data"))
        return None if additional is None else self._decode(additional.text)

    def _send_first(self, mechanism: ClientMechanism, initial: bytes | None) -> None:
        children = []
        if initial is not None:
            children.append(build(ns.SASL2, "initial-response", text=encode_base64(initial) or None))
        children += [encode(one) for one in self._requests(mechanism)]
        self._stream.write(build(ns.SASL2, "authenticate", {"mechanism": mechanism.name}, children=children))

    def _requests(self, mechanism: ClientMechanism) -> list[object]:
        """Return what to ask for together with this mechanism; what is not offered is left out."""
        stream, wish, inline = self._stream, self._wish, self._inline
        if wish is None:
            return []
        requests: list[object] = [wish.user_agent]
        if inline.management is not None and stream.resumption is not None:
            requests.append(Resume(stream.resumption.handled, stream.resumption.id))
        if inline.bind is not None and (stream.resumption is None or inline.management is not None):
            # Where a session can be resumed only after the login, a bind that comes with it would be in the way.
            managed = stream.stream_management if inline.has_bind_feature(ns.STREAM_MANAGEMENT) else None
            self._asked_for = BindRequest(
                wish.tag,
                wish.wants_carbons and inline.has_bind_feature(ns.CARBONS),
                None if managed is None else managed.enable(),
                wish.is_inactive and inline.has_bind_feature(ns.CLIENT_STATE_INDICATION),
            )
            requests.append(self._asked_for)
        token = self._credentials.token if self._credentials is not None else None
        if mechanism.family == _TOKEN_FAMILY and token is not None:
            requests.append(FastUse(token.count, wish.invalidates_token))
            self._token_wanted = mechanism.name
        elif wish.wants_token and self._client_id is not None:
            self._token_wanted = choose_token_mechanism(self._offer, stream.binding, self._pin)
            if self._token_wanted is not None:
                requests.append(TokenRequest(self._token_wanted))
        return requests

    def _go_on(self, success: Element) -> None:
        """Take the results that came with the success; the order is that of their consequences (C-SASL2-04)."""
        stream = self._stream
        self._take_token(success)
        try:
            resumed, failed = found(ResumedAnswer, success), found(Failed, success)
            if resumed is not None:
                self._resume(resumed)
                return
            if failed is not None:
                stream.resumption_failed(failed.condition, failed.h)
            bound = success.find(tag_of(BoundAnswer))
            if bound is not None and not self._bind(success, bound):
                return
        except PayloadError as error:
            stream.fail(StreamErrorCondition.BAD_FORMAT, str(error))
            return
        stream.await_features()

    def _take_token(self, success: Element) -> None:
        """Tell of a token that came; one for nothing asked for cannot be used."""
        element = success.find(qualified(ns.FAST, "token"))
        value = element.get("token") if element is not None else None
        if element is not None and value and self._token_wanted is not None:
            token = FastToken(Password(value), self._token_wanted, read_expiry(element.get("expiry")))
            self._stream.tell(TokenReceived(token))

    def _resume(self, resumed: ResumedAnswer) -> None:
        state = self._stream.resumption
        if state is None or resumed.previd not in (None, state.id):
            self._stream.fail(StreamErrorCondition.BAD_FORMAT, "The server resumed a session nobody asked for.")
        else:
            self._stream.resume(state, resumed.h)

    def _bind(self, success: Element, bound: Element) -> bool:
        """Take the address of the new session and what is on in it; False when that was the end."""
        stream = self._stream
        try:
            jid = parse_jid((success.findtext(qualified(ns.SASL2, "authorization-identifier")) or "").strip())
        except JIDError:
            jid = None
        if not isinstance(jid, FullJID):
            stream.fail(StreamErrorCondition.BAD_FORMAT, "The server gave this session no usable address.")
            return False
        try:
            archive = found(ArchiveMetadata, bound)
        except PayloadError:
            archive = None  # it only saves a question
        stream.jid = jid
        stream.inline = InlineResults(self._asked_for.carbons, self._asked_for.inactive, archive)
        enabled, failed = found(Enabled, bound), found(Failed, bound)
        if enabled is not None and self._asked_for.management is not None:
            stream.enabled(enabled)
        elif failed is not None:
            stream.refused(failed.condition)
        return True


def is_sasl2_usable(features: StreamFeatures) -> bool:
    """Tell whether SASL2 is offered with a mechanism that is known here (C-SASL2-01)."""
    offered = Authentication.of(features)
    return offered is not None and not KNOWN_MECHANISMS.isdisjoint(offered.mechanisms)


def _binding_types(features: StreamFeatures) -> tuple[str, ...] | None:
    bindings = features.element(ns.SASL_CHANNEL_BINDING, "sasl-channel-binding")
    if bindings is None:
        return None
    tag = qualified(ns.SASL_CHANNEL_BINDING, "channel-binding")
    return tuple(one.get("type", "") for one in bindings if one.tag == tag)
