"""Searching the archive: what a rare word finds is sorted by time, a common one is taken as it lies, newest first.

Where no word begins so, the newest messages are looked through for it within words.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from tui_xmpp.core.mention import is_named
from tui_xmpp.core.model import Found, Message
from tui_xmpp.core.order import microseconds
from tui_xmpp.core.search import Query, may_go_on, spaced
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.rows import COLUMNS, message_of

Cursor = tuple[int, int]
"""Where the next page of results begins: below this place and number."""

PART = 1000
"""Messages taken into the index in one go while the program runs."""
_RARE = 5000
"""Rows of the index that are sorted by time; of more, those stored last come first."""
_NEWEST = 50_000
"""Messages looked through for what is no word's beginning."""
_OF_MESSAGE = ", ".join(f"message.{column.strip()}" for column in COLUMNS.split(","))


def teach_words(connection: sqlite3.Connection) -> None:
    """Give a connection what its statements and triggers call."""
    connection.create_function("spaced", 1, spaced, deterministic=True)
    connection.create_function("folded", 1, str.casefold, deterministic=True)
    connection.create_function("calls", 2, _calls, deterministic=True)


def _calls(account: str, body: str) -> bool:
    return "@" in account and is_named(account.partition("@")[0], body)


def index(connection: sqlite3.Connection) -> None:
    """Take the words of new messages into the index, all at once: it writes to the disk after each statement."""
    last, newest = _indexed(connection)
    if last < newest:
        _index_until(connection, last, newest)


def index_part(connection: sqlite3.Connection) -> int:
    """Take the words of the oldest messages that are not in the index; return what percentage of all are then."""
    last, newest = _indexed(connection)
    (until,) = connection.execute(
        "SELECT max(id) FROM (SELECT id FROM message WHERE id > ? ORDER BY id LIMIT ?)", (last, PART)
    ).fetchone()
    if until is None:
        return 100
    _index_until(connection, last, until)
    return 100 if until >= newest else min(99, 100 * until // newest)


def is_behind(connection: sqlite3.Connection) -> bool:
    """Say whether messages are not in the index yet."""
    last, newest = _indexed(connection)
    return last < newest


def _indexed(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return up to which message the index goes, and the newest there is."""
    row = connection.execute("SELECT last, coalesce((SELECT max(id) FROM message), 0) FROM message_indexed").fetchone()
    return int(row[0]), int(row[1])


def _index_until(connection: sqlite3.Connection, last: int, until: int) -> None:
    connection.execute(
        "INSERT INTO message_text (rowid, body) SELECT id, spaced(body) FROM message WHERE id > ? AND id <= ?",
        (last, until),
    )
    connection.execute("UPDATE message_indexed SET last = ?", (until,))


def search(
    connection: sqlite3.Connection, query: Query, accounts: Sequence[BareJID], more: Cursor | None, limit: int
) -> tuple[tuple[Found, ...], Cursor | None]:
    """Return a page of what is found, newest first, and where the next one begins (None: this is the last)."""
    found = _search(connection, query, accounts, more, limit, are_parts=False)
    if not found[0] and query.phrases:
        found = _search(connection, query, accounts, more, limit, are_parts=True)
    return found


def _search(
    connection: sqlite3.Connection,
    query: Query,
    accounts: Sequence[BareJID],
    more: Cursor | None,
    limit: int,
    *,
    are_parts: bool,
) -> tuple[tuple[Found, ...], Cursor | None]:
    where, arguments = _conditions(connection, query, accounts)
    source, order, below = "message", "message.place DESC, message.id DESC", "(message.place, message.id) < (?, ?)"
    if are_parts:
        where.append("message.id IN (SELECT id FROM message ORDER BY place DESC LIMIT ?)")
        where += ["instr(folded(message.body), ?)"] * len(query.phrases)
        arguments += [_NEWEST, *map(str.casefold, query.phrases)]
    elif words := " ".join(map(_phrase, query.phrases)):
        numbers = [
            row[0]
            for row in connection.execute(
                "SELECT rowid FROM message_text WHERE message_text MATCH ? LIMIT ?", (words, _RARE + 1)
            )
        ]
        if len(numbers) <= _RARE:
            where.append("message.id IN (SELECT value FROM json_each(?))")
            arguments.append(json.dumps(numbers))
        else:
            source = "message_text CROSS JOIN message ON message.id = message_text.rowid"
            order, below = "message_text.rowid DESC", "? IS NOT NULL AND message_text.rowid < ?"
            where.append("message_text MATCH ?")
            arguments.append(words)
    if more is not None:
        where.append(below)
        arguments += more
    rows = connection.execute(
        f"SELECT message.id, conversation, (SELECT jid FROM account WHERE id = message.account),"  # noqa: S608
        f" (SELECT peer FROM conversation WHERE id = conversation), {_OF_MESSAGE} FROM {source}"
        f" WHERE {' AND '.join(where)} ORDER BY {order} LIMIT ?",
        (*arguments, limit + 1),
    ).fetchall()
    found = []
    for row in rows[:limit]:
        message = message_of(BareJID.parse(row[2]), BareJID.parse(row[3]), row[4:])
        found.append(Found(message, *_neighbours(connection, row[1], message)))
    if len(rows) <= limit:
        return tuple(found), None
    return tuple(found), (found[-1].message.place, rows[limit - 1][0])


def _conditions(
    connection: sqlite3.Connection, query: Query, accounts: Sequence[BareJID]
) -> tuple[list[str], list[object]]:
    where = [
        "NOT is_annex",
        "+message.account IN (SELECT id FROM account WHERE jid IN (SELECT value FROM json_each(?)))",
    ]
    arguments: list[object] = [json.dumps([str(account) for account in accounts])]
    for sender in query.senders:
        if sender == "me":
            where.append("direction = 'out'")
        else:
            where.append("direction = 'in' AND instr(lower(author), ?)")
            arguments.append(sender)
    if query.peers:
        named = " AND ".join("instr(peer, ?)" for _ in query.peers)
        found = connection.execute(f"SELECT id FROM conversation WHERE {named}", query.peers).fetchall()  # noqa: S608
        if len(found) == 1:  # spelt so that the conversation's own index is used
            where.append("conversation = ?")
            arguments += found[0]
        else:
            where.append("conversation IN (SELECT value FROM json_each(?))")
            arguments.append(json.dumps([row[0] for row in found]))
    if query.before is not None:
        where.append("message.place < ?")
        arguments.append(microseconds(query.before) * 1000)
    if query.after is not None:
        where.append("message.place >= ?")
        arguments.append(microseconds(query.after) * 1000)
    if query.has_link:
        where.append("instr(message.body, '://')")
    return where, arguments


def _phrase(phrase: str) -> str:
    """Write a phrase for the index; a single word may be the beginning of one."""
    return '"' + spaced(phrase).replace('"', '""') + '"' + "*" * may_go_on(phrase)


def _neighbours(
    connection: sqlite3.Connection, conversation: int, message: Message
) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    sides = []
    for beyond, order in (("<", "DESC"), (">", "ASC")):
        rows = connection.execute(
            f"SELECT {COLUMNS} FROM message WHERE conversation = ? AND place {beyond} ?"  # noqa: S608 - constants
            f" AND NOT is_annex ORDER BY place {order} LIMIT 1",
            (conversation, message.place),
        ).fetchall()
        sides.append(tuple(message_of(message.account, message.peer, row) for row in rows))
    return sides[0], sides[1]
