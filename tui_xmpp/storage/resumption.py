"""What a session needs to go on after this program's own end: written in the transaction of what its stanzas brought.

So the count of what is acknowledged to the server never differs from what is on disk, whenever the program dies.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Any, Final

from tui_xmpp.core import events as e
from tui_xmpp.jid import BareJID, FullJID
from tui_xmpp.values import dataclass

_MODULUS: Final = 2**32


@dataclass(frozen=True, slots=True)
class KeptSession:
    """The last session of an account, and the messages the server had not acknowledged, by key, with their numbers.

    ``opened`` is None where the session cannot be resumed.
    """

    opened: e.SessionOpened | None = None
    placed: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


def read(connection: sqlite3.Connection, account: BareJID) -> KeptSession:
    """Return what is kept; raise as SQLite does, or ``JIDError``."""
    whose = "account = (SELECT id FROM account WHERE jid = ?)"
    row = connection.execute(
        f"SELECT id, jid, handled, location FROM session WHERE {whose}",  # noqa: S608 - constants
        (str(account),),
    ).fetchone()
    placed = connection.execute(
        f"SELECT key, number FROM placed WHERE {whose}",  # noqa: S608 - constants
        (str(account),),
    ).fetchall()
    opened = None if row is None else e.SessionOpened(account, row[0], FullJID.parse(row[1]), row[2], row[3])
    return KeptSession(opened, MappingProxyType(dict(placed)))


def _open(connection: sqlite3.Connection, account: int, event: e.SessionOpened) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?)",
        (account, event.id, str(event.jid), event.handled, event.location),
    )


def _close(connection: sqlite3.Connection, account: int, event: e.SessionClosed) -> None:
    connection.execute("DELETE FROM session WHERE account = ?", (account,))
    connection.execute("DELETE FROM placed WHERE account = ?", (account,))


def _count(connection: sqlite3.Connection, account: int, event: e.StanzasHandled) -> None:
    connection.execute(
        "UPDATE session SET handled = (handled + ?) % ? WHERE account = ?", (event.count, _MODULUS, account)
    )


def _place(connection: sqlite3.Connection, account: int, event: e.MessagePlaced) -> None:
    connection.execute("INSERT OR REPLACE INTO placed VALUES (?, ?, ?)", (account, event.key, event.number))


def _acknowledge(connection: sqlite3.Connection, account: int, event: e.StanzasAcknowledged) -> None:
    # Counts run modulo 2^32: half of the circle is behind a number, half ahead.
    connection.execute(
        "DELETE FROM placed WHERE account = ? AND (? - number + ?) % ? < ?",
        (account, event.number, _MODULUS, _MODULUS, _MODULUS // 2),
    )


# Each writer takes the event type it is listed under; the table is what makes that pairing.
WRITERS: Final[Mapping[type[e.Event], Callable[[sqlite3.Connection, int, Any], None]]] = {
    e.SessionOpened: _open,
    e.SessionClosed: _close,
    e.StanzasHandled: _count,
    e.MessagePlaced: _place,
    e.StanzasAcknowledged: _acknowledge,
}
