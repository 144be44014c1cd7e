"""Everything a Connection tells, as frozen events. Each docstring says what the caller must do next."""

from __future__ import annotations

from dataclasses import field
from typing import TypeAlias

from tui_xmpp.jid import BareJID, FullJID
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.element import Element
from tui_xmpp.xmpp.inline import ArchiveMetadata
from tui_xmpp.xmpp.sasl import AuthenticationPin, FastToken, KeyDerivation, MechanismOffer
from tui_xmpp.xmpp.stanza import Stanza
from tui_xmpp.xmpp.stanza_errors import ErrorCondition
from tui_xmpp.xmpp.stream_errors import HostPort, StreamError, StreamErrorCondition
from tui_xmpp.xmpp.stream_features import StreamFeatures
from tui_xmpp.xmpp.stream_management import UnackedStanza


@dataclass(frozen=True, slots=True)
class TlsWanted:
    """Write ``data_to_send()``, do the TLS handshake in this role, then call ``tls_established``.

    The initiator verifies the certificate for ``domain``. A handshake that fails ends the stream: drop the
    connection. Both roles get this event, also with direct TLS (then before anything else).
    """

    domain: str


@dataclass(frozen=True, slots=True)
class AuthenticationFailed:
    """A login attempt was refused; show ``sentence``. What follows says what happens next.

    The next stronger-or-equal mechanism is tried silently, or ``CredentialsWanted`` asks again on this
    stream, or ``StreamFailed`` gives up. ``condition`` is RFC 6120 §6.5's word or one of ours; ``text`` is
    remote.
    """

    mechanism: str | None
    condition: str
    text: str | None
    sentence: str


@dataclass(frozen=True, slots=True)
class CredentialsWanted:
    """Call ``offer_credentials``; ``failure`` is set when the ones offered before were refused (ask the
    user anew)."""

    offer: MechanismOffer
    failure: AuthenticationFailed | None = None


@dataclass(frozen=True, slots=True)
class KeyDerivationWanted:
    """Run ``derivation.derive(password)`` in a thread, then call ``key_derived`` with what it returned."""

    derivation: KeyDerivation


@dataclass(frozen=True, slots=True)
class Authenticated:
    """Logged in. Initiator: store ``pin`` for the account, nothing else to do. Receiver: ``account`` is who
    logged in. ``channel_binding`` is the type that ties the login to TLS, None without one."""

    mechanism: str
    pin: AuthenticationPin | None
    account: BareJID | None
    channel_binding: str | None = None


@dataclass(frozen=True, slots=True)
class TokenReceived:
    """The server gave a token: keep it in the keyring, in place of any before (C-FAST-01, C-FAST-03)."""

    token: FastToken


@dataclass(frozen=True, slots=True)
class TokenRefused:
    """The server does not take the token any more: forget it. The password is tried next, on this stream."""

    mechanism: str
    condition: str


@dataclass(frozen=True, slots=True)
class BindWanted:
    """(Receiver) Call ``accept_bind`` with the full JID to give, or ``refuse_bind`` with a condition.

    With Bind 2 ``resource`` is None; ``tag`` is what the resource should begin with and ``client_id`` tells one
    installation from another: its earlier session should be ended (XEP-0386).
    """

    account: BareJID
    resource: str | None
    tag: str | None = None
    client_id: str | None = None


@dataclass(frozen=True, slots=True)
class ResumeWanted:
    """(Receiver) Call ``accept_resume`` with the state kept for ``id``, if it is this account's, or ``refuse_resume``.

    A stream that still serves the session is to be ended with ``conflict`` first.
    """

    account: BareJID
    id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class InlineResults:
    """What the login settled besides itself (Bind 2). ``archive`` is None when the server says nothing of it."""

    has_carbons: bool = False
    is_inactive: bool = False
    archive: ArchiveMetadata | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """The stream is negotiated: stanzas may flow. ``jid`` is what the server says it is (C-STR-09).

    ``is_other_account`` tells that its bare JID is not the account that was asked for; the caller decides.
    ``inline`` is set when Bind 2 did it: then the server sends no offline messages, ask the archive (C-BIND2-02).
    """

    jid: FullJID
    features: StreamFeatures
    is_other_account: bool = False
    inline: InlineResults | None = None


