"""Facts: what has happened, in the past tense. The archive and the store are two projections of these.

Every fact carries the ``account`` it belongs to. The ones in :data:`DURABLE` are on disk before anyone sees them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from tui_xmpp.core.model import (
    ArchiveEntry,
    CatchUp,
    ChatState,
    Connection,
    Delivery,
    EntityDetails,
    Failure,
    Found,
    Gap,
    LogEntry,
    Message,
    OwnPresence,
    Presence,
    Prompt,
    PromptKind,
    ReactionRules,
    RosterItem,
    SubscriptionRequest,
)
from tui_xmpp.jid import JID, BareJID, FullJID
from tui_xmpp.values import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    account: BareJID


# -- accounts and their connections -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AccountAdded(Event):
    """The account takes part; ``own`` is the presence it starts with."""

    own: OwnPresence


@dataclass(frozen=True, slots=True)
class AccountRemoved(Event):
    """The account and everything known of it leave the screen (its archive stays)."""


@dataclass(frozen=True, slots=True)
class ConnectionChanged(Event):
    connection: Connection


@dataclass(frozen=True, slots=True)
class OwnPresenceChanged(Event):
    own: OwnPresence


@dataclass(frozen=True, slots=True)
class SessionEnded(Event):
    """The stream is gone: nobody's presence is known any more."""


@dataclass(frozen=True, slots=True)
class SessionOpened(Event):
    """The server keeps this session over a cut (XEP-0198): ``id`` asks for it and is a secret of the account.

    ``handled`` counts its stanzas that are safe here; ``location`` is where it would rather be asked.
    """

    id: str = field(repr=False)
    jid: FullJID
    handled: int = 0
    location: str | None = None


@dataclass(frozen=True, slots=True)
class SessionClosed(Event):
    """No session can be gone on with."""


@dataclass(frozen=True, slots=True)
class StanzasHandled(Event):
    """What so many more stanzas of the server brought is recorded before this."""

    count: int


@dataclass(frozen=True, slots=True)
class MessagePlaced(Event):
    """An outgoing message is the stanza of this number in its session, and not acknowledged yet."""

    key: str
    number: int


@dataclass(frozen=True, slots=True)
class StanzasAcknowledged(Event):
    """The server has taken all stanzas up to this number."""

    number: int


@dataclass(frozen=True, slots=True)
class PromptRaised(Event):
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class PromptSettled(Event):
    kind: PromptKind


@dataclass(frozen=True, slots=True)
class AuthenticationPinned(Event):
    """What the server has proved at login, as plain values, to notice a downgrade (XEP-0474 §5)."""

    pin: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class CertificatePinned(Event):
    """The user trusts exactly this certificate for this account; empty lifts the pin."""

    sha256: str


@dataclass(frozen=True, slots=True)
class Logged(Event):
    entry: LogEntry


# -- roster, presence, subscriptions ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RosterReplaced(Event):
    """A whole roster arrived (from the server or from the cache)."""

    items: tuple[RosterItem, ...]
    version: str | None


@dataclass(frozen=True, slots=True)
class RosterItemChanged(Event):
    item: RosterItem
    version: str | None


@dataclass(frozen=True, slots=True)
class RosterItemRemoved(Event):
    peer: BareJID
    version: str | None


@dataclass(frozen=True, slots=True)
class PresenceChanged(Event):
    """One resource of a peer changed, or a peer that has none, as gateways; ``presence`` None means it left."""

    peer: JID
    presence: Presence | None


@dataclass(frozen=True, slots=True)
class PeerLeft(Event):
    """All resources of a peer left at once (RFC 6121 §4.5.4), with the last words if any."""

    peer: BareJID
    status: str = ""


@dataclass(frozen=True, slots=True)
class SubscriptionRequested(Event):
    request: SubscriptionRequest


@dataclass(frozen=True, slots=True)
class SubscriptionRequestSettled(Event):
    peer: BareJID


@dataclass(frozen=True, slots=True)
class BlockListReplaced(Event):
    peers: frozenset[BareJID]


@dataclass(frozen=True, slots=True)
class CapabilitiesProved(Event):
    """Software has these features (XEP-0030), and ``name``, made of their hash, proves it for all who claim it."""

    name: str
    features: frozenset[str]


@dataclass(frozen=True, slots=True)
class EntityDescribed(Event):
    """A peer's client answered a question about itself."""

    peer: FullJID
    details: EntityDetails


# -- messages -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MessageReceived(Event):
    """A message came; an outgoing one was sent by another device of the user."""

    message: Message


@dataclass(frozen=True, slots=True)
class MessageQueued(Event):
    """An outgoing message is kept and will go out."""

    message: Message


@dataclass(frozen=True, slots=True)
class MessageCorrected(Event):
    """The author of a message said it anew (XEP-0308): ``message`` is the correction, which ``replaces`` it."""

    message: Message


@dataclass(frozen=True, slots=True)
class MessageReacted(Event):
    """One side of a conversation put emoji under a message (XEP-0444); ``message`` is what says so."""

    message: Message


@dataclass(frozen=True, slots=True)
class ReactionRulesRead(Event):
    """A peer's devices said which emoji they take."""

    peer: BareJID
    rules: ReactionRules


