"""What can still be read of a damaged archive goes into a new one; the rest comes again from the server's archive."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from tui_xmpp.storage.search import index

# What is held of the server's archive is not taken over: it is asked again, and fills the holes.
_TABLES = ("account", "roster_item", "conversation", "message", "remembered")


def set_aside(path: Path, name: str) -> Path:
    """Rename a database with all that belongs to it; return where it is now."""
    aside = path.with_name(name)
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{suffix}").rename(f"{aside}{suffix}")
    return aside


def recover(connection: sqlite3.Connection, aside: Path) -> int:
    """Copy what is readable into an empty archive; return how many messages that were. Never raises for damage."""
    try:
        damaged = sqlite3.connect(f"file:{aside}?mode=ro", uri=True)
    except sqlite3.Error:
        return 0
    with contextlib.closing(damaged):
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("BEGIN")
        for table in _TABLES:
            _copy(damaged, connection, table)
        connection.execute("UPDATE message SET place = stamp * 1000 + id % 1000 WHERE place = 0")
        connection.execute("DELETE FROM message WHERE conversation NOT IN (SELECT id FROM conversation)")
        connection.execute("UPDATE conversation SET mark = NULL WHERE mark NOT IN (SELECT id FROM message)")
        index(connection)
        connection.execute("COMMIT")
        connection.execute("PRAGMA foreign_keys = ON")
    count: int = connection.execute("SELECT count(*) FROM message WHERE NOT is_annex").fetchone()[0]
    return count


def _copy(damaged: sqlite3.Connection, connection: sqlite3.Connection, table: str) -> None:
    wanted = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    try:
        there = {row[1] for row in damaged.execute(f"PRAGMA table_info({table})")}
    except sqlite3.Error:
        return
    columns = [name for name in wanted if name in there]
    if not columns:
        return
    names = ", ".join(columns)
    insert = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 - constants
    key = columns[0]
    # From both ends: a page that cannot be read hides neither what is before it nor what is after.
    for order in ("ASC", "DESC"):
        with contextlib.suppress(sqlite3.Error):
            for row in damaged.execute(f"SELECT {names} FROM {table} ORDER BY {key} {order}"):  # noqa: S608 - constants
                connection.execute(insert, row)
            return