@dataclass(frozen=True, slots=True)
class StreamManagementEnabled:
    """Stanzas are acknowledged from here on: call ``mark_handled`` for each that arrives, once it is safe.

    With ``is_resumable`` keep ``resumption_state()`` for the next stream; ``max_seconds`` is how long the server
    keeps the session, ``location`` where it would rather be asked for it.
    """

    is_resumable: bool
    max_seconds: int | None
    location: HostPort | None


@dataclass(frozen=True, slots=True)
class StreamManagementRefused:
    """The stream goes on without acknowledgements; nothing that was sent on it will be confirmed."""

    condition: ErrorCondition


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The peer has taken responsibility for these stanzas of ours, in the order of sending."""

    stanzas: tuple[Stanza, ...]


@dataclass(frozen=True, slots=True)
class Resumed:
    """The former session goes on, in place of ``Bound``: no roster, presence, carbons or service discovery anew.

    ``acknowledged`` had arrived before the cut; ``resent`` is queued again, in order. The client state (XEP-0352) is
    to be sent again. ``features`` is what was offered last, which may be from before the login.
    """

    jid: FullJID
    features: StreamFeatures
    h: int
    acknowledged: tuple[Stanza, ...]
    resent: tuple[Stanza, ...]


@dataclass(frozen=True, slots=True)
class ResumptionFailed:
    """The former session is gone; ``Bound`` follows for a new one (X-198-04), or the end of the stream.

    ``acknowledged`` had arrived; of ``unacked`` send messages again, with the time they were first sent, but neither
    presence nor requests: those fail.
    """

    condition: ErrorCondition
    h: int | None
    acknowledged: tuple[Stanza, ...]
    unacked: tuple[UnackedStanza, ...]


@dataclass(frozen=True, slots=True)
class StanzaReceived:
    """A stanza arrived; it may be malformed (``stanza.flaw``)."""

    stanza: Stanza


@dataclass(frozen=True, slots=True)
class NonzaReceived:
    """A top-level element that is no stanza arrived on the negotiated stream (stream management and the
    like)."""

    element: Element


@dataclass(frozen=True, slots=True)
class StreamErrorReceived:
    """The peer ended the stream with an error; see ``error.sentence`` and ``error.reaction``.

    Our closing tag is queued: write ``data_to_send()``. ``StreamClosed`` follows; then drop the connection.
    """

    error: StreamError


@dataclass(frozen=True, slots=True)
class StreamFailed:
    """We cannot go on: the peer broke a rule or negotiation has no way forward.

    ``condition`` is the stream error queued for the peer, None when no XML may be sent any more (e.g.
    before TLS). ``detail`` is one sentence for the user. Write ``data_to_send()``; ``StreamClosed``
    follows; drop the connection.
    """

    condition: StreamErrorCondition | None
    detail: str


@dataclass(frozen=True, slots=True)
class StreamClosed:
    """The last event: write what ``data_to_send()`` still holds, then close TLS and TCP.

    ``is_clean`` tells that both closing tags were exchanged; otherwise the stream broke (and may be
    resumable, C-STR-13). ``is_by_peer`` tells who closed or broke it.
    """

    is_clean: bool
    is_by_peer: bool


Event: TypeAlias = (
    TlsWanted
    | AuthenticationFailed
    | CredentialsWanted
    | KeyDerivationWanted
    | Authenticated
    | TokenReceived
    | TokenRefused
    | BindWanted
    | ResumeWanted
    | Bound
    | StreamManagementEnabled
    | StreamManagementRefused
    | Acknowledged
    | Resumed
    | ResumptionFailed
    | StanzaReceived
    | NonzaReceived
    | StreamErrorReceived
    | StreamFailed
    | StreamClosed
)
