"""The archive's tables, as numbered migrations. One is never edited once released: the next one changes it."""

from __future__ import annotations

import sqlite3

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE account (
        id INTEGER PRIMARY KEY,
        jid TEXT NOT NULL UNIQUE,
        own_show TEXT,
        own_status TEXT NOT NULL DEFAULT '',
        own_priority INTEGER NOT NULL DEFAULT 0,
        pin TEXT,
        certificate_sha256 TEXT NOT NULL DEFAULT '',
        roster_version TEXT
    );
    CREATE TABLE roster_item (
        account INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        jid TEXT NOT NULL,
        name TEXT NOT NULL,
        groups TEXT NOT NULL,
        subscription TEXT NOT NULL,
        is_ask_pending INTEGER NOT NULL,
        is_approved INTEGER NOT NULL,
        PRIMARY KEY (account, jid)
    ) WITHOUT ROWID;
    CREATE TABLE conversation (
        id INTEGER PRIMARY KEY,
        account INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        peer TEXT NOT NULL,
        unread INTEGER NOT NULL DEFAULT 0,
        first_unread TEXT,
        last_stamp INTEGER,
        draft TEXT NOT NULL DEFAULT '',
        UNIQUE (account, peer)
    );
    CREATE TABLE message (
        id INTEGER PRIMARY KEY,
        account INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        conversation INTEGER NOT NULL REFERENCES conversation(id) ON DELETE CASCADE,
        key TEXT NOT NULL,
        stamp INTEGER NOT NULL,
        direction TEXT NOT NULL,
        kind TEXT NOT NULL,
        author TEXT,
        stanza_id TEXT,
        subject TEXT NOT NULL,
        body TEXT NOT NULL,
        thread TEXT NOT NULL,
        bodies TEXT,
        delivery TEXT NOT NULL,
        failure TEXT,
        is_delayed INTEGER NOT NULL,
        UNIQUE (account, key)
    );
    CREATE INDEX message_in_order ON message (conversation, stamp, id);
    CREATE INDEX message_waiting ON message (account, stamp, id) WHERE delivery IN ('queued', 'sent');
    CREATE TABLE remembered (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    """,
    """
    CREATE TABLE session (
        account INTEGER PRIMARY KEY REFERENCES account(id) ON DELETE CASCADE,
        id TEXT NOT NULL,
        jid TEXT NOT NULL,
        handled INTEGER NOT NULL,
        location TEXT
    );
    CREATE TABLE placed (
        account INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        key TEXT NOT NULL,
        number INTEGER NOT NULL,
        PRIMARY KEY (account, key)
    ) WITHOUT ROWID;
    """,
)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the database to the newest version, one transaction a step (``user_version`` counts them)."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise sqlite3.NotSupportedError(f"schema version {version}")
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {number}; COMMIT;")
