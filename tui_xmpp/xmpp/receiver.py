"""The receiver's stream negotiation: what a server offers and answers before stanzas flow (RFC 6120 §5 to §7)."""

from __future__ import annotations

from dataclasses import field
from typing import Final, Self

from tui_xmpp.jid import JID, BareJID, FullJID, JIDError
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.config import ReceiverConfig, Sasl2Allowance
from tui_xmpp.xmpp.element import Element, build, qualified
from tui_xmpp.xmpp.events import Authenticated, BindWanted, InlineResults, ResumeWanted
from tui_xmpp.xmpp.inline import (
    ArchiveMetadata,
    Authentication,
    BindInline,
    BindOffer,
    BindRequest,
    BoundAnswer,
    FastOffer,
    FastUse,
    Inline,
    InlineFeature,
    ManagementOffer,
    TokenRequest,
    UserAgent,
    found,
)
from tui_xmpp.xmpp.payload import PayloadError, decode, encode, tag_of, write_datetime
from tui_xmpp.xmpp.sasl import (
    Challenge,
    FastToken,
    HashedTokenServer,
    MechanismOffer,
    SaslError,
    ServerMechanism,
    Success,
    decode_base64,
    decode_data,
    encode_base64,
    encode_data,
    server_mechanism,
)
from tui_xmpp.xmpp.stanza import IQ_TAG, Iq, IqType, decode_stanza, encode_stanza
from tui_xmpp.xmpp.stanza_errors import ErrorCondition
from tui_xmpp.xmpp.stream import ReceivingStream
from tui_xmpp.xmpp.stream_errors import StreamErrorCondition
from tui_xmpp.xmpp.stream_management import Enable, Failed, Resume, ResumedAnswer, ResumptionState

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


