"""The receiver's stream negotiation: what a server offers and answers before stanzas flow (RFC 6120 §5 to §7)."""

from __future__ import annotations

from typing import Final, Protocol

from tui_xmpp.jid import BareJID, FullJID, JIDError
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.element import Element, build, qualified, tag_text
from tui_xmpp.xmpp.events import Authenticated, BindWanted, Event
from tui_xmpp.xmpp.sasl import (
    Challenge,
    ChannelBinding,
    CredentialStore,
    MechanismOffer,
    SaslError,
    ServerMechanism,
    decode_data,
    encode_data,
    server_mechanism,
)
from tui_xmpp.xmpp.stanza import IQ_TAG, ErrorCondition, Iq, IqType, decode_stanza, encode_stanza
from tui_xmpp.xmpp.stream_errors import StreamErrorCondition

# What RFC 6120 §6.5 lets a server say; other reasons of ours are not the client's business.
_SASL_CONDITIONS: Final = frozenset(
    (
        "aborted",
        "account-disabled",
        "credentials-expired",
        "encryption-required",
        "incorrect-encoding",
        "invalid-authzid",
        "invalid-mechanism",
        "malformed-request",
        "mechanism-too-weak",
        "not-authorized",
        "temporary-auth-failure",
    )
)


class ReceivingStream(Protocol):
    """What the receiver's negotiation may see of the connection it runs on, and do to it."""

    domain: str
    binding: ChannelBinding | None
    is_secure: bool
    is_authenticated: bool
    jid: FullJID | None
    max_login_attempts: int

    def write(self, data: bytes | Element) -> None: ...

    def tell(self, event: Event) -> None: ...

    def begin_tls(self) -> None: ...

    def restart(self) -> None: ...

    def next_feature(self) -> None: ...

    def fail(self, condition: StreamErrorCondition | None, detail: str, *, is_silent: bool = False) -> None: ...


class Reception:
    """Lead a client from its header to a bound resource."""

    def __init__(
        self,
        stream: ReceivingStream,
        store: CredentialStore,
        offer: MechanismOffer,
        features: tuple[Element, ...],
    ) -> None:
        self._stream = stream
        self._store = store
        self._offer = offer
        self._features = features
        self._mechanism: ServerMechanism | None = None
        self._failures = 0
        self._account: BareJID | None = None
        self._bind_request: Iq | None = None

    def features(self) -> list[Element]:
        """Return what to offer on the stream that has just been opened."""
        if not self._stream.is_secure:
            return [build(ns.TLS, "starttls", children=(build(ns.TLS, "required"),))]
        if self._stream.is_authenticated:
            return [build(ns.BIND, "bind"), *self._features]
        names = [build(ns.SASL, "mechanism", text=name) for name in self._offer.mechanisms]
        offered = [build(ns.SASL, "mechanisms", children=names)]
        if self._offer.channel_binding_types is not None:
            types = [
                build(ns.SASL_CHANNEL_BINDING, "channel-binding", {"type": one})
                for one in self._offer.channel_binding_types
            ]
            offered.append(build(ns.SASL_CHANNEL_BINDING, "sasl-channel-binding", children=types))
        return offered

    def receive(self, element: Element) -> None:
        tag = tag_text(element)
        stream = self._stream
        if not stream.is_secure:
            if tag == qualified(ns.TLS, "starttls"):
                stream.write(build(ns.TLS, "proceed"))
                stream.begin_tls()
            elif tag == qualified(ns.SASL, "auth"):
                self._refuse("encryption-required")
            else:
                stream.fail(StreamErrorCondition.NOT_AUTHORIZED, "The client spoke before encryption.")
        elif not stream.is_authenticated:
            name = tag.removeprefix(f"{{{ns.SASL}}}")
            if name in ("auth", "response", "abort"):
                self._login(name, element)
            else:
                stream.fail(StreamErrorCondition.NOT_AUTHORIZED, "The client did not log in.")
        elif tag == IQ_TAG and self._bind_request is None:
            self._bind(element)
        else:
            stream.fail(StreamErrorCondition.NOT_AUTHORIZED, "The client sent a stanza without a resource.")

    def accept_bind(self, jid: FullJID) -> bool:
        """Answer the bind request; False when there is none."""
        request, self._bind_request = self._bind_request, None
        if request is None:
            return False
        bound = build(ns.BIND, "bind", children=(build(ns.BIND, "jid", text=str(jid)),))
        self._stream.write(encode_stanza(Iq(id=request.id, type=IqType.RESULT, children=(bound,))))
        self._stream.jid = jid
        self._stream.next_feature()
        return True

    def refuse_bind(self, condition: ErrorCondition) -> bool:
        """Answer the bind request with an error; False when there is none."""
        request, self._bind_request = self._bind_request, None
        if request is None:
            return False
        self._stream.write(encode_stanza(request.error_reply(condition)))
        return True

    def _login(self, name: str, element: Element) -> None:
        try:
            if name == "abort":
                raise SaslError("aborted")
            if name == "auth":
                self._mechanism = server_mechanism(
                    element.get("mechanism", ""), self._store, self._stream.binding, offer=self._offer
                )
            mechanism = self._mechanism
            if mechanism is None:
                raise SaslError("malformed-request")
            data = decode_data(element.text)
            step = mechanism.step(data if name == "auth" else data or b"")
            if isinstance(step, Challenge):
                self._stream.write(build(ns.SASL, "challenge", text=encode_data(step.data)))
                return
            account = BareJID(step.authcid, self._stream.domain)
            if step.authzid and BareJID.parse(step.authzid) != account:
                raise SaslError("invalid-authzid")
        except SaslError as error:
            self._refuse(error.condition)
        except JIDError:
            self._refuse("invalid-authzid")
        else:
            self._account = account
            self._stream.is_authenticated = True
            additional = None if step.additional is None else encode_data(step.additional)
            self._stream.write(build(ns.SASL, "success", text=additional))
            self._stream.tell(Authenticated(mechanism.name, None, account))
            self._stream.restart()

    def _refuse(self, condition: str) -> None:
        self._mechanism = None
        self._failures += 1
        known = condition if condition in _SASL_CONDITIONS else "not-authorized"
        self._stream.write(build(ns.SASL, "failure", children=(build(ns.SASL, known),)))
        if self._failures >= self._stream.max_login_attempts:
            self._stream.fail(StreamErrorCondition.POLICY_VIOLATION, "The client failed to log in too often.")

    def _bind(self, element: Element) -> None:
        request = decode_stanza(element)
        if not isinstance(request, Iq) or self._account is None:
            return
        child = request.child
        if request.is_malformed or request.type is not IqType.SET or child is None:
            self._stream.write(encode_stanza(request.error_reply(ErrorCondition.BAD_REQUEST)))
        elif child.tag != qualified(ns.BIND, "bind"):
            self._stream.fail(StreamErrorCondition.NOT_AUTHORIZED, "The client sent a stanza without a resource.")
        else:
            self._bind_request = request
            resource = child.findtext(qualified(ns.BIND, "resource")) or None
            self._stream.tell(BindWanted(self._account, resource))
