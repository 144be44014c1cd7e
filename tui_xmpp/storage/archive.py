"""The archive on disk: facts go in before anyone sees them, pages of history come out.

Blocking: the engine calls it in one thread of its own.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from tui_xmpp.core import events as e
from tui_xmpp.core.model import Found, Message
from tui_xmpp.core.search import Query
from tui_xmpp.errors import TuiXmppError
from tui_xmpp.jid import BareJID, JIDError
from tui_xmpp.storage import resumption
from tui_xmpp.storage.accounts import Accounts, AccountState, Writers
from tui_xmpp.storage.conversations import Conversations
from tui_xmpp.storage.merging import Merging
from tui_xmpp.storage.messages import Messages
from tui_xmpp.storage.pages import Pages
from tui_xmpp.storage.resumption import KeptSession
from tui_xmpp.storage.schema import is_current, migrate
from tui_xmpp.storage.search import Cursor, index, index_part, is_behind, search, teach_words

SETTING_UP = 3.0
"""Seconds a second instance waits for the first to make the archive's tables."""
PAGE = 200
"""Messages in one page of history."""

Remembered = str | int | bool | list[str]


class ArchiveError(TuiXmppError):
    """The archive cannot be read or written; the sentence says why and what to do."""


class Archive:
    """One SQLite file in write-ahead mode, written by one program at a time.

    A second instance gets a read-only one (``is_read_only``): :meth:`write` then keeps nothing.
    ``notice`` is a sentence for the user about what was found at opening, or empty.
    """

    def __init__(
        self, connection: sqlite3.Connection, lock: IO[bytes] | None, *, is_read_only: bool, notice: str
    ) -> None:
        self._connection = connection
        self._lock = lock
        self.is_read_only = is_read_only
        self.notice = notice
        merging = Merging(connection)
        self._accounts = Accounts(connection, merging)
        self._conversations = Conversations(connection)
        messages = Messages(connection, self._conversations, merging)
        self._pages = Pages(connection)
        self._writers: Writers = self._accounts.writers | self._conversations.writers | messages.writers
        self.is_index_whole = is_read_only or not is_behind(connection)
        """Whether all messages can be found; else :meth:`index_part` is to be called until it says so."""

    @classmethod
    def in_memory(cls) -> Archive:
        """Make an archive that is gone with the program, for when there is no disk to write to."""
        return cls(_connect(None), None, is_read_only=False, notice="")

    @classmethod
    def open(cls, path: Path) -> Archive:
        """Open or make the archive at ``path``, readable by its owner only; may be used from any one thread at a time.

        A file that is no database is set aside beside the new one, and ``notice`` says so.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = path.with_suffix(".lock").open("ab")
        except OSError as error:
            raise ArchiveError(f"The data folder {path.parent} cannot be used: {_why(error)}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            return cls._open_read_only(path)
        try:
            return cls._open_for_writing(path, lock)
        except BaseException:
            lock.close()
            raise

    @classmethod
    def _open_for_writing(cls, path: Path, lock: IO[bytes]) -> Archive:
        notice = ""
        try:
            connection = _connect(path)
        except sqlite3.NotSupportedError as error:
            raise ArchiveError(f"{path} was written by a newer version of this program; use that one.") from error
        except sqlite3.OperationalError as error:
            raise ArchiveError(f"The archive {path} cannot be opened: {error}.") from error
        except sqlite3.DatabaseError:
            from tui_xmpp.storage.recovery import recover, set_aside

            try:
                aside = set_aside(path, f"{path.name}.damaged-{datetime.now(UTC):%Y%m%d-%H%M%S}")
                connection = _connect(path)
                count = recover(connection, aside)
            except (OSError, sqlite3.Error) as error:
                raise ArchiveError(f"The archive {path} is damaged and cannot be replaced: {_why(error)}") from error
            saved = f"{count} messages of it could be read and are here" if count else "nothing of it could be read"
            notice = (
                f"The archive was damaged and set aside as {aside.name}; {saved}."
                " What the server keeps comes again from there."
            )
        archive = cls(connection, lock, is_read_only=False, notice=notice)
        with suppress(ArchiveError):  # what was found before is found still
            archive.index_part()  # of few messages all
        return archive

    @classmethod
    def _open_read_only(cls, path: Path) -> Archive:
        try:
            connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False)
            try:
                teach_words(connection)
                is_whole = is_current(connection)
                until = time.monotonic() + SETTING_UP
                while not is_whole and time.monotonic() < until:
                    # Two started at once, and the other is still making or changing its tables.
                    time.sleep(0.05)
                    is_whole = is_current(connection)
            except BaseException:
                connection.close()
                raise
        except sqlite3.Error as error:
            raise ArchiveError(f"Another tui-xmpp holds the archive {path} and it cannot be read.") from error
        if not is_whole:
            connection.close()
            raise ArchiveError(f"Another tui-xmpp is just setting up the archive {path}. Start this one again.")
        notice = "Another tui-xmpp is using this archive: messages of this one are shown but not kept."
        return cls(connection, None, is_read_only=True, notice=notice)

    def close(self) -> None:
        """Close the file and let another instance have it."""
        self._connection.close()
        if self._lock is not None:
            self._lock.close()

    # -- writing --------------------------------------------------------------------------------------------------

    def write(self, events: Sequence[e.Event]) -> list[e.Event]:
        """Keep the durable ones of ``events`` in one transaction, all of them or none; return what is to be known.

        That is each event as it was kept (a message with its place), nothing for a copy of what is stored, and
        ``MessagesMerged`` or ``GapsChanged`` for what a copy or a page of the server's archive brought. Writing a fact
        twice is the same as once. Raises :class:`ArchiveError` when the disk refuses.
        """
        if self.is_read_only:
            return list(events)
        facts: list[e.Event] = []
        with self._transaction():
            for event in events:
                writer = self._writers.get(type(event))
                if writer is not None:
                    facts += writer(self._accounts.id_of(event.account), event)
                elif type(event) in resumption.WRITERS:
                    resumption.WRITERS[type(event)](self._connection, self._accounts.id_of(event.account), event)
                else:
                    facts.append(event)
            if self.is_index_whole:
                index(self._connection)
        return facts

    def index_part(self) -> int:
        """Let some more of the messages be found by their words; return the percentage of all that then are."""
        if self.is_index_whole:
            return 100
        with self._transaction():
            percent = index_part(self._connection)
        self.is_index_whole = percent == 100
        return percent

    def remember(self, key: str, value: Remembered) -> None:
        """Keep a small value of the screen's own."""
        if self.is_read_only:
            return
        with self._transaction():
            self._connection.execute(
                "INSERT INTO remembered VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (key, json.dumps(value)),
            )

    # -- reading --------------------------------------------------------------------------------------------------

    def account_state(self, account: BareJID) -> AccountState:
        """Return what is kept of an account; empty for one never seen."""
        with self._reading():
            return self._accounts.state(account)

    def session(self, account: BareJID) -> KeptSession:
        """Return what is kept of the account's last session, to go on with it."""
        with self._reading():
            return resumption.read(self._connection, account)

    def conversations(self, account: BareJID) -> tuple[e.ConversationSummarised, ...]:
        """Return a summary of each conversation of an account, in no order."""
        with self._reading():
            return self._conversations.summaries(account)

    def last_messages(self, account: BareJID) -> tuple[Message, ...]:
        """Return the newest message of each conversation of an account, in no order."""
        with self._reading():
            return self._pages.last_messages(account)

    def outbox(self, account: BareJID) -> tuple[Message, ...]:
        """Return the outgoing messages not known to have reached the server, in the order they were written."""
        with self._reading():
            return self._pages.outbox(account)

    def page(
        self, account: BareJID, peer: BareJID, before: Message | None = None, limit: int = PAGE
    ) -> e.HistoryLoaded:
        """Return the newest page of a conversation, or the one before a message, oldest first."""
        with self._reading():
            return self._pages.page(account, peer, before, limit)

    def newer_page(self, account: BareJID, peer: BareJID, after: Message, limit: int = PAGE) -> e.HistoryLoaded:
        """Return the page after a message, oldest first."""
        with self._reading():
            return self._pages.newer_page(account, peer, after, limit)

    def window(
        self, account: BareJID, peer: BareJID, around: str | datetime, limit: int = PAGE
    ) -> e.HistoryLoaded | None:
        """Return the messages around one, by its key, or around a moment; None when there is no such message."""
        with self._reading():
            return self._pages.window(account, peer, around, limit)

    def oldest_archived(self, account: BareJID, peer: BareJID) -> str | None:
        """Return the server's id of the oldest stored message of a conversation that has one."""
        with self._reading():
            return self._pages.oldest_archived(account, peer)

    def all_messages(self, account: BareJID, peer: BareJID) -> Iterator[Message]:
        """Yield all that is stored of a conversation, oldest first, a page at a time."""
        with self._reading():
            yield from self._pages.all_messages(account, peer)

    def search(
        self, query: Query, accounts: Sequence[BareJID], more: Cursor | None = None, limit: int = 50
    ) -> tuple[tuple[Found, ...], Cursor | None]:
        """Return a page of what is found, newest first, and where the next begins (None: this is the last)."""
        with self._reading():
            return search(self._connection, query, accounts, more, limit)

    def remembered(self) -> dict[str, Remembered]:
        """Return what the screen kept."""
        with self._reading():
            return {
                key: json.loads(value)
                for key, value in self._connection.execute("SELECT key, value FROM remembered").fetchall()
            }

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except BaseException as error:
            # Rows made in the failed transaction are gone, so their numbers must not be remembered.
            self._accounts.forget_ids()
            self._conversations.forget_ids()
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise ArchiveError(f"The archive could not be written: {_why(error)}") from error
            raise

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, ValueError, JIDError) as error:
            raise ArchiveError(f"The archive could not be read: {_why(error)}") from error


def _connect(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        os.close(descriptor)
    connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        teach_words(connection)
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}."
    text = str(error)
    if "disk is full" in text or "disk I/O" in text:
        return "the disk is full or failing. Free some space; nothing was acknowledged that was not kept."
    return f"{text}."