class Reception:
    """Lead a client from its header to a bound resource or a resumed session."""

    def __init__(self, stream: ReceivingStream, config: ReceiverConfig) -> None:
        self._stream = stream
        self._config = config
        self._sasl2 = config.sasl2
        self._is_manageable = config.stream_management is not None
        self._mechanism: ServerMechanism | None = None
        self._login: _Sasl2Login | None = None
        """The ``<authenticate/>`` in progress; None in the profile of RFC 6120."""
        self._failures = 0
        self._account: BareJID | None = None
        self._resume_request: Resume | None = None
        self._bind_request: Iq | BindRequest | None = None

    def features(self) -> list[Element]:
        """Return what to offer now."""
        stream, config = self._stream, self._config
        if not stream.is_secure:
            return [build(ns.TLS, "starttls", children=(build(ns.TLS, "required"),))]
        if stream.is_authenticated:
            managed = [encode(ManagementOffer())] if self._is_manageable else []
            unbound = [build(ns.BIND, "bind")] if stream.jid is None else []
            return [*unbound, *managed, *config.features]
        offered = [] if self._sasl2 is None else [encode(self._authentication(self._sasl2))]
        names = [build(ns.SASL, "mechanism", text=name) for name in config.mechanisms]
        offered.append(build(ns.SASL, "mechanisms", children=names))
        if config.channel_binding_types is not None:
            types = [
                build(ns.SASL_CHANNEL_BINDING, "channel-binding", {"type": one}) for one in config.channel_binding_types
            ]
            offered.append(build(ns.SASL_CHANNEL_BINDING, "sasl-channel-binding", children=types))
        return offered

    def receive(self, element: Element) -> None:
        tag = element.tag
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
            namespace, _, name = tag[1:].partition("}")
            if namespace == ns.SASL and name in ("auth", "response", "abort"):
                self._log_in(name, element)
            elif namespace == ns.SASL2 and name in ("authenticate", "response", "abort") and self._sasl2 is not None:
                self._log_in_by_sasl2(name, element, self._sasl2)
            else:
                stream.fail(StreamErrorCondition.NOT_AUTHORIZED, "The client did not log in.")
        elif self._bind_request is not None or self._resume_request is not None:
            stream.fail(StreamErrorCondition.NOT_AUTHORIZED, "The client sent a stanza without a resource.")
        elif tag == IQ_TAG:
            self._bind(element)
        elif tag == tag_of(Resume) and self._is_manageable:
            self._resume(element)
        elif tag == tag_of(Enable) and self._is_manageable:
            stream.write(encode(Failed(ErrorCondition.UNEXPECTED_REQUEST)))
        else:
            stream.fail(StreamErrorCondition.NOT_AUTHORIZED, "The client sent a stanza without a resource.")

    # --- the caller's answers ---

    def accept_bind(self, jid: FullJID, archive: ArchiveMetadata | None) -> bool:
        """Answer the bind request; False when there is none."""
        request, self._bind_request = self._bind_request, None
        stream = self._stream
        if request is None:
            return False
        stream.jid = jid
        if isinstance(request, BindRequest):
            stream.inline = InlineResults(request.carbons, request.inactive, archive)
            managed = None if request.management is None else stream.enable(request.management)
            self._succeed(encode(BoundAnswer(archive, managed)))
        else:
            bound = build(ns.BIND, "bind", children=(build(ns.BIND, "jid", text=str(jid)),))
            stream.write(encode_stanza(Iq(id=request.id, type=IqType.RESULT, children=(bound,))))
            stream.next_feature()
        return True

    def refuse_bind(self, condition: ErrorCondition) -> bool:
        """Answer the bind request with an error; False when there is none."""
        request, self._bind_request = self._bind_request, None
        if request is None:
            return False
        if isinstance(request, BindRequest):
            self._succeed()  # logged in all the same: the client may bind as RFC 6120 has it
        else:
            self._stream.write(encode_stanza(request.error_reply(condition)))
        return True

    def accept_resume(self, state: ResumptionState) -> bool:
        """Answer the resume request; False when there is none that this state would answer."""
        request, login = self._resume_request, self._login
        if request is None or self._account != state.jid.bare or request.previd != state.id:
            return False
        self._resume_request = None
        answer = encode(ResumedAnswer(state.handled, state.id))
        # A resumed session has a resource, so that a bind that came along is ignored (C-BIND2-01).
        self._stream.resume(state, request.h, answer if login is None else login.success(state.jid, answer))
        return True

    def refuse_resume(self, condition: ErrorCondition, h: int | None) -> bool:
        """Answer the resume request with an error; False when there is none."""
        request, self._resume_request = self._resume_request, None
        if request is None:
            return False
        failed = encode(Failed(condition, h))
        if self._login is None:
            self._stream.write(failed)
        else:
            self._login.results.append(failed)
            self._bind_inline(self._login)
        return True

    # --- SASL in the profile of RFC 6120 ---

    def _log_in(self, name: str, element: Element) -> None:
        self._login = None
        try:
            if name == "abort":
                raise SaslError("aborted")
            if name == "auth":
                offer = MechanismOffer(self._config.mechanisms, self._config.channel_binding_types)
                self._mechanism = self._examiner(element, offer)
            mechanism = self._mechanism
            if mechanism is None:
                raise SaslError("malformed-request")
            data = decode_data(element.text)
            step = mechanism.step(data if name == "auth" else data or b"")
            if isinstance(step, Challenge):
                self._stream.write(build(ns.SASL, "challenge", text=encode_data(step.data)))
                return
            self._account = self._authenticated(mechanism, step)
        except SaslError as error:
            self._refuse(error.condition)
        else:
            additional = None if step.additional is None else encode_data(step.additional)
            self._stream.write(build(ns.SASL, "success", text=additional))
            self._stream.restart()

    def _examiner(self, element: Element, offer: MechanismOffer) -> ServerMechanism:
        return server_mechanism(element.get("mechanism", ""), self._config.store, self._stream.binding, offer=offer)

    def _authenticated(self, mechanism: ServerMechanism, success: Success) -> BareJID:
        """Let in whom the mechanism has proved; raise SaslError for one who wants to be another."""
        try:
            account = BareJID(success.authcid, self._stream.domain)
            if success.authzid and BareJID.parse(success.authzid) != account:
                raise SaslError("invalid-authzid")
        except JIDError as error:
            raise SaslError("invalid-authzid") from error
        self._stream.is_authenticated = True
        self._stream.tell(Authenticated(mechanism.name, None, account))
        return account

    def _refuse(self, condition: str, namespace: str = ns.SASL) -> None:
        self._mechanism = self._login = None
        self._failures += 1
        known = condition if condition in _SASL_CONDITIONS else "not-authorized"
        self._stream.write(build(namespace, "failure", children=(build(ns.SASL, known),)))
        if self._failures >= self._stream.max_login_attempts:
            self._stream.fail(StreamErrorCondition.POLICY_VIOLATION, "The client failed to log in too often.")

    # --- SASL2 and what comes with it ---

    def _authentication(self, allowed: Sasl2Allowance) -> Authentication:
        bind = None
        if allowed.bind_features is not None:
            names = [one for one in allowed.bind_features if one != ns.STREAM_MANAGEMENT or self._is_manageable]
            bind = BindOffer(BindInline(tuple([InlineFeature(name) for name in names])))
        fast = None if allowed.tokens is None else FastOffer(allowed.token_mechanisms)
        inline = Inline(bind, ManagementOffer() if self._is_manageable else None, fast)
        return Authentication(self._config.mechanisms, inline)

    def _log_in_by_sasl2(self, name: str, element: Element, allowed: Sasl2Allowance) -> None:
        try:
            if name == "abort":
                raise SaslError("aborted")
            first = element.find(qualified(ns.SASL2, "initial-response"))
            if name == "authenticate":
                self._login = _Sasl2Login.of(element)
                self._mechanism = self._examiner_by_sasl2(element, self._login, allowed)
            mechanism, login = self._mechanism, self._login
            if mechanism is None or login is None:
                raise SaslError("malformed-request")
            text = first if name == "authenticate" else element
            step = mechanism.step(None if text is None else decode_base64(text.text or "", "incorrect-encoding"))
            if isinstance(step, Challenge):
                self._stream.write(build(ns.SASL2, "challenge", text=encode_base64(step.data) or None))
                return
            self._account = self._authenticated(mechanism, step)
        except SaslError as error:
            self._refuse(error.condition, ns.SASL2)
            return
        except PayloadError:
            self._refuse("malformed-request", ns.SASL2)
            return
        login.additional = step.additional
        self._give_token(login, mechanism, step.authcid, allowed)
        if login.resume is not None and self._is_manageable:
            self._resume_request = login.resume
            self._stream.tell(ResumeWanted(self._account, login.resume.previd))
        else:
            self._bind_inline(login)

    def _examiner_by_sasl2(self, element: Element, login: _Sasl2Login, allowed: Sasl2Allowance) -> ServerMechanism:
        name = element.get("mechanism", "")
        if login.fast is None or allowed.tokens is None:
            offer = MechanismOffer(self._config.mechanisms, self._config.channel_binding_types, is_sasl2=True)
            return self._examiner(element, offer)
        if name not in allowed.token_mechanisms:
            raise SaslError("invalid-mechanism")
        if login.client_id is None:
            raise SaslError("malformed-request")
        return HashedTokenServer(name, allowed.tokens, login.client_id, self._stream.binding, self._stream.now)

    def _give_token(
        self, login: _Sasl2Login, mechanism: ServerMechanism, username: str, allowed: Sasl2Allowance
    ) -> None:
        """Keep the books of tokens after a success: the one used, and a new one if due or asked for (XEP-0484 §3)."""
        store, client_id = allowed.tokens, login.client_id
        if store is None or client_id is None:
            return
        wanted = login.token_request
        if isinstance(mechanism, HashedTokenServer) and mechanism.token is not None:
            is_due = store.used(username, client_id, mechanism.token)
            if login.fast is not None and login.fast.invalidate:
                store.invalidate(username, client_id, mechanism.token)
            elif is_due and wanted is None:
                wanted = TokenRequest(mechanism.name)
        if wanted is not None and wanted.mechanism in allowed.token_mechanisms:
            login.token = store.issue(username, client_id, wanted.mechanism)

    def _bind_inline(self, login: _Sasl2Login) -> None:
        if login.bind is None or self._account is None or self._sasl2 is None or self._sasl2.bind_features is None:
            self._succeed()
            return
        self._bind_request = login.bind
        self._stream.tell(BindWanted(self._account, None, login.bind.tag, login.client_id))

    def _succeed(self, *results: Element) -> None:
        """Write the success with what came of the requests, then what is offered next, on the same stream."""
        stream, login = self._stream, self._login
        who = stream.jid or self._account
        if login is None or who is None:
            return
        self._login = None
        stream.write(login.success(who, *results))
        stream.offer_features()
        if stream.jid is not None:
            stream.next_feature()

    # --- a former session, or a resource ---

    def _resume(self, element: Element) -> None:
        try:
            request = decode(Resume, element)
        except PayloadError:
            self._stream.write(encode(Failed(ErrorCondition.BAD_REQUEST)))
            return
        if self._account is not None:
            self._resume_request = request
            self._stream.tell(ResumeWanted(self._account, request.previd))

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


