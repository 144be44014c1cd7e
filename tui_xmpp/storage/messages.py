"""Messages on disk: what comes of one that is sent, received, corrected or found in the server's archive."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace

from tui_xmpp.core import events as e
from tui_xmpp.core.model import Delivery, Message
from tui_xmpp.core.order import microseconds, said_id
from tui_xmpp.storage.accounts import Facts, Writers
from tui_xmpp.storage.conversations import READ, UNREAD, Conversations
from tui_xmpp.storage.correcting import Correcting
from tui_xmpp.storage.merging import Merging
from tui_xmpp.storage.reacting import Reacting
from tui_xmpp.storage.rows import COLUMNS, failure_text, message_of


class Messages:
    """The rows of messages. Called inside a transaction."""

    def __init__(self, connection: sqlite3.Connection, conversations: Conversations, merging: Merging) -> None:
        self._connection = connection
        self._conversations = conversations
        self._merging = merging
        self._correcting = Correcting(connection)
        self._reacting = Reacting(connection)
        self.writers: Writers = {
            e.MessageReceived: self._write_message,
            e.MessageQueued: self._write_message,
            e.MessageCorrected: self._write_corrected,
            e.MessageReacted: self._write_reacted,
            e.DeliveryChanged: self._write_delivery,
            e.MessageDiscarded: self._write_discard,
            e.ArchivePageReceived: self._write_page,
            e.ArchiveHeld: self._write_held,
        }

    def _write_corrected(self, account: int, event: e.MessageCorrected) -> Facts:
        message = event.message
        conversation = self._conversations.id_of(account, message.peer)
        now = self._correcting.correct(conversation, message)
        if now is None:
            return self._write_message(account, e.MessageReceived(event.account, message))
        if message.delivery is Delivery.QUEUED:
            self._merging.take(account, conversation, message, is_annex=True)
        fact = self._conversations.merged(event.account, message.peer, conversation, (now,))
        if not message.is_outgoing:
            return (fact,)
        told = e.DeliveryChanged(
            event.account, message.peer, said_id(message) or message.key, message.delivery, message.stamp
        )
        return (fact, *self._write_delivery(account, told))

    def _write_reacted(self, account: int, event: e.MessageReacted) -> Facts:
        message = event.message
        conversation = self._conversations.id_of(account, message.peer)
        taken = self._merging.take(account, conversation, message)
        if taken is None or taken.reaction is None:
            return ()
        for key in self._reacting.surplus(conversation, taken.reaction.to):
            self._delete(account, key)
        is_shown = self._conversations.note_displayed(conversation, taken)
        now = self._reacting.settle(event.account, message.peer, conversation, (taken.reaction.to,))
        if not now and not is_shown:
            return ()
        return (self._conversations.merged(event.account, message.peer, conversation, now),)

    def _write_message(self, account: int, event: e.MessageReceived | e.MessageQueued) -> Facts:
        message = event.message
        conversation = self._conversations.id_of(account, message.peer)
        taken = self._merging.take(account, conversation, message)
        if taken is None:
            return ()
        if taken.key != message.key:
            return (self._conversations.merged(event.account, message.peer, conversation, (taken,)),)
        if names := self._reacting.waiting_for(conversation, (taken,)):
            for now in self._reacting.settle(event.account, message.peer, conversation, names):
                taken = now if now.key == taken.key else taken
        mark = self._conversations.mark(account, conversation, taken.key, READ if message.is_outgoing else UNREAD)
        is_shown = self._conversations.note_displayed(conversation, taken)
        if message.is_outgoing and isinstance(event, e.MessageReceived):
            is_shown = self._conversations.note_answered(conversation, taken) or is_shown
        if is_shown or message.is_outgoing or taken.place < mark:
            self._conversations.touch(conversation, message.stamp)
        else:
            self._conversations.add_unread(conversation, taken)
        if is_shown or (not message.is_outgoing and taken.place < mark):
            return (self._conversations.merged(event.account, message.peer, conversation, (taken,)),)
        return (replace(event, message=taken),)

    def _write_delivery(self, account: int, event: e.DeliveryChanged) -> Facts:
        row = self._connection.execute(
            "SELECT id, delivery, states, is_annex FROM message WHERE account = ? AND key = ?"
            # Whoever speaks of a message they were not sent speaks of none (S-04).
            " AND conversation = (SELECT id FROM conversation WHERE account = ? AND peer = ?)",
            (account, event.key, account, str(event.peer)),
        ).fetchone()
        if row is None or not Delivery(row[1]).may_become(event.delivery):
            return ()
        states = [*json.loads(row[2] or "[]"), (event.delivery.value, microseconds(event.at))]
        self._connection.execute(
            "UPDATE message SET delivery = ?, failure = ?, states = ? WHERE id = ?",
            (event.delivery.value, failure_text(event.failure), json.dumps(states), row[0]),
        )
        return self._follow_annex(account, event) if row[3] else (event,)

    def _follow_annex(self, account: int, event: e.DeliveryChanged) -> Facts:
        """Let a message know what became of our correction of it, or reaction to it."""
        conversation = self._conversations.id_of(account, event.peer)
        annex = self._annex(account, event)
        now: list[Message] = []
        if annex is not None and annex.reaction is not None:
            now = self._reacting.settle(event.account, event.peer, conversation, (annex.reaction.to,))
        elif annex is not None and (original := self._correcting.settle(conversation, annex)) is not None:
            now = [original]
        return (self._conversations.merged(event.account, event.peer, conversation, now),) if now else ()

    def _annex(self, account: int, event: e.DeliveryChanged | e.MessageDiscarded) -> Message | None:
        row = self._connection.execute(
            f"SELECT {COLUMNS} FROM message WHERE account = ? AND key = ? AND is_annex",  # noqa: S608 - constants
            (account, event.key),
        ).fetchone()
        return None if row is None else message_of(event.account, event.peer, row)

    def _write_discard(self, account: int, event: e.MessageDiscarded) -> Facts:
        annex = self._annex(account, event)
        self._delete(account, event.key)
        if annex is None:
            return (event,)
        conversation = self._conversations.id_of(account, event.peer)
        now: list[Message] = []
        if annex.reaction is not None:
            now = self._reacting.settle(event.account, event.peer, conversation, (annex.reaction.to,))
        elif (original := self._correcting.withdraw(conversation, annex)) is not None:
            now = [original]
        return (self._conversations.merged(event.account, event.peer, conversation, now),) if now else ()

    def _delete(self, account: int, key: str) -> None:
        # What the message marked, the one before it marks now.
        self._connection.execute(
            "UPDATE conversation SET is_mark_read = 1, mark = (SELECT other.id FROM message AS other, message AS gone"
            " WHERE gone.id = mark AND other.conversation = conversation.id AND other.place < gone.place"
            " ORDER BY other.place DESC LIMIT 1)"
            " WHERE mark = (SELECT id FROM message WHERE account = ? AND key = ?)",
            (account, key),
        )
        self._connection.execute("DELETE FROM message WHERE account = ? AND key = ?", (account, key))

    # -- the server's archive -------------------------------------------------------------------------------------

    def _write_page(self, account: int, event: e.ArchivePageReceived) -> Facts:
        peers = {entry.message.peer for entry in event.entries if entry.message is not None}
        if event.peer is not None:
            peers.add(event.peer)
        conversations = {peer: self._conversations.id_of(account, peer) for peer in peers}
        of_one = conversations[event.peer] if event.peer is not None else None
        edge = self._merging.edge(account, event, of_one)
        corrections, rows = self._correcting.part(event, conversations)
        touched, places = self._merging.merge(account, rows, conversations, edge)
        facts: list[e.Event] = []
        reactions: dict[int, list[Message]] = {}
        for there in touched:
            reactions[there.id] = there.part_reactions()
            if not (there.changed or there.new or reactions[there.id]):
                continue
            is_shown = self._conversations.note_page(
                account, there, is_news=event.is_news, displayed=reactions[there.id]
            )
            if is_shown or there.changed or there.new:
                messages = (*there.changed.values(), *there.new)
                facts.append(self._conversations.merged(event.account, there.peer, there.id, messages))
        for correction in corrections:
            facts += self._write_corrected(account, e.MessageCorrected(event.account, correction))
        for there in touched:
            if there.new:
                now, gone = self._correcting.adopt(there.id, there.new)
                for key in gone:
                    facts += self._write_discard(account, e.MessageDiscarded(event.account, there.peer, key))
                if now:
                    facts.append(self._conversations.merged(event.account, there.peer, there.id, now))
        for there in touched:
            names = {message.reaction.to for message in reactions[there.id] if message.reaction is not None}
            for name in names:
                for key in self._reacting.surplus(there.id, name):
                    self._delete(account, key)
            names |= self._reacting.waiting_for(there.id, there.new) if there.new else set()
            if names and (now := self._reacting.settle(event.account, there.peer, there.id, names)):
                facts.append(self._conversations.merged(event.account, there.peer, there.id, now))
        if of_one is None:
            before = self._merging.gaps(account)
            self._merging.hold(account, event, places)
            if (gaps := self._merging.gaps(account)) != before:
                facts.append(e.GapsChanged(event.account, gaps))
        elif event.is_complete and not event.is_forward:
            self._connection.execute("UPDATE conversation SET is_complete = 1 WHERE id = ?", (of_one,))
        return facts

    def _write_held(self, account: int, event: e.ArchiveHeld) -> Facts:
        self._merging.hold_live(account, event.archive_id, microseconds(event.stamp) * 1000)
        return ()
