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
    # Places order a conversation (core/order.py); is_placed: by a page of the server's archive. A conversation is
    # unread after the message `mark`, and from it on while not is_mark_read. Spans are what is held of the archive.
    """
    ALTER TABLE message ADD COLUMN archive_id TEXT;
    ALTER TABLE message ADD COLUMN origin_id TEXT;
    ALTER TABLE message ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE message ADD COLUMN is_placed INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE message ADD COLUMN states TEXT;
    UPDATE message SET
        origin_id = CASE direction WHEN 'out' THEN key ELSE stanza_id END,
        place = ranked.place
        FROM (SELECT id, stamp * 1000 + row_number() OVER (PARTITION BY conversation, stamp ORDER BY id) - 1 AS place
            FROM message) AS ranked
        WHERE ranked.id = message.id;
    DROP INDEX message_in_order;
    DROP INDEX message_waiting;
    CREATE INDEX message_in_order ON message (conversation, place, direction);
    CREATE INDEX message_waiting ON message (account, place) WHERE delivery IN ('queued', 'sent');
    CREATE UNIQUE INDEX message_archived ON message (account, archive_id, conversation) WHERE archive_id IS NOT NULL;
    CREATE INDEX message_named ON message (conversation, origin_id) WHERE origin_id IS NOT NULL;
    CREATE INDEX message_unarchived ON message (conversation, stamp) WHERE archive_id IS NULL;
    CREATE INDEX message_recent ON message (place);
    CREATE INDEX message_with_link ON message (place) WHERE instr(body, '://');

    ALTER TABLE conversation ADD COLUMN mark INTEGER REFERENCES message(id) ON DELETE SET NULL;
    ALTER TABLE conversation ADD COLUMN is_mark_read INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE conversation ADD COLUMN displayed_id TEXT;
    ALTER TABLE conversation ADD COLUMN is_complete INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX conversation_mark ON conversation (mark);
    UPDATE conversation SET
        is_mark_read = first_unread IS NULL,
        mark = coalesce(
            (SELECT id FROM message WHERE message.account = conversation.account AND key = first_unread),
            (SELECT id FROM message WHERE conversation = conversation.id ORDER BY place DESC LIMIT 1));

    CREATE TABLE span (
        id INTEGER PRIMARY KEY,
        account INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        first_id TEXT NOT NULL,
        first_place INTEGER NOT NULL,
        last_id TEXT NOT NULL,
        last_place INTEGER NOT NULL
    );
    CREATE INDEX span_in_order ON span (account, last_place);

    CREATE VIRTUAL TABLE message_text USING fts5 (
        body, content = 'message', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
    );
    CREATE TRIGGER message_text_added AFTER INSERT ON message BEGIN
        INSERT INTO message_text (rowid, body) VALUES (new.id, new.body);
    END;
    CREATE TRIGGER message_text_removed AFTER DELETE ON message BEGIN
        INSERT INTO message_text (message_text, rowid, body) VALUES ('delete', old.id, old.body);
    END;
    CREATE TRIGGER message_text_changed AFTER UPDATE OF body ON message BEGIN
        INSERT INTO message_text (message_text, rowid, body) VALUES ('delete', old.id, old.body);
        INSERT INTO message_text (rowid, body) VALUES (new.id, new.body);
    END;
    """,
    """
    ALTER TABLE message ADD COLUMN files TEXT;
    ALTER TABLE message ADD COLUMN is_unstyled INTEGER NOT NULL DEFAULT 0;
    """,
    # A late copy without an id is known by its words: 5,000 of one minute must not each be compared with all others.
    """
    CREATE INDEX message_worded ON message (conversation, substr(body, 1, 24), stamp);
    DROP INDEX message_unarchived;
    """,
    """
    ALTER TABLE message ADD COLUMN versions TEXT;
    ALTER TABLE message ADD COLUMN replaces TEXT;
    ALTER TABLE message ADD COLUMN reply TEXT;
    CREATE INDEX message_correcting ON message (conversation, replaces) WHERE replaces IS NOT NULL;
    """,
    """
    CREATE TABLE capabilities (
        id INTEGER PRIMARY KEY,
        account INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        features TEXT NOT NULL,
        UNIQUE (account, name)
    );
    """,
    # An annex has its place and its fate like any message but only says something of another one, and is never shown:
    # a reaction, or a correction that is to go out. What all reactions come to stands with their message.
    """
    ALTER TABLE message ADD COLUMN is_annex INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE message ADD COLUMN reacts_to TEXT;
    ALTER TABLE message ADD COLUMN emojis TEXT;
    ALTER TABLE message ADD COLUMN reactions TEXT;
    CREATE INDEX message_reacting ON message (conversation, reacts_to) WHERE reacts_to IS NOT NULL;
    CREATE INDEX message_renamed ON message (conversation, place)
        WHERE NOT is_annex AND (stanza_id <> origin_id OR versions IS NOT NULL);
    DROP INDEX message_in_order;
    CREATE INDEX message_in_order ON message (conversation, place, direction, is_annex);
    """,
    # Words enter the search index once a transaction (search.index): after each row it took half the time of a write.
    # Messages up to `last` are in it.
    """
    CREATE TABLE message_indexed (last INTEGER NOT NULL);
    INSERT INTO message_indexed SELECT coalesce(max(id), 0) FROM message;
    DROP TRIGGER message_text_added;
    DROP TRIGGER message_text_removed;
    DROP TRIGGER message_text_changed;
    CREATE TRIGGER message_text_removed AFTER DELETE ON message
    WHEN old.id <= (SELECT last FROM message_indexed) BEGIN
        INSERT INTO message_text (message_text, rowid, body) VALUES ('delete', old.id, old.body);
        UPDATE message_indexed SET last = coalesce((SELECT max(id) FROM message), 0) WHERE last = old.id;
    END;
    CREATE TRIGGER message_text_changed AFTER UPDATE OF body ON message
    WHEN old.id <= (SELECT last FROM message_indexed) BEGIN
        INSERT INTO message_text (message_text, rowid, body) VALUES ('delete', old.id, old.body);
        INSERT INTO message_text (rowid, body) VALUES (new.id, new.body);
    END;
    """,
    # Scripts without spaces are indexed by the character. The index is emptied here and filled anew while the program
    # runs (search.index_part): the first screen does not wait for it.
    """
    DROP TRIGGER message_text_removed;
    DROP TRIGGER message_text_changed;
    INSERT INTO message_text (message_text) VALUES ('delete-all');
    UPDATE message_indexed SET last = 0;
    CREATE TRIGGER message_text_removed AFTER DELETE ON message
    WHEN old.id <= (SELECT last FROM message_indexed) BEGIN
        INSERT INTO message_text (message_text, rowid, body) VALUES ('delete', old.id, spaced(old.body));
        UPDATE message_indexed SET last = coalesce((SELECT max(id) FROM message), 0) WHERE last = old.id;
    END;
    CREATE TRIGGER message_text_changed AFTER UPDATE OF body ON message
    WHEN old.id <= (SELECT last FROM message_indexed) BEGIN
        INSERT INTO message_text (message_text, rowid, body) VALUES ('delete', old.id, spaced(old.body));
        INSERT INTO message_text (rowid, body) VALUES (new.id, spaced(new.body));
    END;
    """,
    # Only what has no id of its sender's is known by its words.
    """
    DROP INDEX message_worded;
    CREATE INDEX message_worded ON message (conversation, substr(body, 1, 24), stamp) WHERE origin_id IS NULL;
    """,
    """
    UPDATE message SET kind = 'normal' WHERE kind = 'headline';
    """,
    # A number that was the last may be given again; where more is still to be indexed, that stays to be done.
    """
    DROP TRIGGER message_text_removed;
    CREATE TRIGGER message_text_removed AFTER DELETE ON message
    WHEN old.id <= (SELECT last FROM message_indexed) BEGIN
        INSERT INTO message_text (message_text, rowid, body) VALUES ('delete', old.id, spaced(old.body));
        UPDATE message_indexed SET last = coalesce((SELECT max(id) FROM message WHERE id < old.id), 0)
            WHERE last = old.id;
    END;
    """,
    # How many of the unread messages call the user by name.
    """
    ALTER TABLE conversation ADD COLUMN mentions INTEGER NOT NULL DEFAULT 0;
    UPDATE conversation SET mentions = (SELECT count(*) FROM message
        WHERE conversation = conversation.id AND direction = 'in' AND NOT is_annex
        AND place >= (SELECT place FROM message WHERE account = conversation.account AND key = first_unread)
        AND calls((SELECT jid FROM account WHERE id = conversation.account), body)) WHERE unread;
    """,
)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the database to the newest version, one transaction a step (``user_version`` counts them)."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise sqlite3.NotSupportedError(f"schema version {version}")
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {number}; COMMIT;")


def is_current(connection: sqlite3.Connection) -> bool:
    """Say whether the database has the newest tables."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version == len(MIGRATIONS)
