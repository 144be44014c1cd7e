"""Everything a Connection tells, as frozen events. Each docstring says what the caller must do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from tui_xmpp.jid import BareJID, FullJID
from tui_xmpp.xmpp.element import Element
from tui_xmpp.xmpp.sasl import AuthenticationPin, KeyDerivation, MechanismOffer
from tui_xmpp.xmpp.stanza import Stanza
from tui_xmpp.xmpp.stream_errors import StreamError, StreamErrorCondition
from tui_xmpp.xmpp.stream_features import StreamFeatures


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
class BindWanted:
    """(Receiver) Call ``accept_bind`` with the full JID to give, or ``refuse_bind`` with a condition."""

    account: BareJID
    resource: str | None


@dataclass(frozen=True, slots=True)
class Bound:
    """The stream is negotiated: stanzas may flow. ``jid`` is what the server says it is (C-STR-09).

    ``is_other_account`` tells that its bare JID is not the account that was asked for; the caller decides.
    """

    jid: FullJID
    features: StreamFeatures
    is_other_account: bool = False


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
    | BindWanted
    | Bound
    | StanzaReceived
    | NonzaReceived
    | StreamErrorReceived
    | StreamFailed
    | StreamClosed
)
