"""Corrections on disk: the message keeps its row, and that all its texts. Called inside a transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tui_xmpp.core.correction import corrected, is_corrected_by, is_followed_by, settled, withdrawn
from tui_xmpp.core.events import ArchivePageReceived
from tui_xmpp.core.model import Message
from tui_xmpp.core.reactions import names_of
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.rows import COLUMNS, message_of, versions_text

_REACH = 1000
"""Messages looked through for one that goes by more ids than its origin-id."""


@dataclass(frozen=True, slots=True)
class _Original:
    id: int
    message: Message


class Correcting:
    """What is stored, and what becomes of it when its author says it anew."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def part(
        self, page: ArchivePageReceived, conversations: Mapping[BareJID, int]
    ) -> tuple[list[Message], ArchivePageReceived]:
        """Take out of a page the corrections whose originals are stored or in the page too: they make no rows."""
        messages = [entry.message for entry in page.entries if entry.message is not None]
        found: list[Message] = []
        for message in messages:
            if message.replaces is not None and (
                any(is_corrected_by(other, message) for other in messages)
                or any(is_followed_by(other, message) for other in found)
                or self._find(conversations[message.peer], message) is not None
            ):
                found.append(message)
        if not found:
            return found, page
        keys = {message.key for message in found}
        entries = tuple(
            replace(entry, message=None) if entry.message is not None and entry.message.key in keys else entry
            for entry in page.entries
        )
        return found, replace(page, entries=entries)

    def correct(self, conversation: int, correction: Message) -> Message | None:
        """Write the new text over the old and keep that; return the message as it reads now, None if it is not here."""
        original = self._find(conversation, correction)
        if original is None:
            return None
        return self._write(original, corrected(original.message, correction))

    def settle(self, conversation: int, correction: Message) -> Message | None:
        """Note how far a correction of ours has come; return the message it is of."""
        original = self._find(conversation, correction)
        if original is None:
            return None
        return self._write(original, settled(original.message, correction.key, correction.delivery, correction.failure))

    def withdraw(self, conversation: int, correction: Message) -> Message | None:
        """Let a message read as before a correction that was given up; return it."""
        original = self._find(conversation, correction)
        return None if original is None else self._write(original, withdrawn(original.message, correction.key))

    def _write(self, original: _Original, now: Message) -> Message:
        if now is not original.message:
            self._connection.execute(
                "UPDATE message SET versions = ?, body = ?, bodies = ?, subject = ?, files = ?, is_unstyled = ?"
                " WHERE id = ?",
                (
                    versions_text(now),
                    now.body,
                    json.dumps(now.bodies) if now.bodies else None,
                    now.subject,
                    json.dumps(now.files) if now.files else None,
                    now.is_unstyled,
                    original.id,
                ),
            )
        return now

    def adopt(self, conversation: int, messages: Sequence[Message]) -> tuple[list[Message], list[str]]:
        """Let corrections that came before these messages correct them.

        Return the messages as they read now, and the keys of the corrections, which are rows of their own no longer.
        """
        changed: dict[str, Message] = {}
        gone: list[str] = []
        latest = messages
        while latest:
            names = json.dumps([name for message in latest for name in names_of(message)])
            rows: Sequence[Any] = self._connection.execute(
                f"SELECT id, {COLUMNS} FROM message WHERE conversation = ?"  # noqa: S608 - constants
                " AND replaces IS NOT NULL AND NOT is_annex AND replaces IN (SELECT value FROM json_each(?))"
                " ORDER BY +place",
                (conversation, names),
            ).fetchall()
            corrections = [message_of(messages[0].account, messages[0].peer, row[1:]) for row in rows]
            latest = []
            for correction in corrections:
                if correction.key not in gone and (now := self.correct(conversation, correction)) is not None:
                    changed[now.key] = now
                    gone.append(correction.key)
                    latest.append(now)  # whose further texts may be named by what came before it too
        return list(changed.values()), gone

    def _find(self, conversation: int, correction: Message) -> _Original | None:
        wanted = correction.replaces
        for where, arguments in (
            ("conversation = ? AND origin_id = ?", (conversation, wanted)),
            # Those that go by more ids than that one have an index of their own.
            (
                "id IN (SELECT id FROM message WHERE conversation = ? AND NOT is_annex"
                " AND (stanza_id <> origin_id OR versions IS NOT NULL) ORDER BY place DESC LIMIT ?)"
                " AND (stanza_id = ? OR instr(versions, ?))",
                (conversation, _REACH, wanted, json.dumps(wanted)),
            ),
        ):
            rows: Sequence[Any] = self._connection.execute(
                f"SELECT id, {COLUMNS} FROM message WHERE {where} ORDER BY place DESC",  # noqa: S608 - constants
                arguments,
            ).fetchall()
            for row in rows:
                message = message_of(correction.account, correction.peer, row[1:])
                if is_corrected_by(message, correction):
                    return _Original(row[0], message)
        return None
