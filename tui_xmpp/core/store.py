"""The single owner of what the program knows. Facts go in, changes come out, views are pulled.

``Store.apply`` is the only mutation. No fact costs more with a longer history, a larger roster or a busier log.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import field, replace
from datetime import UTC, datetime
from typing import Any

from tui_xmpp.core import events as e
from tui_xmpp.core.changes import (
    AccountChanged,
    AccountListChanged,
    Change,
    ContactChanged,
    ConversationChanged,
    LogChanged,
    MessagesArrived,
    RequestsChanged,
    RosterReset,
    SearchChanged,
)
from tui_xmpp.core.model import (
    CatchUp,
    ChatState,
    Connection,
    EntityDetails,
    Gap,
    LogEntry,
    Message,
    OwnPresence,
    Presence,
    Prompt,
    PromptKind,
    RosterItem,
    Show,
    Subscription,
    SubscriptionRequest,
)
from tui_xmpp.core.order import place_of
from tui_xmpp.core.timeline import Timeline
from tui_xmpp.core.views import AccountView, ContactView, ConversationView, GapView, ResourceView, SearchView
from tui_xmpp.jid import BareJID, FullJID
from tui_xmpp.values import dataclass

LOG_LENGTH = 1000
MAX_RESOURCES = 64
"""Most resources kept for one contact, so that a flood of presences stays small (S-53)."""
MAX_REQUESTS = 500
MAX_ARRIVALS = 200

_AVAILABILITY = {Show.CHAT: 5, Show.ONLINE: 4, Show.AWAY: 3, Show.XA: 2, Show.DND: 1, Show.OFFLINE: 0}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_IN_ROSTER = RosterItem(BareJID(None, "invalid.invalid"))


@dataclass(slots=True)
class _Conversation:
    timeline: Timeline = field(default_factory=Timeline)
    chat_state: ChatState = ChatState.ACTIVE
    unread: int = 0
    first_unread: str | None = None
    draft: str = ""
    last_stamp: datetime | None = None
    last: Message | None = None
    is_loaded: bool = False


@dataclass(slots=True)
class _Peer:
    item: RosterItem | None = None
    resources: dict[str, Presence] = field(default_factory=dict)
    details: dict[str, EntityDetails] = field(default_factory=dict)
    last_words: str = ""
    conversation: _Conversation | None = None
    is_requesting: bool = False
    is_blocked: bool = False
    view: ContactView | None = None

    @property
    def is_listed(self) -> bool:
        return self.item is not None or self.conversation is not None

    @property
    def is_forgettable(self) -> bool:
        return not (self.item or self.resources or self.conversation or self.is_requesting or self.is_blocked)


@dataclass(slots=True)
class _Account:
    own: OwnPresence
    connection: Connection = field(default_factory=Connection)
    prompts: dict[PromptKind, Prompt] = field(default_factory=dict)
    peers: dict[BareJID, _Peer] = field(default_factory=dict)
    unread: int = 0
    gaps: tuple[Gap, ...] = ()
    catch_up: CatchUp = field(default_factory=CatchUp)

    def peer(self, jid: BareJID) -> _Peer:
        peer = self.peers.get(jid)
        if peer is None:
            peer = self.peers[jid] = _Peer()
        return peer

    def settle(self, jid: BareJID) -> None:
        """Forget the peer's cached row, and the peer itself where nothing holds it any more."""
        peer = self.peers.get(jid)
        if peer is not None:
            peer.view = None
            if peer.is_forgettable:
                del self.peers[jid]


