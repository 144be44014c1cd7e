"""What the store holds: accounts, whom they know, and what is said between them. Only facts change it."""

from __future__ import annotations

from dataclasses import field
from datetime import UTC, datetime

from tui_xmpp.core.model import (
    CatchUp,
    ChatState,
    Connection,
    EntityDetails,
    Gap,
    Message,
    OwnPresence,
    Presence,
    Prompt,
    PromptKind,
    ReactionRules,
    RosterItem,
    Show,
    Subscription,
)
from tui_xmpp.core.order import place_of
from tui_xmpp.core.timeline import Timeline
from tui_xmpp.core.views import ContactView, GapView, ResourceView
from tui_xmpp.jid import BareJID
from tui_xmpp.values import dataclass

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""When nothing has happened yet."""
_AVAILABILITY = {Show.CHAT: 5, Show.ONLINE: 4, Show.AWAY: 3, Show.XA: 2, Show.DND: 1, Show.OFFLINE: 0}
_NOT_IN_ROSTER = RosterItem(BareJID(None, "invalid.invalid"))


@dataclass(slots=True)
class Conversation:
    """What is held of a conversation."""

    timeline: Timeline = field(default_factory=Timeline)
    chat_state: ChatState = ChatState.ACTIVE
    unread: int = 0
    mentions: int = 0
    first_unread: str | None = None
    draft: str = ""
    last_stamp: datetime | None = None
    last: Message | None = None
    is_loaded: bool = False
    reaction_rules: ReactionRules = field(default_factory=ReactionRules)

    def touch(self, message: Message) -> None:
        """Note a message that was said in it, the newest or an older one."""
        if self.last_stamp is None or message.stamp > self.last_stamp:
            self.last_stamp = message.stamp
        if self.last is None or place_of(message) >= place_of(self.last):
            self.last = message
        if message.is_outgoing and not self.unread:
            # Whoever answers has read: the unread line has done its work.
            self.first_unread = None


@dataclass(slots=True)
class Peer:
    """What is held of somebody: a contact, a stranger, one who asks. ``view`` is their row as it was last pulled."""

    item: RosterItem | None = None
    resources: dict[str, Presence] = field(default_factory=dict)
    details: dict[str, EntityDetails] = field(default_factory=dict)
    last_words: str = ""
    conversation: Conversation | None = None
    is_requesting: bool = False
    is_blocked: bool = False
    view: ContactView | None = None

    @property
    def is_listed(self) -> bool:
        return self.item is not None or self.conversation is not None

    @property
    def is_forgettable(self) -> bool:
        return not (self.item or self.resources or self.conversation or self.is_requesting or self.is_blocked)

    def row(self, account: BareJID, jid: BareJID) -> ContactView:
        """Return the peer as a row of the roster."""
        if self.view is None:
            item = self.item or _NOT_IN_ROSTER
            best = max(self.resources.values(), key=_standing) if self.resources else None
            self.view = ContactView(
                account=account,
                peer=jid,
                name=item.name,
                groups=item.groups,
                show=best.show if best else Show.OFFLINE,
                status=best.status if best else self.last_words,
                subscription=item.subscription if self.item else Subscription.NONE,
                is_ask_pending=item.is_ask_pending,
                is_approved=item.is_approved,
                is_in_roster=self.item is not None,
                is_blocked=self.is_blocked,
                is_requesting=self.is_requesting,
                unread=self.conversation.unread if self.conversation else 0,
                last_stamp=self.conversation.last_stamp if self.conversation else None,
                resources=tuple(
                    ResourceView(resource, presence, self.details.get(resource))
                    for resource, presence in sorted(
                        self.resources.items(), key=lambda pair: _standing(pair[1]), reverse=True
                    )
                ),
                mentions=self.conversation.mentions if self.conversation else 0,
            )
        return self.view


@dataclass(slots=True)
class Account:
    """What is held of an account."""

    own: OwnPresence
    connection: Connection = field(default_factory=Connection)
    prompts: dict[PromptKind, Prompt] = field(default_factory=dict)
    peers: dict[BareJID, Peer] = field(default_factory=dict)
    unread: int = 0
    gaps: tuple[Gap, ...] = ()
    catch_up: CatchUp = field(default_factory=CatchUp)
    indexed: int = 100

    def peer(self, jid: BareJID) -> Peer:
        peer = self.peers.get(jid)
        if peer is None:
            peer = self.peers[jid] = Peer()
        return peer

    def settle(self, jid: BareJID) -> None:
        """Forget the peer's cached row, and the peer itself where nothing holds it any more."""
        peer = self.peers.get(jid)
        if peer is not None:
            peer.view = None
            if peer.is_forgettable:
                del self.peers[jid]

    def conversation(self, jid: BareJID) -> Conversation:
        """Return the conversation with somebody, which is begun where there is none."""
        peer = self.peer(jid)
        if peer.conversation is None:
            peer.conversation = Conversation()
            peer.view = None
        return peer.conversation

    def gap_views(self, timeline: Timeline) -> tuple[GapView, ...]:
        """Return the holes that lie in, or beside, what the window shows."""
        if not self.gaps or not len(timeline):
            return ()
        views: dict[str | None, GapView] = {}
        first, last = place_of(timeline.messages[0]), place_of(timeline.messages[-1])
        for gap in self.gaps:
            is_above, is_below = gap.before <= first, gap.after >= last
            if (is_above and timeline.has_older) or (is_below and timeline.has_newer):
                continue
            below = timeline.first_from(gap.before)
            key = below.key if below else None
            views[key] = GapView(key, gap)
        return tuple(views.values())


def _standing(presence: Presence) -> tuple[int, int, datetime]:
    return (presence.priority, _AVAILABILITY[presence.show], presence.since or EPOCH)
