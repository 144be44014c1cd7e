"""The single owner of what the program knows. Facts go in, changes come out, views are pulled.

``Store.apply`` is the only mutation. No fact costs more with a longer history, a larger roster or a busier log.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
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
from tui_xmpp.core.conversations import HANDLERS as CONVERSATION_HANDLERS
from tui_xmpp.core.conversations import all_changed
from tui_xmpp.core.mention import is_mention
from tui_xmpp.core.model import ChatState, LogEntry, Message, SubscriptionRequest
from tui_xmpp.core.state import EPOCH, Account, Conversation, Peer
from tui_xmpp.core.views import AccountView, ContactView, ConversationView, SearchView
from tui_xmpp.jid import BareJID, FullJID

LOG_LENGTH = 1000
MAX_RESOURCES = 64
"""Most resources kept for one contact, so that a flood of presences stays small (S-53)."""
MAX_REQUESTS = 500
MAX_ARRIVALS = 200


class Store:
    """Hold the state of all accounts; implements :class:`tui_xmpp.core.views.Views`."""

    def __init__(self) -> None:
        self._accounts: dict[BareJID, Account] = {}
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
        if (handler := _HANDLERS.get(type(event))) is not None:
            return handler(self, account, event)
        if (of_conversation := CONVERSATION_HANDLERS.get(type(event))) is not None:
            return of_conversation(account, event)
        return ()

    def _on_account_added(self, event: e.AccountAdded) -> tuple[Change, ...]:
        if event.account in self._accounts:
            return ()
        self._accounts[event.account] = Account(own=event.own)
        return (AccountListChanged(event.account),)

    def _on_account_removed(self, account: Account, event: e.AccountRemoved) -> tuple[Change, ...]:
        del self._accounts[event.account]
        for key in [key for key in self._requests if key[0] == event.account]:
            del self._requests[key]
        return (AccountListChanged(event.account), RequestsChanged(event.account))

    def _on_connection_changed(self, account: Account, event: e.ConnectionChanged) -> tuple[Change, ...]:
        account.connection = event.connection
        return (AccountChanged(event.account),)

    def _on_own_presence_changed(self, account: Account, event: e.OwnPresenceChanged) -> tuple[Change, ...]:
        account.own = event.own
        return (AccountChanged(event.account),)

    def _on_session_ended(self, account: Account, event: e.SessionEnded) -> tuple[Change, ...]:
        for jid in list(account.peers):
            peer = account.peers[jid]
            peer.resources.clear()
            peer.details.clear()
            peer.last_words = ""
            account.settle(jid)
        return (RosterReset(event.account), AccountChanged(event.account))

    def _on_prompt_raised(self, account: Account, event: e.PromptRaised) -> tuple[Change, ...]:
        account.prompts[event.prompt.kind] = event.prompt
        return (AccountChanged(event.account),)

    def _on_prompt_settled(self, account: Account, event: e.PromptSettled) -> tuple[Change, ...]:
        if account.prompts.pop(event.kind, None) is None:
            return ()
        return (AccountChanged(event.account),)

    def _on_logged(self, account: Account, event: e.Logged) -> tuple[Change, ...]:
        self._log.append(event.entry)
        return (LogChanged(event.account),)

    def _on_roster_replaced(self, account: Account, event: e.RosterReplaced) -> tuple[Change, ...]:
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

    def _on_roster_item_changed(self, account: Account, event: e.RosterItemChanged) -> tuple[Change, ...]:
        peer = account.peer(event.item.jid)
        peer.item = event.item
        peer.view = None
        return self._contact_changed(account, event.account, event.item.jid)

    def _on_roster_item_removed(self, account: Account, event: e.RosterItemRemoved) -> tuple[Change, ...]:
        peer = account.peers.get(event.peer)
        if peer is None:
            return ()
        peer.item = None
        account.settle(event.peer)
        return self._contact_changed(account, event.account, event.peer)

    def _on_presence_changed(self, account: Account, event: e.PresenceChanged) -> tuple[Change, ...]:
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

    def _on_peer_left(self, account: Account, event: e.PeerLeft) -> tuple[Change, ...]:
        peer = account.peers.get(event.peer)
        if peer is None:
            return ()
        peer.resources.clear()
        peer.details.clear()
        peer.last_words = event.status
        account.settle(event.peer)
        return self._contact_changed(account, event.account, event.peer)

    def _on_subscription_requested(self, account: Account, event: e.SubscriptionRequested) -> tuple[Change, ...]:
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
        self, account: Account, event: e.SubscriptionRequestSettled
    ) -> tuple[Change, ...]:
        if self._requests.pop((event.account, event.peer), None) is None:
            return ()
        account.peer(event.peer).is_requesting = False
        account.settle(event.peer)
        return (RequestsChanged(event.account), ContactChanged(event.account, event.peer))

    def _on_block_list_replaced(self, account: Account, event: e.BlockListReplaced) -> tuple[Change, ...]:
        stale = {jid for jid, peer in account.peers.items() if peer.is_blocked} ^ event.peers
        for jid in stale:
            account.peer(jid).is_blocked = jid in event.peers
            account.settle(jid)
        changes = tuple(ContactChanged(event.account, jid) for jid in stale)
        has_asked = any((event.account, jid) in self._requests for jid in stale)
        return (*changes, RequestsChanged(event.account)) if has_asked else changes

    def _on_entity_described(self, account: Account, event: e.EntityDescribed) -> tuple[Change, ...]:
        peer = account.peers.get(event.peer.bare)
        if peer is None or event.peer.resource not in peer.resources:
            return ()
        peer.details[event.peer.resource] = event.details
        peer.view = None
        return self._contact_changed(account, event.account, event.peer.bare)

    def _on_message_received(self, account: Account, event: e.MessageReceived) -> tuple[Change, ...]:
        message = event.message
        conversation = account.conversation(message.peer)
        if not conversation.timeline.insert(message):
            return ()
        conversation.touch(message)
        if not message.is_outgoing:
            conversation.chat_state = ChatState.ACTIVE
            conversation.unread += 1
            account.unread += 1
            conversation.mentions += is_mention(event.account, message.body)
            if conversation.first_unread is None:
                conversation.first_unread = message.key
        account.settle(message.peer)
        changes = all_changed(event.account, message.peer)
        if message.is_outgoing or message.is_delayed:
            return changes
        self._arrivals.append(message)
        return (*changes, MessagesArrived(event.account))

    def _on_message_corrected(self, account: Account, event: e.MessageCorrected) -> tuple[Change, ...]:
        """Take a correction that no archive put in its place, because nothing is kept."""
        conversation = account.conversation(event.message.peer)
        if conversation.timeline.correct(event.message):
            return (ConversationChanged(event.account, event.message.peer),)
        return self._on_message_received(account, e.MessageReceived(event.account, event.message))

    def _on_catch_up_progressed(self, account: Account, event: e.CatchUpProgressed) -> tuple[Change, ...]:
        account.catch_up = event.catch_up
        return (AccountChanged(event.account),)

    def _on_messages_indexed(self, account: Account, event: e.MessagesIndexed) -> tuple[Change, ...]:
        if account.indexed == event.percent:
            return ()
        account.indexed = event.percent
        return (AccountChanged(event.account), SearchChanged(event.account))

    def _on_search_found(self, account: Account, event: e.SearchFound) -> tuple[Change, ...]:
        earlier = self._search.found if event.is_continued and event.query == self._search.query else ()
        self._search = SearchView(event.query, earlier + event.found, event.more, event.failure)
        return (SearchChanged(event.account),)

    @staticmethod
    def _contact_changed(account: Account, jid: BareJID, peer: BareJID) -> tuple[Change, ...]:
        held = account.peers.get(peer)
        if held is not None and held.conversation is not None:
            return (ContactChanged(jid, peer), ConversationChanged(jid, peer))
        return (ContactChanged(jid, peer),)

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
        return tuple(peer.row(account, jid) for jid, peer in held.peers.items() if peer.is_listed)

    def contact(self, account: BareJID, peer: BareJID) -> ContactView | None:
        held = self._accounts.get(account)
        known = held.peers.get(peer) if held else None
        if known is None or not known.is_listed:
            return None
        return known.row(account, peer)

    def conversation(self, account: BareJID, peer: BareJID) -> ConversationView:
        held = self._accounts.get(account)
        known = (held.peers.get(peer) if held else None) or Peer()
        conversation = known.conversation or Conversation()
        return ConversationView(
            account=account,
            peer=peer,
            contact=known.row(account, peer),
            messages=conversation.timeline.messages,
            is_loaded=conversation.is_loaded,
            has_older=conversation.timeline.has_older,
            has_newer=conversation.timeline.has_newer,
            unread=conversation.unread,
            first_unread=conversation.first_unread,
            draft=conversation.draft,
            gaps=held.gap_views(conversation.timeline) if held else (),
            chat_state=conversation.chat_state if known.resources else ChatState.ACTIVE,
            reaction_rules=conversation.reaction_rules,
        )

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
            (peer.conversation.last_stamp or EPOCH, jid, peer_jid)
            for jid, account in self._accounts.items()
            for peer_jid, peer in account.peers.items()
            if peer.conversation is not None
        ]
        found.sort(key=lambda row: row[0], reverse=True)
        return tuple((account, peer) for _, account, peer in found)

    def requests(self) -> tuple[SubscriptionRequest, ...]:
        # A server may hand over at each login what somebody asked before they were blocked.
        return tuple(
            request
            for (account, peer), request in self._requests.items()
            if not self._accounts[account].peer(peer).is_blocked
        )

    def log(self) -> tuple[LogEntry, ...]:
        return tuple(self._log)

    def arrivals(self) -> tuple[Message, ...]:
        return tuple(self._arrivals)

    def search(self) -> SearchView:
        return self._search

    @staticmethod
    def _account_view(jid: BareJID, account: Account) -> AccountView:
        return AccountView(
            account=jid,
            connection=account.connection,
            own=account.own,
            prompts=tuple(account.prompts.values()),
            unread=account.unread,
            catch_up=account.catch_up,
            indexed=account.indexed,
        )


# Each handler takes the event type it is listed under; the table is what makes that pairing.
_HANDLERS: dict[type[e.Event], Callable[[Store, Account, Any], tuple[Change, ...]]] = {
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
    e.MessageCorrected: Store._on_message_corrected,
    e.CatchUpProgressed: Store._on_catch_up_progressed,
    e.MessagesIndexed: Store._on_messages_indexed,
    e.SearchFound: Store._on_search_found,
}