class Store:
    """Hold the state of all accounts; implements :class:`tui_xmpp.core.views.Views`."""

    def __init__(self) -> None:
        self._accounts: dict[BareJID, _Account] = {}
        self._requests: dict[tuple[BareJID, BareJID], SubscriptionRequest] = {}
        self._log: deque[LogEntry] = deque(maxlen=LOG_LENGTH)
        self._arrivals: deque[Message] = deque(maxlen=MAX_ARRIVALS)
        self._search = SearchView()

    # -- facts ----------------------------------------------------------------------------------------------------

    def apply(self, event: e.Event) -> tuple[Change, ...]:
        """Take one fact and name what it made stale. A fact of an account that is not here changes nothing."""
        if isinstance(event, e.AccountAdded):
            return self._on_account_added(event)
        account = self._accounts.get(event.account)
        if account is None:
            return ()
        handler = _HANDLERS.get(type(event))
        return handler(self, account, event) if handler else ()

    def _on_account_added(self, event: e.AccountAdded) -> tuple[Change, ...]:
        if event.account in self._accounts:
            return ()
        self._accounts[event.account] = _Account(own=event.own)
        return (AccountListChanged(event.account),)

    def _on_account_removed(self, account: _Account, event: e.AccountRemoved) -> tuple[Change, ...]:
        del self._accounts[event.account]
        for key in [key for key in self._requests if key[0] == event.account]:
            del self._requests[key]
        return (AccountListChanged(event.account), RequestsChanged(event.account))

    def _on_connection_changed(self, account: _Account, event: e.ConnectionChanged) -> tuple[Change, ...]:
        account.connection = event.connection
        return (AccountChanged(event.account),)

    def _on_own_presence_changed(self, account: _Account, event: e.OwnPresenceChanged) -> tuple[Change, ...]:
        account.own = event.own
        return (AccountChanged(event.account),)

    def _on_session_ended(self, account: _Account, event: e.SessionEnded) -> tuple[Change, ...]:
        for jid in list(account.peers):
            peer = account.peers[jid]
            peer.resources.clear()
            peer.details.clear()
            peer.last_words = ""
            account.settle(jid)
        return (RosterReset(event.account), AccountChanged(event.account))

    def _on_prompt_raised(self, account: _Account, event: e.PromptRaised) -> tuple[Change, ...]:
        account.prompts[event.prompt.kind] = event.prompt
        return (AccountChanged(event.account),)

    def _on_prompt_settled(self, account: _Account, event: e.PromptSettled) -> tuple[Change, ...]:
        if account.prompts.pop(event.kind, None) is None:
            return ()
        return (AccountChanged(event.account),)

    def _on_logged(self, account: _Account, event: e.Logged) -> tuple[Change, ...]:
        self._log.append(event.entry)
        return (LogChanged(event.account),)

    def _on_roster_replaced(self, account: _Account, event: e.RosterReplaced) -> tuple[Change, ...]:
        kept = {item.jid for item in event.items}
        for jid in [jid for jid, peer in account.peers.items() if peer.item is not None and jid not in kept]:
            account.peers[jid].item = None
            account.settle(jid)
        for item in event.items:
            peer = account.peer(item.jid)
            if peer.item != item:
                peer.item = item
                peer.view = None
        return (RosterReset(event.account),)

    def _on_roster_item_changed(self, account: _Account, event: e.RosterItemChanged) -> tuple[Change, ...]:
        peer = account.peer(event.item.jid)
        peer.item = event.item
        peer.view = None
        return self._contact_changed(account, event.account, event.item.jid)

    def _on_roster_item_removed(self, account: _Account, event: e.RosterItemRemoved) -> tuple[Change, ...]:
        peer = account.peers.get(event.peer)
        if peer is None:
            return ()
        peer.item = None
        account.settle(event.peer)
        return self._contact_changed(account, event.account, event.peer)

    def _on_presence_changed(self, account: _Account, event: e.PresenceChanged) -> tuple[Change, ...]:
        jid = event.peer.bare
        resource = event.peer.resource if isinstance(event.peer, FullJID) else ""
        if event.presence is None:
            peer = account.peers.get(jid)
            if peer is None or peer.resources.pop(resource, None) is None:
                return ()
            peer.details.pop(resource, None)
        else:
            peer = account.peer(jid)
            if resource not in peer.resources and len(peer.resources) >= MAX_RESOURCES:
                return ()
            peer.resources[resource] = event.presence
            peer.last_words = ""
        account.settle(jid)
        return self._contact_changed(account, event.account, jid)

    def _on_peer_left(self, account: _Account, event: e.PeerLeft) -> tuple[Change, ...]:
        peer = account.peers.get(event.peer)
        if peer is None:
            return ()
        peer.resources.clear()
        peer.details.clear()
        peer.last_words = event.status
        account.settle(event.peer)
        return self._contact_changed(account, event.account, event.peer)

    def _on_subscription_requested(self, account: _Account, event: e.SubscriptionRequested) -> tuple[Change, ...]:
        key = (event.account, event.request.peer)
        known = self._requests.get(key)
        if known is None and len(self._requests) >= MAX_REQUESTS:
            return ()
        # The server repeats a request at each login: it keeps the time it was first seen.
        self._requests[key] = replace(event.request, at=known.at) if known else event.request
        account.peer(event.request.peer).is_requesting = True
        account.settle(event.request.peer)
        return (RequestsChanged(event.account), ContactChanged(event.account, event.request.peer))

    def _on_subscription_request_settled(
        self, account: _Account, event: e.SubscriptionRequestSettled
    ) -> tuple[Change, ...]:
        if self._requests.pop((event.account, event.peer), None) is None:
            return ()
        account.peer(event.peer).is_requesting = False
        account.settle(event.peer)
        return (RequestsChanged(event.account), ContactChanged(event.account, event.peer))

    def _on_block_list_replaced(self, account: _Account, event: e.BlockListReplaced) -> tuple[Change, ...]:
        stale = {jid for jid, peer in account.peers.items() if peer.is_blocked} ^ event.peers
        for jid in stale:
            account.peer(jid).is_blocked = jid in event.peers
            account.settle(jid)
        return tuple(ContactChanged(event.account, jid) for jid in stale)

    def _on_entity_described(self, account: _Account, event: e.EntityDescribed) -> tuple[Change, ...]:
        peer = account.peers.get(event.peer.bare)
        if peer is None or event.peer.resource not in peer.resources:
            return ()
        peer.details[event.peer.resource] = event.details
        peer.view = None
        return self._contact_changed(account, event.account, event.peer.bare)

    def _on_message_received(self, account: _Account, event: e.MessageReceived) -> tuple[Change, ...]:
        message = event.message
        conversation = self._conversation(account, message.peer)
        if not conversation.timeline.insert(message):
            return ()
        self._touch(conversation, message)
        if not message.is_outgoing:
            conversation.chat_state = ChatState.ACTIVE
            conversation.unread += 1
            account.unread += 1
            if conversation.first_unread is None:
                conversation.first_unread = message.key
        account.settle(message.peer)
        changes = self._conversation_changed(event.account, message.peer)
        if message.is_outgoing or message.is_delayed:
            return changes
        self._arrivals.append(message)
        return (*changes, MessagesArrived(event.account))

    def _on_message_queued(self, account: _Account, event: e.MessageQueued) -> tuple[Change, ...]:
        message = event.message
        conversation = self._conversation(account, message.peer)
        if not conversation.timeline.insert(message):
            return ()
        self._touch(conversation, message)
        account.settle(message.peer)
        return self._conversation_changed(event.account, message.peer)

    def _on_message_corrected(self, account: _Account, event: e.MessageCorrected) -> tuple[Change, ...]:
        """Take a correction that no archive put in its place, because nothing is kept."""
        conversation = self._conversation(account, event.message.peer)
        if conversation.timeline.correct(event.message):
            return (ConversationChanged(event.account, event.message.peer),)
        return self._on_message_received(account, e.MessageReceived(event.account, event.message))

    def _on_message_reacted(self, account: _Account, event: e.MessageReacted) -> tuple[Change, ...]:
        """Take a reaction that no archive put in its place, because nothing is kept."""
        peer = account.peers.get(event.message.peer)
        if peer is None or peer.conversation is None or not peer.conversation.timeline.react(event.message):
            return ()
        return (ConversationChanged(event.account, event.message.peer),)

    def _on_delivery_changed(self, account: _Account, event: e.DeliveryChanged) -> tuple[Change, ...]:
        peer = account.peers.get(event.peer)
        if peer is None or peer.conversation is None:
            return ()
        if not peer.conversation.timeline.change_delivery(event.key, event.delivery, event.failure, event.at):
            return ()
        return (ConversationChanged(event.account, event.peer),)

    def _on_chat_state_changed(self, account: _Account, event: e.ChatStateChanged) -> tuple[Change, ...]:
        peer = account.peers.get(event.peer)
        if peer is None or peer.conversation is None or peer.conversation.chat_state is event.state:
            return ()  # who says nothing opens no conversation
        peer.conversation.chat_state = event.state
        return (ConversationChanged(event.account, event.peer),)

    def _on_message_discarded(self, account: _Account, event: e.MessageDiscarded) -> tuple[Change, ...]:
        peer = account.peers.get(event.peer)
        if peer is None or peer.conversation is None or not peer.conversation.timeline.remove(event.key):
            return ()
        if peer.conversation.last is not None and peer.conversation.last.key == event.key:
            peer.conversation.last = None
        return (ConversationChanged(event.account, event.peer),)

    def _on_history_loaded(self, account: _Account, event: e.HistoryLoaded) -> tuple[Change, ...]:
        conversation = self._conversation(account, event.peer)
        timeline = conversation.timeline
        if event.is_window:
            timeline.put_window(event.messages, is_latest=event.is_latest, is_start=event.is_start)
        elif event.is_newer:
            timeline.put_newer_page(event.messages, is_latest=event.is_latest)
        else:
            timeline.put_page(event.messages, is_latest=event.is_latest, is_start=event.is_start)
        conversation.is_loaded = True
        if event.messages:
            self._touch(conversation, event.messages[-1])
        account.settle(event.peer)
        return self._conversation_changed(event.account, event.peer)

    def _on_messages_merged(self, account: _Account, event: e.MessagesMerged) -> tuple[Change, ...]:
        conversation = self._conversation(account, event.peer)
        if conversation.is_loaded or len(conversation.timeline):
            conversation.timeline.merge(event.messages)
        elif event.messages:
            # Whoever opens it reads it from the archive; pages of a long absence do not fill the memory.
            conversation.timeline.has_older = True
        for message in event.messages:
            self._touch(conversation, message)
        account.unread += event.unread - conversation.unread
        conversation.unread = event.unread
        if event.unread:
            conversation.first_unread = event.first_unread
        account.settle(event.peer)
        return self._conversation_changed(event.account, event.peer)

    def _on_gaps_changed(self, account: _Account, event: e.GapsChanged) -> tuple[Change, ...]:
        if account.gaps == event.gaps:
            return ()
        account.gaps = event.gaps
        loaded = [jid for jid, peer in account.peers.items() if peer.conversation and peer.conversation.is_loaded]
        return tuple(ConversationChanged(event.account, jid) for jid in loaded)

    def _on_catch_up_progressed(self, account: _Account, event: e.CatchUpProgressed) -> tuple[Change, ...]:
        account.catch_up = event.catch_up
        return (AccountChanged(event.account),)

    def _on_conversation_purged(self, account: _Account, event: e.ConversationPurged) -> tuple[Change, ...]:
        peer = account.peers.get(event.peer)
        if peer is None or peer.conversation is None:
            return ()
        account.unread -= peer.conversation.unread
        was_loaded = peer.conversation.is_loaded
        peer.conversation = _Conversation(draft=peer.conversation.draft, is_loaded=was_loaded)
        account.settle(event.peer)
        return self._conversation_changed(event.account, event.peer)

    def _on_search_found(self, account: _Account, event: e.SearchFound) -> tuple[Change, ...]:
        earlier = self._search.found if event.is_continued and event.query == self._search.query else ()
        self._search = SearchView(event.query, earlier + event.found, event.more, event.failure)
        return (SearchChanged(event.account),)

    def _on_conversation_summarised(self, account: _Account, event: e.ConversationSummarised) -> tuple[Change, ...]:
        conversation = self._conversation(account, event.peer)
        account.unread += event.unread - conversation.unread
        conversation.unread = event.unread
        conversation.first_unread = event.first_unread
        conversation.last_stamp = event.last_stamp
        conversation.draft = event.draft
        account.settle(event.peer)
        return self._conversation_changed(event.account, event.peer)

    def _on_last_messages_read(self, account: _Account, event: e.LastMessagesRead) -> tuple[Change, ...]:
        changes: list[Change] = []
        for message in event.messages:
            peer = account.peers.get(message.peer)
            if peer is not None and peer.conversation is not None and peer.conversation.last is None:
                peer.conversation.last = message
                changes.append(ConversationChanged(event.account, message.peer))
        return tuple(changes)

    def _on_conversation_read(self, account: _Account, event: e.ConversationRead) -> tuple[Change, ...]:
        peer = account.peers.get(event.peer)
        if peer is None or peer.conversation is None or not peer.conversation.unread:
            return ()
        account.unread -= peer.conversation.unread
        peer.conversation.unread = 0
        peer.view = None
        return self._conversation_changed(event.account, event.peer)

    def _on_conversation_closed(self, account: _Account, event: e.ConversationClosed) -> tuple[Change, ...]:
        peer = account.peers.get(event.peer)
        if peer is None or peer.conversation is None:
            return ()
        # What stays is what a closed conversation shows in the roster: the count, the mark, the draft.
        peer.conversation.timeline = Timeline(has_older=True)
        peer.conversation.is_loaded = False
        if not peer.conversation.unread:
            peer.conversation.first_unread = None
        return (ConversationChanged(event.account, event.peer),)

    def _on_draft_changed(self, account: _Account, event: e.DraftChanged) -> tuple[Change, ...]:
        conversation = self._conversation(account, event.peer)
        if conversation.draft == event.text:
            return ()
        conversation.draft = event.text
        return (ConversationChanged(event.account, event.peer),)

    def _conversation(self, account: _Account, jid: BareJID) -> _Conversation:
        peer = account.peer(jid)
        if peer.conversation is None:
            peer.conversation = _Conversation()
            peer.view = None
        return peer.conversation

    @staticmethod
    def _touch(conversation: _Conversation, message: Message) -> None:
        if conversation.last_stamp is None or message.stamp > conversation.last_stamp:
            conversation.last_stamp = message.stamp
        if conversation.last is None or place_of(message) >= place_of(conversation.last):
            conversation.last = message
        if message.is_outgoing and not conversation.unread:
            # Whoever answers has read: the unread line has done its work.
            conversation.first_unread = None

    @staticmethod
    def _contact_changed(account: _Account, jid: BareJID, peer: BareJID) -> tuple[Change, ...]:
        held = account.peers.get(peer)
        if held is not None and held.conversation is not None:
            return (ContactChanged(jid, peer), ConversationChanged(jid, peer))
        return (ContactChanged(jid, peer),)

    @staticmethod
    def _conversation_changed(account: BareJID, peer: BareJID) -> tuple[Change, ...]:
        return (ConversationChanged(account, peer), ContactChanged(account, peer), AccountChanged(account))

    # -- views ----------------------------------------------------------------------------------------------------

    def accounts(self) -> tuple[AccountView, ...]:
        return tuple(self._account_view(jid, account) for jid, account in self._accounts.items())

    def account(self, account: BareJID) -> AccountView | None:
        held = self._accounts.get(account)
        return None if held is None else self._account_view(account, held)

    def contacts(self, account: BareJID) -> tuple[ContactView, ...]:
        held = self._accounts.get(account)
        if held is None:
            return ()
        return tuple(self._contact_view(account, jid, peer) for jid, peer in held.peers.items() if peer.is_listed)

    def contact(self, account: BareJID, peer: BareJID) -> ContactView | None:
        held = self._accounts.get(account)
        known = held.peers.get(peer) if held else None
        if known is None or not known.is_listed:
            return None
        return self._contact_view(account, peer, known)

    def conversation(self, account: BareJID, peer: BareJID) -> ConversationView:
        held = self._accounts.get(account)
        known = (held.peers.get(peer) if held else None) or _Peer()
        conversation = known.conversation or _Conversation()
        return ConversationView(
            account=account,
            peer=peer,
            contact=self._contact_view(account, peer, known),
            messages=conversation.timeline.messages,
            is_loaded=conversation.is_loaded,
            has_older=conversation.timeline.has_older,
            has_newer=conversation.timeline.has_newer,
            unread=conversation.unread,
            first_unread=conversation.first_unread,
            draft=conversation.draft,
            gaps=self._gap_views(held, conversation.timeline),
            chat_state=conversation.chat_state if known.resources else ChatState.ACTIVE,
        )

    @staticmethod
    def _gap_views(account: _Account | None, timeline: Timeline) -> tuple[GapView, ...]:
        """Return the holes that lie in, or beside, what the window shows."""
        if account is None or not account.gaps or not len(timeline):
            return ()
        views: dict[str | None, GapView] = {}
        first, last = place_of(timeline.messages[0]), place_of(timeline.messages[-1])
        for gap in account.gaps:
            is_above, is_below = gap.before <= first, gap.after >= last
            if (is_above and timeline.has_older) or (is_below and timeline.has_newer):
                continue
            below = timeline.first_from(gap.before)
            key = below.key if below else None
            views[key] = GapView(key, gap)
        return tuple(views.values())

    def last_message(self, account: BareJID, peer: BareJID) -> Message | None:
        held = self._accounts.get(account)
        known = held.peers.get(peer) if held else None
        if known is None or known.conversation is None:
            return None
        last = known.conversation.last
        # The window has the newer state of a message it holds.
        return last and (known.conversation.timeline.get(last.key) or last)

    def conversations(self) -> tuple[tuple[BareJID, BareJID], ...]:
        found = [
            (peer.conversation.last_stamp or _EPOCH, jid, peer_jid)
            for jid, account in self._accounts.items()
            for peer_jid, peer in account.peers.items()
            if peer.conversation is not None
        ]
        found.sort(key=lambda row: row[0], reverse=True)
        return tuple((account, peer) for _, account, peer in found)

    def requests(self) -> tuple[SubscriptionRequest, ...]:
        return tuple(self._requests.values())

    def log(self) -> tuple[LogEntry, ...]:
        return tuple(self._log)

    def arrivals(self) -> tuple[Message, ...]:
        return tuple(self._arrivals)

    def search(self) -> SearchView:
        return self._search

    @staticmethod
    def _account_view(jid: BareJID, account: _Account) -> AccountView:
        return AccountView(
            account=jid,
            connection=account.connection,
            own=account.own,
            prompts=tuple(account.prompts.values()),
            unread=account.unread,
            catch_up=account.catch_up,
        )

    @staticmethod
    def _contact_view(account: BareJID, jid: BareJID, peer: _Peer) -> ContactView:
        if peer.view is None:
            item = peer.item or _NOT_IN_ROSTER
            best = max(peer.resources.values(), key=_standing) if peer.resources else None
            peer.view = ContactView(
                account=account,
                peer=jid,
                name=item.name,
                groups=item.groups,
                show=best.show if best else Show.OFFLINE,
                status=best.status if best else peer.last_words,
                subscription=item.subscription if peer.item else Subscription.NONE,
                is_ask_pending=item.is_ask_pending,
                is_approved=item.is_approved,
                is_in_roster=peer.item is not None,
                is_blocked=peer.is_blocked,
                is_requesting=peer.is_requesting,
                unread=peer.conversation.unread if peer.conversation else 0,
                last_stamp=peer.conversation.last_stamp if peer.conversation else None,
                resources=tuple(
                    ResourceView(resource, presence, peer.details.get(resource))
                    for resource, presence in sorted(
                        peer.resources.items(), key=lambda pair: _standing(pair[1]), reverse=True
                    )
                ),
            )
        return peer.view


