"""What a Connection is told at its start, for each of its two roles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from enum import Enum

from tui_xmpp.clock import Clock, SystemClock
from tui_xmpp.jid import BareJID
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.element import Element
from tui_xmpp.xmpp.inline import UserAgent
from tui_xmpp.xmpp.parser import ParserLimits
from tui_xmpp.xmpp.sasl import CredentialStore, TokenStore
from tui_xmpp.xmpp.stream_management import (
    ResumptionState,
    StreamManagementAllowance,
    StreamManagementWish,
)


class TlsMode(Enum):
    """How TLS begins; there is no mode without it."""

    STARTTLS = "starttls"
    DIRECT = "direct"


@dataclass(frozen=True, slots=True)
class Sasl2Wish:
    """A client wants SASL2 where it is offered, with all that can be settled in the same round trip (C-SASL2-01).

    ``tag`` begins the resource and is seen by others: a program's name, never a machine's. Carbons and the inactive
    state (XEP-0352) are asked for only where Bind 2 offers them: see ``Bound.inline`` for what came of it. A token
    (XEP-0484) is asked for after a login by other means; ``invalidates_token`` ends the one that is used.
    """

    user_agent: UserAgent
    tag: str | None = None
    wants_carbons: bool = True
    is_inactive: bool = False
    wants_token: bool = False
    invalidates_token: bool = False


@dataclass(frozen=True, slots=True)
class Sasl2Allowance:
    """A server offers SASL2, with Bind 2 and its inline features, and tokens if it has a place to keep them."""

    bind_features: tuple[str, ...] | None = (ns.CARBONS, ns.CLIENT_STATE_INDICATION, ns.STREAM_MANAGEMENT)
    tokens: TokenStore | None = None
    token_mechanisms: tuple[str, ...] = ("HT-SHA-256-EXPR", "HT-SHA-256-ENDP", "HT-SHA-256-NONE")


@dataclass(frozen=True, slots=True)
class InitiatorConfig:
    """A client's side. ``resource`` None lets the server choose; ``account`` None is for ANONYMOUS.

    ``stream_management``, ``resumption`` and ``sasl2`` are used where the server offers them and left out where they
    are None. ``make_nonce`` (SASL) and ``make_id`` (stanza ids, resource suffixes) exist for tests that need fixed
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
    stream_management: StreamManagementWish | None = None
    resumption: ResumptionState | None = None
    """The session to go on with, from ``Connection.resumption_state``; without success a new one begins."""
    sasl2: Sasl2Wish | None = None
    clock: Clock = field(default_factory=SystemClock)


@dataclass(frozen=True, slots=True)
class ReceiverConfig:
    """A server's side. ``mechanisms`` in the order to announce; ``features`` are announced after
    authentication.

    ``channel_binding_types`` None leaves out ``<sasl-channel-binding/>`` (XEP-0440). ``stream_management`` and
    ``sasl2`` are offered unless they are None.
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
    stream_management: StreamManagementAllowance | None = None
    sasl2: Sasl2Allowance | None = None
    clock: Clock = field(default_factory=SystemClock)