@dataclass(slots=True)
class _Sasl2Login:
    """One ``<authenticate/>``: what it asks for, and what is to be said of that in the success."""

    client_id: str | None
    resume: Resume | None
    bind: BindRequest | None
    fast: FastUse | None
    token_request: TokenRequest | None
    additional: bytes | None = None
    results: list[Element] = field(default_factory=list)
    token: FastToken | None = None

    @classmethod
    def of(cls, element: Element) -> Self:
        """Read the request; raise PayloadError for a broken part."""
        agent = found(UserAgent, element)
        return cls(
            None if agent is None else agent.id,
            found(Resume, element),
            found(BindRequest, element),
            found(FastUse, element),
            found(TokenRequest, element),
        )

    def success(self, who: JID, *results: Element) -> Element:
        """Return ``<success/>`` for ``who`` with further results."""
        children = [build(ns.SASL2, "authorization-identifier", text=str(who)), *self.results, *results]
        if self.additional is not None:
            children.insert(0, build(ns.SASL2, "additional-data", text=encode_base64(self.additional)))
        if self.token is not None:
            expiry = None if self.token.expiry is None else write_datetime(self.token.expiry)
            secret = {"expiry": expiry, "token": self.token.value.reveal()}
            children.append(build(ns.FAST, "token", secret))
        return build(ns.SASL2, "success", children=children)
