"""The values the program is about. Frozen, comparable, without behaviour beyond naming themselves.

``account`` is always the bare JID of one of the user's own accounts and is part of every key.
Remote text in these values is as received: it is sanitised where it becomes cells (:mod:`tui_xmpp.core.text`).
"""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from enum import Enum

from tui_xmpp.jid import JID, BareJID, FullJID
from tui_xmpp.values import dataclass


class Show(Enum):
    """How reachable someone is (RFC 6121 §4.7.2.1), with plain availability and absence named too."""

    CHAT = "chat"
    ONLINE = "online"
    AWAY = "away"
    XA = "xa"
    DND = "dnd"
    OFFLINE = "offline"

    @property
    def is_available(self) -> bool:
        return self is not Show.OFFLINE


class Subscription(Enum):
    """Who sees whose presence (RFC 6121 §2.1.2.5), from the user's side."""

    NONE = "none"
    TO = "to"
    FROM = "from"
    BOTH = "both"

    @property
    def sees_them(self) -> bool:
        return self in (Subscription.TO, Subscription.BOTH)

    @property
    def seen_by_them(self) -> bool:
        return self in (Subscription.FROM, Subscription.BOTH)


@dataclass(frozen=True, slots=True)
class RosterItem:
    """One contact as the server keeps it (RFC 6121 §2.1.2)."""

    jid: BareJID
    name: str = ""
    groups: tuple[str, ...] = ()
    subscription: Subscription = Subscription.NONE
    is_ask_pending: bool = False
    is_approved: bool = False


@dataclass(frozen=True, slots=True)
class Presence:
    """What one resource last said of itself. ``priority`` is -128…127."""

    show: Show = Show.ONLINE
    status: str = ""
    priority: int = 0
    idle_since: datetime | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class OwnPresence:
    """What the user wants others to see from this client."""

    show: Show = Show.ONLINE
    status: str = ""
    priority: int = 0


class Direction(Enum):
    INCOMING = "in"
    OUTGOING = "out"


class ChatState(Enum):
    """What someone does in a conversation right now (XEP-0085)."""

    ACTIVE = "active"
    COMPOSING = "composing"
    PAUSED = "paused"
    INACTIVE = "inactive"
    GONE = "gone"


class MessageKind(Enum):
    """The message types that make a row (RFC 6121 §5.2.2); what headlines say stands in the log and passes."""

    CHAT = "chat"
    NORMAL = "normal"


class Delivery(Enum):
    """The ladder an outgoing message climbs; an incoming one is ``RECEIVED``."""

    RECEIVED = "received"
    QUEUED = "queued"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    DELIVERED = "delivered"
    DISPLAYED = "displayed"
    FAILED = "failed"

    @property
    def rung(self) -> int:
        """Order on the ladder; a failure outranks nothing and is replaced by any later proof of delivery."""
        return _RUNGS[self]

    def may_become(self, new: Delivery) -> bool:
        """Say whether ``new`` may follow: only upwards, save that the unproved may fail or wait again.

        That a server took a message is no answer to an error that says where it ended.
        """
        if self is Delivery.RECEIVED:
            return False
        if new is Delivery.FAILED:
            return self.rung < Delivery.DELIVERED.rung and self is not Delivery.FAILED
        if self is Delivery.FAILED:
            return new is not Delivery.ACKNOWLEDGED
        return new.rung > self.rung or (new is Delivery.QUEUED and self is Delivery.SENT)


_RUNGS = {
    Delivery.RECEIVED: 0,
    Delivery.FAILED: 0,
    Delivery.QUEUED: 1,
    Delivery.SENT: 2,
    Delivery.ACKNOWLEDGED: 3,
    Delivery.DELIVERED: 4,
    Delivery.DISPLAYED: 5,
}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something did not work: the stanza error's condition (RFC 6120 §8.3.3), a sentence, the peer's own words."""

    condition: str
    sentence: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """One text of a message that was corrected, when that was said, and the id it came under (XEP-0308).

    ``delivery`` is how far a correction of ours has come while that is open (queued, sent or failed), else None.
    """

    stamp: datetime
    body: str
    id: str
    delivery: Delivery | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What a message answers (XEP-0461): the other one's id and author.

    So many characters of the body repeat it, for those whose client does not know replies.
    """

    id: str
    to: JID | None = None
    quoted: int = 0


@dataclass(frozen=True, slots=True)
class Reaction:
    """The emoji that the sender wants to stand under the message of this id, none to take all back (XEP-0444)."""

    to: str
    emojis: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reactions:
    """What one side has put under a message, when, and how far that has come where it is ours."""

    direction: Direction
    emojis: tuple[str, ...]
    stamp: datetime
    delivery: Delivery = Delivery.RECEIVED