def _standing(presence: Presence) -> tuple[int, int, datetime]:
    return (presence.priority, _AVAILABILITY[presence.show], presence.since or _EPOCH)


# Each handler takes the event type it is listed under; the table is what makes that pairing.
_HANDLERS: dict[type[e.Event], Callable[[Store, _Account, Any], tuple[Change, ...]]] = {
    e.AccountRemoved: Store._on_account_removed,
    e.ConnectionChanged: Store._on_connection_changed,
    e.OwnPresenceChanged: Store._on_own_presence_changed,
    e.SessionEnded: Store._on_session_ended,
    e.PromptRaised: Store._on_prompt_raised,
    e.PromptSettled: Store._on_prompt_settled,
    e.Logged: Store._on_logged,
    e.RosterReplaced: Store._on_roster_replaced,
    e.RosterItemChanged: Store._on_roster_item_changed,
    e.RosterItemRemoved: Store._on_roster_item_removed,
    e.PresenceChanged: Store._on_presence_changed,
    e.PeerLeft: Store._on_peer_left,
    e.SubscriptionRequested: Store._on_subscription_requested,
    e.SubscriptionRequestSettled: Store._on_subscription_request_settled,
    e.BlockListReplaced: Store._on_block_list_replaced,
    e.EntityDescribed: Store._on_entity_described,
    e.MessageReceived: Store._on_message_received,
    e.MessageQueued: Store._on_message_queued,
    e.MessageCorrected: Store._on_message_corrected,
    e.MessageReacted: Store._on_message_reacted,
    e.DeliveryChanged: Store._on_delivery_changed,
    e.ChatStateChanged: Store._on_chat_state_changed,
    e.MessageDiscarded: Store._on_message_discarded,
    e.HistoryLoaded: Store._on_history_loaded,
    e.MessagesMerged: Store._on_messages_merged,
    e.GapsChanged: Store._on_gaps_changed,
    e.CatchUpProgressed: Store._on_catch_up_progressed,
    e.ConversationPurged: Store._on_conversation_purged,
    e.SearchFound: Store._on_search_found,
    e.ConversationSummarised: Store._on_conversation_summarised,
    e.LastMessagesRead: Store._on_last_messages_read,
    e.ConversationRead: Store._on_conversation_read,
    e.ConversationClosed: Store._on_conversation_closed,
    e.DraftChanged: Store._on_draft_changed,
}
