"""Reactions on disk: each is a row that is never shown, and what they come to stands with the message they are of.

So a reaction has its place in the archive's order like any message, whoever tells of it and when, and a page of history
is read without looking for them. Called inside a transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from tui_xmpp.core.model import Message
from tui_xmpp.core.order import place_of
from tui_xmpp.core.reactions import names_of, reacted
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.rows import COLUMNS, message_of, reactions_text

MOST_KEPT = 20
"""Reactions of one side to one message that are kept: the latest (S-55)."""
_REACH = 1000
"""Messages looked through of those that go by more ids than one."""


class Reacting:
    """What is stored, and what becomes of it when someone reacts."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def settle(self, account: BareJID, peer: BareJID, conversation: int, names: Iterable[str]) -> list[Message]:
        """Put under the messages of these ids what stands there now; return those that have changed."""
        changed = []
        for id_, message in self._named(account, peer, conversation, frozenset(names)):
            now = reacted(message, self._reactions(account, peer, conversation, names_of(message)))
            if now is not message:
                self._connection.execute("UPDATE message SET reactions = ? WHERE id = ?", (reactions_text(now), id_))
                changed.append(now)
        return changed

    def waiting_for(self, conversation: int, messages: Iterable[Message]) -> set[str]:
        """Return the ids by which reactions that are stored name these messages."""
        has_any = "SELECT 1 FROM message WHERE conversation = ? AND reacts_to IS NOT NULL LIMIT 1"
        if self._connection.execute(has_any, (conversation,)).fetchone() is None:
            return set()  # which is asked for each message that comes
        names = json.dumps([name for message in messages for name in names_of(message)])
        rows = self._connection.execute(
            "SELECT value FROM json_each(?) WHERE EXISTS"
            " (SELECT 1 FROM message WHERE conversation = ? AND reacts_to = value)",
            (names, conversation),
        )
        return {row[0] for row in rows}

    def surplus(self, conversation: int, name: str) -> list[str]:
        """Return the keys of the reactions to a message that later ones of the same side have long replaced."""
        rows = self._connection.execute(
            "SELECT direction, key FROM message WHERE conversation = ? AND reacts_to = ?"
            " AND delivery NOT IN ('queued', 'sent') ORDER BY direction, place DESC",
            (conversation, name),
        ).fetchall()
        sides = [list(each) for _, each in groupby(rows, key=lambda row: row[0])]
        return [key for side in sides for _, key in side[MOST_KEPT:]]

    def _reactions(self, account: BareJID, peer: BareJID, conversation: int, names: Iterable[str]) -> list[Message]:
        found = [
            message_of(account, peer, row[1:])
            for name in names
            for row in self._rows("conversation = ? AND reacts_to = ?", (conversation, name))
        ]
        return sorted(found, key=place_of)

    def _named(
        self, account: BareJID, peer: BareJID, conversation: int, names: frozenset[str]
    ) -> list[tuple[int, Message]]:
        rows = [
            row
            for name in names
            for row in self._rows("conversation = ? AND origin_id = ? AND NOT is_annex", (conversation, name))
        ]
        found = {row[0]: message_of(account, peer, row[1:]) for row in rows}
        for name in names.difference(*map(names_of, found.values())):
            # Those that go by more ids than that one have an index of their own.
            rows = self._rows(
                "id IN (SELECT id FROM message WHERE conversation = ? AND NOT is_annex"
                " AND (stanza_id <> origin_id OR versions IS NOT NULL) ORDER BY place DESC LIMIT ?)"
                " AND (stanza_id = ? OR instr(versions, ?))",
                (conversation, _REACH, name, json.dumps(name)),
            )
            found |= {row[0]: message_of(account, peer, row[1:]) for row in rows}
        return [(id_, message) for id_, message in found.items() if names & names_of(message)]

    def _rows(self, where: str, arguments: Sequence[object]) -> list[Any]:
        return self._connection.execute(
            f"SELECT id, {COLUMNS} FROM message WHERE {where}",  # noqa: S608 - constants
            arguments,
        ).fetchall()