@dataclass(frozen=True, slots=True)
class DeliveryChanged(Event):
    peer: BareJID
    key: str
    delivery: Delivery
    at: datetime
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class ChatStateChanged(Event):
    """A peer began or ended to write; a message of theirs ends it too."""

    peer: BareJID
    state: ChatState


@dataclass(frozen=True, slots=True)
class MessageDiscarded(Event):
    """The user gave up an outgoing message that did not go out."""

    peer: BareJID
    key: str


@dataclass(frozen=True, slots=True)
class HistoryLoaded(Event):
    """A page of stored messages, oldest first. ``is_latest``: it ends at the newest stored message.

    ``is_start``: nothing older is stored. It goes before the window shown, or anew if ``is_latest``; with ``is_newer``
    after the window, with ``is_window`` in its place.
    """

    peer: BareJID
    messages: tuple[Message, ...]
    is_latest: bool
    is_start: bool
    is_newer: bool = False
    is_window: bool = False


@dataclass(frozen=True, slots=True)
class ArchivePageReceived(Event):
    """A page of the server's archive, in its order (XEP-0313), without holes.

    It follows the entry ``anchor`` if ``is_forward``, else it ends before it; without anchor it begins at the start, or
    ends at the end, of the archive. ``peer`` limits it to one conversation. ``is_complete``: there is no more that way.
    ``is_news``: what is new in it was said while nobody was here, and is unread; otherwise it is history.
    """

    entries: tuple[ArchiveEntry, ...]
    anchor: str | None
    is_forward: bool
    is_complete: bool
    peer: BareJID | None = None
    is_news: bool = False


@dataclass(frozen=True, slots=True)
class ArchiveHeld(Event):
    """All up to this entry of the server's archive has come, live, without a hole after what was held before."""

    archive_id: str
    stamp: datetime


@dataclass(frozen=True, slots=True)
class MessagesMerged(Event):
    """Messages of a conversation that are new or differ, found by key, with what is unread now.

    ``mentions`` is how many of the unread ones call the user by name.
    """

    peer: BareJID
    messages: tuple[Message, ...]
    unread: int
    first_unread: str | None
    mentions: int = 0


@dataclass(frozen=True, slots=True)
class GapsChanged(Event):
    """All holes in what is held of the account's archive, oldest first."""

    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class CatchUpProgressed(Event):
    catch_up: CatchUp


@dataclass(frozen=True, slots=True)
class DisplayedElsewhere(Event):
    """Another device has shown all up to this entry of the archive (XEP-0490).

    ``said_id`` is given in its place by devices that only tell the sender, who named the message so (XEP-0333).
    """

    peer: BareJID
    archive_id: str | None
    said_id: str | None = None


@dataclass(frozen=True, slots=True)
class ConversationPurged(Event):
    """The user wants nothing of what was said in this conversation to be kept here."""

    peer: BareJID


@dataclass(frozen=True, slots=True)
class SearchFound(Event):
    """A page of what a search found, newest first. ``more``: where the next page begins, None at the end.

    ``is_continued``: it follows the results there are. ``failure`` says what is wrong with the query.
    """

    query: str
    found: tuple[Found, ...]
    more: tuple[int, int] | None
    is_continued: bool = False
    failure: str = ""


@dataclass(frozen=True, slots=True)
class ConversationSummarised(Event):
    """What is stored of a conversation, told at start without loading it."""

    peer: BareJID
    unread: int
    first_unread: str | None
    last_stamp: datetime | None
    draft: str = ""
    mentions: int = 0


@dataclass(frozen=True, slots=True)
class MessagesIndexed(Event):
    """So many of a hundred stored messages, of all accounts, can be found by a search, the oldest first."""

    percent: int


@dataclass(frozen=True, slots=True)
class LastMessagesRead(Event):
    """The newest stored message of each conversation of the account, in no order."""

    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class ConversationRead(Event):
    """The user has seen everything in the conversation; ``archive_id`` is the last of it the server's archive has.

    ``is_told``: the peer may know it.
    """

    peer: BareJID
    archive_id: str | None = None
    is_told: bool = True


@dataclass(frozen=True, slots=True)
class ConversationMarkedUnread(Event):
    """The user wants the conversation to be unread from this message on."""

    peer: BareJID
    key: str


@dataclass(frozen=True, slots=True)
class ConversationClosed(Event):
    peer: BareJID


@dataclass(frozen=True, slots=True)
class DraftChanged(Event):
    peer: BareJID
    text: str


DURABLE: tuple[type[Event], ...] = (
    OwnPresenceChanged,
    AuthenticationPinned,
    CertificatePinned,
    SessionOpened,
    SessionClosed,
    StanzasHandled,
    MessagePlaced,
    StanzasAcknowledged,
    RosterReplaced,
    RosterItemChanged,
    RosterItemRemoved,
    CapabilitiesProved,
    MessageReceived,
    MessageQueued,
    MessageCorrected,
    MessageReacted,
    DeliveryChanged,
    MessageDiscarded,
    ConversationRead,
    ConversationMarkedUnread,
    DraftChanged,
    ArchivePageReceived,
    ArchiveHeld,
    DisplayedElsewhere,
    ConversationPurged,
)
"""The facts that must be on disk before they are seen or acknowledged."""
