"""What becomes of conversations when something is said, read or loaded. Called by the store only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tui_xmpp.core import events as e
from tui_xmpp.core.changes import AccountChanged, Change, ContactChanged, ConversationChanged
from tui_xmpp.core.state import Account, Conversation
from tui_xmpp.core.timeline import Timeline
from tui_xmpp.jid import BareJID


def all_changed(account: BareJID, peer: BareJID) -> tuple[Change, ...]:
    """Return what is stale where a conversation and its row have changed."""
    return (ConversationChanged(account, peer), ContactChanged(account, peer), AccountChanged(account))


def _on_message_queued(account: Account, event: e.MessageQueued) -> tuple[Change, ...]:
    message = event.message
    conversation = account.conversation(message.peer)
    if not conversation.timeline.insert(message):
        return ()
    conversation.touch(message)
    account.settle(message.peer)
    return all_changed(event.account, message.peer)


def _on_delivery_changed(account: Account, event: e.DeliveryChanged) -> tuple[Change, ...]:
    peer = account.peers.get(event.peer)
    if peer is None or peer.conversation is None:
        return ()
    if not peer.conversation.timeline.change_delivery(event.key, event.delivery, event.failure, event.at):
        return ()
    return (ConversationChanged(event.account, event.peer),)


def _on_chat_state_changed(account: Account, event: e.ChatStateChanged) -> tuple[Change, ...]:
    peer = account.peers.get(event.peer)
    if peer is None or peer.conversation is None or peer.conversation.chat_state is event.state:
        return ()  # who says nothing opens no conversation
    peer.conversation.chat_state = event.state
    return (ConversationChanged(event.account, event.peer),)


def _on_message_reacted(account: Account, event: e.MessageReacted) -> tuple[Change, ...]:
    """Take a reaction that no archive put in its place, because nothing is kept."""
    peer = account.peers.get(event.message.peer)
    if peer is None or peer.conversation is None or not peer.conversation.timeline.react(event.message):
        return ()
    return (ConversationChanged(event.account, event.message.peer),)


def _on_reaction_rules_read(account: Account, event: e.ReactionRulesRead) -> tuple[Change, ...]:
    peer = account.peers.get(event.peer)
    if peer is None or peer.conversation is None or peer.conversation.reaction_rules == event.rules:
        return ()
    peer.conversation.reaction_rules = event.rules
    return (ConversationChanged(event.account, event.peer),)


def _on_message_discarded(account: Account, event: e.MessageDiscarded) -> tuple[Change, ...]:
    peer = account.peers.get(event.peer)
    if peer is None or peer.conversation is None or not peer.conversation.timeline.remove(event.key):
        return ()
    if peer.conversation.last is not None and peer.conversation.last.key == event.key:
        peer.conversation.last = None
    return (ConversationChanged(event.account, event.peer),)


def _on_history_loaded(account: Account, event: e.HistoryLoaded) -> tuple[Change, ...]:
    conversation = account.conversation(event.peer)
    timeline = conversation.timeline
    if event.is_window:
        timeline.put_window(event.messages, is_latest=event.is_latest, is_start=event.is_start)
    elif event.is_newer:
        timeline.put_newer_page(event.messages, is_latest=event.is_latest)
    else:
        timeline.put_page(event.messages, is_latest=event.is_latest, is_start=event.is_start)
    conversation.is_loaded = True
    if event.messages:
        conversation.touch(event.messages[-1])
    account.settle(event.peer)
    return all_changed(event.account, event.peer)


def _on_messages_merged(account: Account, event: e.MessagesMerged) -> tuple[Change, ...]:
    conversation = account.conversation(event.peer)
    mark = conversation.first_unread
    is_news = any(message.key not in conversation.timeline for message in event.messages)
    if conversation.is_loaded or len(conversation.timeline):
        conversation.timeline.merge(event.messages)
    elif event.messages:
        # Whoever opens it reads it from the archive; pages of a long absence do not fill the memory.
        conversation.timeline.has_older = True
    for message in event.messages:
        conversation.touch(message)
    if not is_news:
        conversation.first_unread = mark  # nobody has answered: what was said has only changed
    account.unread += event.unread - conversation.unread
    conversation.unread, conversation.mentions = event.unread, event.mentions
    if event.unread:
        conversation.first_unread = event.first_unread
    account.settle(event.peer)
    return all_changed(event.account, event.peer)


def _on_gaps_changed(account: Account, event: e.GapsChanged) -> tuple[Change, ...]:
    if account.gaps == event.gaps:
        return ()
    account.gaps = event.gaps
    loaded = [jid for jid, peer in account.peers.items() if peer.conversation and peer.conversation.is_loaded]
    return tuple(ConversationChanged(event.account, jid) for jid in loaded)


def _on_conversation_purged(account: Account, event: e.ConversationPurged) -> tuple[Change, ...]:
    peer = account.peers.get(event.peer)
    if peer is None or peer.conversation is None:
        return ()
    account.unread -= peer.conversation.unread
    was_loaded = peer.conversation.is_loaded
    peer.conversation = Conversation(draft=peer.conversation.draft, is_loaded=was_loaded)
    account.settle(event.peer)
    return all_changed(event.account, event.peer)


def _on_conversation_summarised(account: Account, event: e.ConversationSummarised) -> tuple[Change, ...]:
    conversation = account.conversation(event.peer)
    account.unread += event.unread - conversation.unread
    conversation.unread, conversation.mentions = event.unread, event.mentions
    conversation.first_unread = event.first_unread
    conversation.last_stamp = event.last_stamp
    conversation.draft = event.draft
    account.settle(event.peer)
    return all_changed(event.account, event.peer)


def _on_last_messages_read(account: Account, event: e.LastMessagesRead) -> tuple[Change, ...]:
    changes: list[Change] = []
    for message in event.messages:
        peer = account.peers.get(message.peer)
        if peer is not None and peer.conversation is not None and peer.conversation.last is None:
            peer.conversation.last = message
            changes.append(ConversationChanged(event.account, message.peer))
    return tuple(changes)


def _on_conversation_read(account: Account, event: e.ConversationRead) -> tuple[Change, ...]:
    peer = account.peers.get(event.peer)
    if peer is None or peer.conversation is None or not peer.conversation.unread:
        return ()
    account.unread -= peer.conversation.unread
    peer.conversation.unread = peer.conversation.mentions = 0
    peer.view = None
    return all_changed(event.account, event.peer)


def _on_conversation_closed(account: Account, event: e.ConversationClosed) -> tuple[Change, ...]:
    peer = account.peers.get(event.peer)
    if peer is None or peer.conversation is None:
        return ()
    # What stays is what a closed conversation shows in the roster: the count, the mark, the draft.
    peer.conversation.timeline = Timeline(has_older=True)
    peer.conversation.is_loaded = False
    if not peer.conversation.unread:
        peer.conversation.first_unread = None
    return (ConversationChanged(event.account, event.peer),)


def _on_draft_changed(account: Account, event: e.DraftChanged) -> tuple[Change, ...]:
    conversation = account.conversation(event.peer)
    if conversation.draft == event.text:
        return ()
    conversation.draft = event.text
    return (ConversationChanged(event.account, event.peer),)


# Each handler takes the event type it is listed under; the table is what makes that pairing.
HANDLERS: Final[Mapping[type[e.Event], Callable[[Account, Any], tuple[Change, ...]]]] = {
    e.MessageQueued: _on_message_queued,
    e.DeliveryChanged: _on_delivery_changed,
    e.ChatStateChanged: _on_chat_state_changed,
    e.MessageReacted: _on_message_reacted,
    e.ReactionRulesRead: _on_reaction_rules_read,
    e.MessageDiscarded: _on_message_discarded,
    e.HistoryLoaded: _on_history_loaded,
    e.MessagesMerged: _on_messages_merged,
    e.GapsChanged: _on_gaps_changed,
    e.ConversationPurged: _on_conversation_purged,
    e.ConversationSummarised: _on_conversation_summarised,
    e.LastMessagesRead: _on_last_messages_read,
    e.ConversationRead: _on_conversation_read,
    e.ConversationClosed: _on_conversation_closed,
    e.DraftChanged: _on_draft_changed,
}
