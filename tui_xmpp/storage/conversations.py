"""Conversations on disk: up to where each is read, what is unread in it, and what is being written."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from tui_xmpp.core import events as e
from tui_xmpp.core.mention import is_mention
from tui_xmpp.core.model import Message
from tui_xmpp.core.order import microseconds, moment
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.accounts import Facts, Writers
from tui_xmpp.storage.merging import Touched

UNREAD, READ, TAKEN_FOR_READ = 0, 1, 2
"""What ``is_mark_read`` says: history that came to a new installation is taken for read until another device tells."""


class Conversations:
    """The rows of conversations. All but :meth:`summaries` is called inside a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._ids: dict[tuple[int, BareJID], int] = {}
        self.writers: Writers = {
            e.ConversationRead: self._write_read,
            e.ConversationMarkedUnread: self._write_unread,
            e.DraftChanged: self._write_draft,
            e.DisplayedElsewhere: self._write_displayed,
            e.ConversationPurged: self._write_purge,
        }

    def summaries(self, account: BareJID) -> tuple[e.ConversationSummarised, ...]:
        """Return a summary of each conversation of an account, in no order; raise as SQLite does, or ``JIDError``."""
        rows = self._connection.execute(
            "SELECT peer, unread, first_unread, last_stamp, draft, mentions FROM conversation"
            " WHERE account = (SELECT id FROM account WHERE jid = ?)"
            # Reactions that wait for their messages are no conversation yet.
            " AND (last_stamp IS NOT NULL OR draft <> ''"
            " OR NOT EXISTS (SELECT 1 FROM message WHERE conversation = conversation.id AND is_annex)"
            " OR EXISTS (SELECT 1 FROM message WHERE conversation = conversation.id AND NOT is_annex))",
            (str(account),),
        ).fetchall()
        return tuple(
            e.ConversationSummarised(
                account,
                peer=BareJID.parse(peer),
                unread=unread,
                first_unread=first_unread,
                last_stamp=None if stamp is None else moment(stamp),
                draft=draft,
                mentions=mentions,
            )
            for peer, unread, first_unread, stamp, draft, mentions in rows
        )

    def id_of(self, account: int, peer: BareJID) -> int:
        """Return the number of a conversation, which is made where there is none."""
        if (account, peer) not in self._ids:
            self._connection.execute(
                "INSERT OR IGNORE INTO conversation (account, peer) VALUES (?, ?)", (account, str(peer))
            )
            row = self._connection.execute(
                "SELECT id FROM conversation WHERE account = ? AND peer = ?", (account, str(peer))
            ).fetchone()
            self._ids[account, peer] = row[0]
        return self._ids[account, peer]

    def forget_ids(self) -> None:
        """Take no row for granted any more: the transaction that may have made it has failed."""
        self._ids.clear()

    def touch(self, conversation: int, stamp: datetime) -> None:
        """Note that something was said, at this time."""
        self._connection.execute(
            "UPDATE conversation SET last_stamp = max(coalesce(last_stamp, 0), ?) WHERE id = ?",
            (microseconds(stamp), conversation),
        )

    def _write_draft(self, account: int, event: e.DraftChanged) -> Facts:
        self._connection.execute(
            "UPDATE conversation SET draft = ? WHERE id = ?", (event.text, self.id_of(account, event.peer))
        )
        return (event,)

    def _write_purge(self, account: int, event: e.ConversationPurged) -> Facts:
        conversation = self.id_of(account, event.peer)
        self._connection.execute("DELETE FROM message WHERE conversation = ?", (conversation,))
        self._connection.execute(
            "UPDATE conversation SET unread = 0, mentions = 0, first_unread = NULL, last_stamp = NULL, is_complete = 1"
            " WHERE id = ?",
            (conversation,),
        )
        return (event,)

    def add_unread(self, conversation: int, message: Message) -> None:
        """Note what was said, and count it as unread."""
        self._connection.execute(
            "UPDATE conversation SET last_stamp = max(coalesce(last_stamp, 0), ?),"
            " unread = unread + 1, mentions = mentions + ?, first_unread = coalesce(first_unread, ?) WHERE id = ?",
            (microseconds(message.stamp), is_mention(message.account, message.body), message.key, conversation),
        )

    # -- what is read ---------------------------------------------------------------------------------------------

    def mark(self, account: int, conversation: int, key: str, state: int) -> int:
        """Return the place from which a conversation is unread, and begin at this message where there is none."""
        row = self._connection.execute(
            "SELECT place + (is_mark_read > 0) FROM conversation JOIN message ON message.id = mark"
            " WHERE conversation.id = ?",
            (conversation,),
        ).fetchone()
        if row is None:
            self._connection.execute(
                "UPDATE conversation SET mark = (SELECT id FROM message WHERE account = ? AND key = ?),"
                " is_mark_read = ? WHERE id = ?",
                (account, key, state, conversation),
            )
            return 0
        return int(row[0])

    def _write_read(self, account: int, event: e.ConversationRead) -> Facts:
        conversation = self.id_of(account, event.peer)
        self._connection.execute(
            "UPDATE conversation SET unread = 0, mentions = 0, first_unread = NULL, is_mark_read = 1,"
            " mark = coalesce((SELECT id FROM message WHERE conversation = ? AND direction = 'in' AND NOT is_annex"
            " ORDER BY place DESC LIMIT 1), mark)"
            " WHERE id = ?",
            (conversation, conversation),
        )
        row = self._connection.execute(
            "SELECT archive_id FROM message WHERE conversation = ? AND archive_id IS NOT NULL AND direction = 'in'"
            " AND NOT is_annex ORDER BY place DESC LIMIT 1",
            (conversation,),
        ).fetchone()
        return (replace(event, archive_id=None if row is None else row[0]),)

    def _write_unread(self, account: int, event: e.ConversationMarkedUnread) -> Facts:
        conversation = self.id_of(account, event.peer)
        # What the other devices were told to have been read here shall not come back as news of theirs.
        marked = self._connection.execute(
            "UPDATE conversation SET is_mark_read = 0, mark = marked.id, displayed_id = (SELECT archive_id FROM message"
            " WHERE conversation = conversation.id AND archive_id IS NOT NULL AND direction = 'in'"
            " AND NOT is_annex ORDER BY place DESC LIMIT 1)"
            " FROM message AS marked WHERE conversation.id = ? AND marked.account = ? AND marked.key = ?"
            " AND marked.conversation = conversation.id",
            (conversation, account, event.key),
        ).rowcount
        if not marked:
            return ()
        self._count(conversation)
        return (self.merged(event.account, event.peer, conversation, ()),)

    def _write_displayed(self, account: int, event: e.DisplayedElsewhere) -> Facts:
        """Move the mark, only forward (X-490-01); an entry that is not here yet is waited for."""
        conversation = self.id_of(account, event.peer)
        if event.said_id is not None:
            of_peer = "shown.origin_id = ? AND shown.direction = 'in' AND unread > 0"
            is_read = self._read_up_to(conversation, of_peer, event.said_id)
            return (self.merged(event.account, event.peer, conversation, ()),) if is_read else ()
        is_news = self._connection.execute(
            "UPDATE conversation SET displayed_id = ? WHERE id = ? AND displayed_id IS NOT ?",
            (event.archive_id, conversation, event.archive_id),
        ).rowcount
        if is_news and self._apply_displayed(conversation):
            return (self.merged(event.account, event.peer, conversation, ()),)
        return ()

    def note_displayed(self, conversation: int, message: Message) -> bool:
        """Tell whether a message that came is one that another device has shown already."""
        if message.archive_id is None:
            return False
        row = self._connection.execute("SELECT displayed_id FROM conversation WHERE id = ?", (conversation,)).fetchone()
        return row[0] == message.archive_id and self._apply_displayed(conversation)

    def note_answered(self, conversation: int, answer: Message) -> bool:
        """Take all for read that stands before what another device said; say whether any of it was unread.

        Most devices do not tell what they have shown, but who answers has read.
        """
        return self._read_up_to(conversation, "shown.key = ? AND unread > 0", answer.key)

    def _apply_displayed(self, conversation: int) -> bool:
        return self._read_up_to(conversation, "shown.archive_id = displayed_id")

    def _read_up_to(self, conversation: int, which: str, *arguments: str) -> bool:
        """Move the mark to a message, only forward."""
        moved = self._connection.execute(
            "UPDATE conversation SET mark = shown.id, is_mark_read = 1"  # noqa: S608 - constants
            " FROM message AS shown WHERE conversation.id = ? AND shown.conversation = conversation.id"
            f" AND {which} AND shown.place >= coalesce("
            "(SELECT place + (is_mark_read > 0) FROM message WHERE id = mark AND is_mark_read <> 2), 0)",
            (conversation, *arguments),
        ).rowcount
        if moved:
            self._count(conversation)
        return moved > 0

    def _count(self, conversation: int) -> None:
        (mark,) = self._connection.execute(
            "SELECT place + (is_mark_read > 0) FROM conversation JOIN message ON message.id = mark"
            " WHERE conversation.id = ?",
            (conversation,),
        ).fetchone()
        unread, first = self._connection.execute(
            "SELECT count(*), min(place) FROM message WHERE conversation = ? AND place >= ? AND direction = 'in'"
            " AND NOT is_annex",
            (conversation, mark),
        ).fetchone()
        (mentions,) = self._connection.execute(
            "SELECT count(*) FROM message JOIN account ON account.id = account"
            " WHERE conversation = ? AND place >= ? AND direction = 'in' AND NOT is_annex AND calls(jid, body)",
            (conversation, mark),
        ).fetchone()
        self._connection.execute(
            "UPDATE conversation SET unread = ?, mentions = ?, first_unread = (SELECT key FROM message"
            " WHERE conversation = ? AND place = ?) WHERE id = ?",
            (unread, mentions, conversation, first, conversation),
        )

    def merged(
        self, account: BareJID, peer: BareJID, conversation: int, messages: Sequence[Message]
    ) -> e.MessagesMerged:
        """Return the fact that these messages are new or changed, with what is unread now."""
        unread, first_unread, mentions = self._connection.execute(
            "SELECT unread, first_unread, mentions FROM conversation WHERE id = ?", (conversation,)
        ).fetchone()
        return e.MessagesMerged(account, peer, tuple(messages), unread, first_unread, mentions)

    def note_page(self, account: int, there: Touched, *, is_news: bool, displayed: Sequence[Message] = ()) -> bool:
        """Note what a page of the server's archive brought to a conversation; say whether another count is unread.

        Up to one of ``displayed``, too, another device may have shown it.
        """
        if there.new:
            self.touch(there.id, max(message.stamp for message in there.new))
        row = self._connection.execute("SELECT mark, displayed_id FROM conversation WHERE id = ?", (there.id,))
        mark, displayed_id = row.fetchone()
        if mark is None and there.new:
            # The first that is known of a conversation: what was said before anybody could miss it is read.
            edge = there.new[0] if is_news else there.new[-1]
            self.mark(account, there.id, edge.key, UNREAD if is_news else TAKEN_FOR_READ)
        shown = displayed_id is not None and any(
            message.archive_id == displayed_id for message in (*there.new, *there.changed.values(), *displayed)
        )
        if shown and self._apply_displayed(there.id):
            return True
        has_news = is_news and any(not message.is_outgoing for message in there.new)
        if has_news:
            self._count(there.id)
        answers = [message for message in there.new if message.is_outgoing] if is_news else []
        return bool(answers and self.note_answered(there.id, answers[-1])) or has_news