@dataclass(frozen=True, slots=True)
class ReactionRules:
    """Which emoji a contact takes under a message, and how many of one sender (XEP-0444 §2.2); None: any."""

    allowed: tuple[str, ...] | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation.

    ``key`` is unique per account and never changes; for an outgoing message it is also the stanza's ``id``.
    ``stamp`` is when it was said (aware, UTC); ``author`` is the address it came from, resource included when known.
    ``bodies`` are the further languages of the body as (language, text); ``archive_id`` is the server's
    own id for it, ``origin_id`` the sender's (XEP-0359). ``place`` sorts the conversation (:mod:`tui_xmpp.core.order`;
    0: not placed yet). ``states`` are the rungs of the ladder an outgoing message came to, each with its moment.
    ``files`` are addresses that came beside the text, as (address, description); ``is_unstyled``: its author wants no
    styles read into it.
    ``versions`` are all texts of one that was corrected, the first one first and the present one last. ``replaces`` is
    the id of the message that this one corrects; it has a row of its own only while that one is not here.
    ``reactions`` are what stands under it. One with a ``reaction`` is never shown: it says what stands under another.
    """

    key: str
    account: BareJID
    peer: BareJID
    direction: Direction
    stamp: datetime
    body: str
    kind: MessageKind = MessageKind.CHAT
    author: JID | None = None
    stanza_id: str | None = None
    subject: str = ""
    thread: str = ""
    bodies: tuple[tuple[str, str], ...] = ()
    delivery: Delivery = Delivery.RECEIVED
    failure: Failure | None = None
    is_delayed: bool = False
    archive_id: str | None = None
    origin_id: str | None = None
    place: int = 0
    states: tuple[tuple[Delivery, datetime], ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    is_unstyled: bool = False
    versions: tuple[Version, ...] = ()
    replaces: str | None = None
    reply: Reply | None = None
    reactions: tuple[Reactions, ...] = ()
    reaction: Reaction | None = None

    @property
    def first_body(self) -> str:
        """What was said at first, before any correction."""
        return self.versions[0].body if self.versions else self.body

    @property
    def is_outgoing(self) -> bool:
        return self.direction is Direction.OUTGOING

    @property
    def failed_correction(self) -> Version | None:
        """The latest text, where it did not reach the other side, who still reads the one before."""
        return self.versions[-1] if self.versions and self.versions[-1].delivery is Delivery.FAILED else None


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """One entry of a page of the server's archive; ``message`` None for one that makes no row (a receipt, a state)."""

    archive_id: str
    stamp: datetime
    message: Message | None


@dataclass(frozen=True, slots=True)
class Gap:
    """A hole in what is held of the server's archive, between two places and the entries that stand there."""

    after: int
    before: int
    after_id: str
    before_id: str


@dataclass(frozen=True, slots=True)
class CatchUp:
    """How far fetching what was missed has come. ``total`` is None where the server does not say."""

    received: int = 0
    total: int | None = None
    is_running: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """One result of a search, with its neighbours in the conversation, oldest first."""

    message: Message
    before: tuple[Message, ...] = ()
    after: tuple[Message, ...] = ()


class Phase(Enum):
    """Where an account's connection stands."""

    OFFLINE = "offline"
    RESOLVING = "resolving"
    CONNECTING = "connecting"
    SECURING = "securing"
    AUTHENTICATING = "authenticating"
    BINDING = "binding"
    ONLINE = "online"
    WAITING = "waiting"
    DISCONNECTING = "disconnecting"
    STOPPED = "stopped"

    @property
    def is_under_way(self) -> bool:
        return self in _UNDER_WAY


_UNDER_WAY = frozenset(
    (
        Phase.RESOLVING,
        Phase.CONNECTING,
        Phase.SECURING,
        Phase.AUTHENTICATING,
        Phase.BINDING,
        Phase.DISCONNECTING,
    )
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a person needs to judge a server's certificate. ``sha256`` is lower-case hex of the DER."""

    subject: str
    issuer: str
    not_before: datetime | None
    not_after: datetime | None
    sha256: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """How the account is connected, for the status pane and the details view."""

    host: str = ""
    address: str = ""
    port: int = 0
    is_direct_tls: bool = False
    tls_version: str = ""
    cipher: str = ""
    certificate: Certificate | None = None
    is_pinned: bool = False
    mechanism: str = ""
    channel_binding: str = ""
    jid: FullJID | None = None
    is_resumed: bool = False
    since: datetime | None = None
    can_pre_approve: bool = False
    """Whether the server keeps an approval for a request that has not come yet (RFC 6121 §3.4)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a connection attempt, in the user's words; ``is_done`` None while it runs."""

    phase: Phase
    text: str
    is_done: bool | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """An account's connection: phase, the reason in a sentence, when the next try comes, and the facts once known."""

    phase: Phase = Phase.OFFLINE
    reason: str = ""
    retry_at: datetime | None = None
    steps: tuple[Step, ...] = ()
    facts: LinkFacts = field(default_factory=LinkFacts)


class Severity(Enum):
    """How much a line of the log matters; a notice is what somebody wanted the user to see."""

    INFO = "info"
    NOTICE = "notice"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of the event log."""

    at: datetime
    text: str
    severity: Severity = Severity.INFO
    account: BareJID | None = None
    peer: JID | None = None
    message: str | None = None
    """The key of the message it is about."""


@dataclass(frozen=True, slots=True)
class SubscriptionRequest:
    """Someone asks to see when the user is online (RFC 6121 §3.1.3)."""

    account: BareJID
    peer: BareJID
    at: datetime
    text: str = ""
    nick: str = ""


class PromptKind(Enum):
    """What a session cannot go on without."""

    PASSWORD = "password"  # noqa: S105 - a kind of question, not a secret
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question only the user can answer, held until answered. ``certificate`` is set for CERTIFICATE."""

    account: BareJID
    kind: PromptKind
    reason: str
    certificate: Certificate | None = None


@dataclass(frozen=True, slots=True)
class EntityDetails:
    """What a contact's client told of itself on request (XEP-0092, XEP-0202, XEP-0199, XEP-0030)."""

    software: str = ""
    local_time: datetime | None = None
    round_trip: float | None = None
    features: frozenset[str] = frozenset()
