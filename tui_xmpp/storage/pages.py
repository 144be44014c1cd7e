"""Pages of history: a conversation's messages in their order, some at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tui_xmpp.core import events as e
from tui_xmpp.core.model import Message
from tui_xmpp.core.order import microseconds, place_of
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.rows import COLUMNS, message_of

_BEYOND = 2**63 - 1


class Pages:
    """The messages of the archive, to be read; raises as SQLite does, ``ValueError`` or ``JIDError``."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def last_messages(self, account: BareJID) -> tuple[Message, ...]:
        """Return the newest message of each conversation of an account, in no order."""
        rows = self._connection.execute(
            f"SELECT {COLUMNS}, (SELECT peer FROM conversation WHERE id = message.conversation)"  # noqa: S608
            " FROM message WHERE id IN (SELECT (SELECT id FROM message WHERE conversation = conversation.id"
            " AND NOT is_annex ORDER BY place DESC LIMIT 1) FROM conversation"
            " WHERE account = (SELECT id FROM account WHERE jid = ?))",
            (str(account),),
        ).fetchall()
        return tuple(message_of(account, BareJID.parse(row[-1]), row[:-1]) for row in rows)

    def page(self, account: BareJID, peer: BareJID, before: Message | None, limit: int) -> e.HistoryLoaded:
        """Return the newest page of a conversation, or the one before a message, oldest first."""
        conversation = self._find(account, peer)
        if conversation is None:
            is_start = not self._holds_archive(account)
            return e.HistoryLoaded(account, peer, (), is_latest=before is None, is_start=is_start)
        edge = _BEYOND if before is None else self._edge(conversation, before)
        rows = self._rows(conversation, "place < ?", edge, "DESC", limit + 1)
        is_start = len(rows) <= limit and self._is_start(conversation)
        messages = tuple(message_of(account, peer, row) for row in reversed(rows[:limit]))
        return e.HistoryLoaded(account, peer, messages, is_latest=before is None, is_start=is_start)

    def newer_page(self, account: BareJID, peer: BareJID, after: Message, limit: int) -> e.HistoryLoaded:
        """Return the page after a message, oldest first."""
        conversation = self._find(account, peer)
        rows: list[Any] = []
        if conversation is not None:
            rows = self._rows(conversation, "place > ?", self._edge(conversation, after), "ASC", limit + 1)
        messages = tuple(message_of(account, peer, row) for row in rows[:limit])
        is_latest = len(rows) <= limit
        return e.HistoryLoaded(account, peer, messages, is_latest=is_latest, is_start=False, is_newer=True)

    def window(self, account: BareJID, peer: BareJID, around: str | datetime, limit: int) -> e.HistoryLoaded | None:
        """Return the messages around one, by its key, or around a moment; None when there is no such message."""
        conversation = self._find(account, peer)
        if conversation is None:
            return None
        if isinstance(around, datetime):
            place = microseconds(around) * 1000
        else:
            known = self._place(conversation, around)
            if known is None:
                return None
            place = known
        half = limit // 2
        newer = self._rows(conversation, "place >= ?", place, "ASC", half + 1)
        older = self._rows(conversation, "place < ?", place, "DESC", limit - min(half, len(newer)) + 1)
        wanted = limit - min(half, len(newer))
        is_start = len(older) <= wanted and self._is_start(conversation)
        rows = [*reversed(older[:wanted]), *newer[:half]]
        messages = tuple(message_of(account, peer, row) for row in rows)
        is_latest = len(newer) <= half
        return e.HistoryLoaded(account, peer, messages, is_latest=is_latest, is_start=is_start, is_window=True)

    def oldest_archived(self, account: BareJID, peer: BareJID) -> str | None:
        """Return the server's id of the oldest stored message of a conversation that has one."""
        row = self._connection.execute(
            "SELECT archive_id FROM message WHERE conversation = ? AND archive_id IS NOT NULL AND is_placed"
            " ORDER BY place LIMIT 1",
            (self._find(account, peer),),
        ).fetchone()
        return None if row is None else str(row[0])

    def all_messages(self, account: BareJID, peer: BareJID) -> Iterator[Message]:
        """Yield all that is stored of a conversation, oldest first, a page at a time."""
        edge = -_BEYOND
        while True:
            conversation = self._find(account, peer)
            rows = [] if conversation is None else self._rows(conversation, "place > ?", edge, "ASC", 1000)
            for row in rows:
                message = message_of(account, peer, row)
                edge = message.place
                yield message
            if not rows:
                return

    def outbox(self, account: BareJID) -> tuple[Message, ...]:
        """Return the outgoing messages not known to have reached the server, in the order they were written."""
        rows = self._connection.execute(
            f"SELECT {COLUMNS}, (SELECT peer FROM conversation WHERE id = conversation)"  # noqa: S608
            " FROM message WHERE account = (SELECT id FROM account WHERE jid = ?)"
            " AND delivery IN ('queued', 'sent') ORDER BY place",
            (str(account),),
        ).fetchall()
        return tuple(message_of(account, BareJID.parse(row[-1]), row[:-1]) for row in rows)

    def _find(self, account: BareJID, peer: BareJID) -> int | None:
        row = self._connection.execute(
            "SELECT id FROM conversation WHERE peer = ? AND account = (SELECT id FROM account WHERE jid = ?)",
            (str(peer), str(account)),
        ).fetchone()
        return None if row is None else int(row[0])

    def _edge(self, conversation: int, message: Message) -> int:
        place = self._place(conversation, message.key)
        return place_of(message) if place is None else place

    def _place(self, conversation: int, key: str) -> int | None:
        row = self._connection.execute(
            "SELECT place FROM message WHERE +conversation = ? AND key = ?"
            " AND account = (SELECT account FROM conversation WHERE id = ?)",  # by the one index that has the key
            (conversation, key, conversation),
        ).fetchone()
        return None if row is None else int(row[0])

    def _rows(self, conversation: int, where: str, place: int, order: str, limit: int) -> list[Any]:
        return self._connection.execute(
            f"SELECT {COLUMNS} FROM message WHERE conversation = ? AND {where}"  # noqa: S608 - constants
            f" AND NOT is_annex ORDER BY place {order} LIMIT ?",
            (conversation, place, limit),
        ).fetchall()

    def _is_start(self, conversation: int) -> bool:
        """Tell whether the server's archive has nothing older than the oldest stored message either."""
        row = self._connection.execute(
            "SELECT is_complete OR NOT EXISTS (SELECT 1 FROM span WHERE span.account = conversation.account)"
            " FROM conversation WHERE id = ?",
            (conversation,),
        ).fetchone()
        return bool(row[0])

    def _holds_archive(self, account: BareJID) -> bool:
        """Tell whether anything is held of the server's archive, which may then have more."""
        where = "account = (SELECT id FROM account WHERE jid = ?)"
        row = self._connection.execute(f"SELECT 1 FROM span WHERE {where} LIMIT 1", (str(account),))  # noqa: S608
        return row.fetchone() is not None
