"""The archive on disk: facts go in before anyone sees them, pages of history come out.

Blocking: the engine calls it in one thread of its own.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from tui_xmpp.core import events as e
from tui_xmpp.core.model import (
    Delivery,
    Direction,
    Failure,
    Message,
    MessageKind,
    OwnPresence,
    RosterItem,
    Show,
    Subscription,
)
from tui_xmpp.errors import TuiXmppError
from tui_xmpp.jid import BareJID, JIDError, parse_jid
from tui_xmpp.storage import resumption
from tui_xmpp.storage.resumption import KeptSession
from tui_xmpp.storage.schema import migrate

PAGE = 200
"""Messages in one page of history."""

Remembered = str | int | bool | list[str]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class ArchiveError(TuiXmppError):
    """The archive cannot be read or written; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class AccountState:
    """What earlier runs kept of an account."""

    own: OwnPresence | None = None
    pin: Mapping[str, object] | None = None
    certificate_sha256: str = ""
    roster: tuple[RosterItem, ...] = ()
    roster_version: str | None = None


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
        self._accounts: dict[BareJID, int] = {}
        self._conversations: dict[tuple[int, BareJID], int] = {}

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
            aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%d-%H%M%S}")
            try:
                path.rename(aside)
                connection = _connect(path)
            except (OSError, sqlite3.Error) as error:
                raise ArchiveError(f"The archive {path} is damaged and cannot be replaced: {_why(error)}") from error
            notice = f"The archive was damaged. It was set aside as {aside.name} and a new one begun."
        return cls(connection, lock, is_read_only=False, notice=notice)

    @classmethod
    def _open_read_only(cls, path: Path) -> Archive:
        try:
            connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False)
        except sqlite3.Error as error:
            raise ArchiveError(f"Another tui-xmpp holds the archive {path} and it cannot be read.") from error
        notice = "Another tui-xmpp is using this archive: messages of this one are shown but not kept."
        return cls(connection, None, is_read_only=True, notice=notice)

    def close(self) -> None:
        """Close the file and let another instance have it."""
        self._connection.close()
        if self._lock is not None:
            self._lock.close()

    # -- writing --------------------------------------------------------------------------------------------------

    def write(self, events: Sequence[e.Event]) -> None:
        """Keep the durable ones of ``events`` in one transaction: all of them or none.

        Writing a fact twice is the same as once. Raises :class:`ArchiveError` when the disk refuses.
        """
        if self.is_read_only:
            return
        with self._transaction():
            for event in events:
                writer = _WRITERS.get(type(event))
                if writer is not None:
                    writer(self, self._account(event.account), event)
                elif type(event) in resumption.WRITERS:
                    resumption.WRITERS[type(event)](self._connection, self._account(event.account), event)

    def remember(self, key: str, value: Remembered) -> None:
        """Keep a small value of the screen's own."""
        if self.is_read_only:
            return
        with self._transaction():
            self._connection.execute(
                "INSERT INTO remembered VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (key, json.dumps(value)),
            )

    def _write_own_presence(self, account: int, event: e.OwnPresenceChanged) -> None:
        self._connection.execute(
            "UPDATE account SET own_show = ?, own_status = ?, own_priority = ? WHERE id = ?",
            (event.own.show.value, event.own.status, event.own.priority, account),
        )

    def _write_pin(self, account: int, event: e.AuthenticationPinned) -> None:
        self._connection.execute("UPDATE account SET pin = ? WHERE id = ?", (json.dumps(dict(event.pin)), account))

    def _write_certificate(self, account: int, event: e.CertificatePinned) -> None:
        self._connection.execute("UPDATE account SET certificate_sha256 = ? WHERE id = ?", (event.sha256, account))

    def _write_roster(self, account: int, event: e.RosterReplaced) -> None:
        self._connection.execute("DELETE FROM roster_item WHERE account = ?", (account,))
        self._connection.executemany(
            "INSERT OR REPLACE INTO roster_item VALUES (?, ?, ?, ?, ?, ?, ?)",
            [_roster_row(account, item) for item in event.items],
        )
        self._write_roster_version(account, event.version)

    def _write_roster_item(self, account: int, event: e.RosterItemChanged) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO roster_item VALUES (?, ?, ?, ?, ?, ?, ?)", _roster_row(account, event.item)
        )
        self._write_roster_version(account, event.version)

    def _write_roster_removal(self, account: int, event: e.RosterItemRemoved) -> None:
        self._connection.execute("DELETE FROM roster_item WHERE account = ? AND jid = ?", (account, str(event.peer)))
        self._write_roster_version(account, event.version)

    def _write_roster_version(self, account: int, version: str | None) -> None:
        self._connection.execute("UPDATE account SET roster_version = ? WHERE id = ?", (version, account))

    def _write_incoming(self, account: int, event: e.MessageReceived) -> None:
        message = event.message
        if self._insert(account, message):
            self._connection.execute(
                "UPDATE conversation SET unread = unread + 1, first_unread = coalesce(first_unread, ?) WHERE id = ?",
                (message.key, self._conversation(account, message.peer)),
            )

    def _write_outgoing(self, account: int, event: e.MessageQueued) -> None:
        self._insert(account, event.message)

    def _insert(self, account: int, message: Message) -> bool:
        conversation = self._conversation(account, message.peer)
        stamp = _to_microseconds(message.stamp)
        inserted = self._connection.execute(
            "INSERT OR IGNORE INTO message (account, conversation, key, stamp, direction, kind, author, stanza_id,"
            " subject, body, thread, bodies, delivery, failure, is_delayed)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                account,
                conversation,
                message.key,
                stamp,
                message.direction.value,
                message.kind.value,
                None if message.author is None else str(message.author),
                message.stanza_id,
                message.subject,
                message.body,
                message.thread,
                json.dumps(message.bodies) if message.bodies else None,
                message.delivery.value,
                _failure_text(message.failure),
                message.is_delayed,
            ),
        ).rowcount
        if inserted:
            self._connection.execute(
                "UPDATE conversation SET last_stamp = max(coalesce(last_stamp, 0), ?) WHERE id = ?",
                (stamp, conversation),
            )
        return bool(inserted)

    def _write_delivery(self, account: int, event: e.DeliveryChanged) -> None:
        row = self._connection.execute(
            "SELECT id, delivery FROM message WHERE account = ? AND key = ?", (account, event.key)
        ).fetchone()
        if row is not None and Delivery(row[1]).may_become(event.delivery):
            self._connection.execute(
                "UPDATE message SET delivery = ?, failure = ? WHERE id = ?",
                (event.delivery.value, _failure_text(event.failure), row[0]),
            )

    def _write_discard(self, account: int, event: e.MessageDiscarded) -> None:
        self._connection.execute("DELETE FROM message WHERE account = ? AND key = ?", (account, event.key))

    def _write_read(self, account: int, event: e.ConversationRead) -> None:
        self._connection.execute(
            "UPDATE conversation SET unread = 0, first_unread = NULL WHERE id = ?",
            (self._conversation(account, event.peer),),
        )

    def _write_draft(self, account: int, event: e.DraftChanged) -> None:
        self._connection.execute(
            "UPDATE conversation SET draft = ? WHERE id = ?", (event.text, self._conversation(account, event.peer))
        )

    # -- reading --------------------------------------------------------------------------------------------------

    def account_state(self, account: BareJID) -> AccountState:
        """Return what is kept of an account; empty for one never seen."""
        with self._reading():
            row = self._connection.execute(
                "SELECT id, own_show, own_status, own_priority, pin, certificate_sha256, roster_version"
                " FROM account WHERE jid = ?",
                (str(account),),
            ).fetchone()
            if row is None:
                return AccountState()
            identifier, show, status, priority, pin, sha256, version = row
            items = self._connection.execute(
                "SELECT jid, name, groups, subscription, is_ask_pending, is_approved FROM roster_item"
                " WHERE account = ?",
                (identifier,),
            ).fetchall()
            return AccountState(
                own=None if show is None else OwnPresence(Show(show), status, priority),
                pin=None if pin is None else json.loads(pin),
                certificate_sha256=sha256,
                roster=tuple(
                    RosterItem(
                        BareJID.parse(jid),
                        name,
                        _groups(groups),
                        Subscription(sub),
                        bool(ask),
                        bool(approved),
                    )
                    for jid, name, groups, sub, ask, approved in items
                ),
                roster_version=version,
            )

    def conversations(self, account: BareJID) -> tuple[e.ConversationSummarised, ...]:
        """Return a summary of each conversation of an account, in no order."""
        with self._reading():
            rows = self._connection.execute(
                "SELECT peer, unread, first_unread, last_stamp, draft FROM conversation"
                " WHERE account = (SELECT id FROM account WHERE jid = ?)",
                (str(account),),
            ).fetchall()
        return tuple(
            e.ConversationSummarised(
                account,
                peer=BareJID.parse(peer),
                unread=unread,
                first_unread=first_unread,
                last_stamp=None if stamp is None else _from_microseconds(stamp),
                draft=draft,
            )
            for peer, unread, first_unread, stamp, draft in rows
        )

    def page(
        self, account: BareJID, peer: BareJID, before: Message | None = None, limit: int = PAGE
    ) -> e.HistoryLoaded:
        """Return the newest page of a conversation, or the one before a message, oldest first."""
        with self._reading():
            conversation = self._connection.execute(
                "SELECT id FROM conversation WHERE peer = ? AND account = (SELECT id FROM account WHERE jid = ?)",
                (str(peer), str(account)),
            ).fetchone()
            rows: list[Any] = []
            if conversation is not None:
                edge, arguments = "", []
                if before is not None:
                    place = self._connection.execute(
                        "SELECT stamp, id FROM message WHERE conversation = ? AND key = ?",
                        (conversation[0], before.key),
                    ).fetchone() or (_to_microseconds(before.stamp), 0)
                    edge, arguments = " AND (stamp, id) < (?, ?)", list(place)
                rows = self._connection.execute(
                    f"SELECT {_MESSAGE_COLUMNS} FROM message WHERE conversation = ?{edge}"  # noqa: S608 - constants
                    " ORDER BY stamp DESC, id DESC LIMIT ?",
                    (conversation[0], *arguments, limit + 1),
                ).fetchall()
        messages = tuple(_message(account, peer, row) for row in reversed(rows[:limit]))
        return e.HistoryLoaded(account, peer, messages, is_latest=before is None, is_start=len(rows) <= limit)

    def outbox(self, account: BareJID) -> tuple[Message, ...]:
        """Return the outgoing messages not known to have reached the server, in the order they were written."""
        with self._reading():
            rows = self._connection.execute(
                f"SELECT {_MESSAGE_COLUMNS}, (SELECT peer FROM conversation WHERE id = conversation)"  # noqa: S608
                " FROM message WHERE account = (SELECT id FROM account WHERE jid = ?)"
                " AND delivery IN ('queued', 'sent') ORDER BY stamp, id",
                (str(account),),
            ).fetchall()
        return tuple(_message(account, BareJID.parse(row[-1]), row[:-1]) for row in rows)

    def session(self, account: BareJID) -> KeptSession:
        """Return what is kept of the account's last session, to go on with it."""
        with self._reading():
            return resumption.read(self._connection, account)

    def remembered(self) -> dict[str, Remembered]:
        """Return what the screen kept."""
        with self._reading():
            return {
                key: json.loads(value)
                for key, value in self._connection.execute("SELECT key, value FROM remembered").fetchall()
            }

    # -- rows -----------------------------------------------------------------------------------------------------

    def _account(self, jid: BareJID) -> int:
        if jid not in self._accounts:
            self._connection.execute("INSERT OR IGNORE INTO account (jid) VALUES (?)", (str(jid),))
            row = self._connection.execute("SELECT id FROM account WHERE jid = ?", (str(jid),)).fetchone()
            self._accounts[jid] = row[0]
        return self._accounts[jid]

    def _conversation(self, account: int, peer: BareJID) -> int:
        if (account, peer) not in self._conversations:
            self._connection.execute(
                "INSERT OR IGNORE INTO conversation (account, peer) VALUES (?, ?)", (account, str(peer))
            )
            row = self._connection.execute(
                "SELECT id FROM conversation WHERE account = ? AND peer = ?", (account, str(peer))
            ).fetchone()
            self._conversations[account, peer] = row[0]
        return self._conversations[account, peer]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except BaseException as error:
            # Rows made in the failed transaction are gone, so their numbers must not be remembered.
            self._accounts.clear()
            self._conversations.clear()
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


_MESSAGE_COLUMNS = (
    "key, stamp, direction, kind, author, stanza_id, subject, body, thread, bodies, delivery, failure, is_delayed"
)

# Each writer takes the event type it is listed under; the table is what makes that pairing.
_WRITERS: dict[type[e.Event], Callable[[Archive, int, Any], None]] = {
    e.OwnPresenceChanged: Archive._write_own_presence,
    e.AuthenticationPinned: Archive._write_pin,
    e.CertificatePinned: Archive._write_certificate,
    e.RosterReplaced: Archive._write_roster,
    e.RosterItemChanged: Archive._write_roster_item,
    e.RosterItemRemoved: Archive._write_roster_removal,
    e.MessageReceived: Archive._write_incoming,
    e.MessageQueued: Archive._write_outgoing,
    e.DeliveryChanged: Archive._write_delivery,
    e.MessageDiscarded: Archive._write_discard,
    e.ConversationRead: Archive._write_read,
    e.DraftChanged: Archive._write_draft,
}


def _connect(path: Path) -> sqlite3.Connection:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    os.close(descriptor)
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
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


def _roster_row(account: int, item: RosterItem) -> tuple[object, ...]:
    return (
        account,
        str(item.jid),
        item.name,
        json.dumps(item.groups),
        item.subscription.value,
        item.is_ask_pending,
        item.is_approved,
    )


@lru_cache(maxsize=256)
def _groups(text: str) -> tuple[str, ...]:
    """Read a contact's groups; many contacts share the same."""
    return tuple(json.loads(text))


def _failure_text(failure: Failure | None) -> str | None:
    return None if failure is None else json.dumps([failure.condition, failure.sentence, failure.text])


def _message(account: BareJID, peer: BareJID, row: Sequence[Any]) -> Message:
    (key, stamp, direction, kind, author, stanza_id, subject, body, thread, bodies, delivery, failure, delayed) = row
    return Message(
        key=key,
        account=account,
        peer=peer,
        direction=Direction(direction),
        stamp=_from_microseconds(stamp),
        body=body,
        kind=MessageKind(kind),
        author=None if author is None else parse_jid(author),
        stanza_id=stanza_id,
        subject=subject,
        thread=thread,
        bodies=tuple((language, text) for language, text in json.loads(bodies)) if bodies else (),
        delivery=Delivery(delivery),
        failure=Failure(*json.loads(failure)) if failure else None,
        is_delayed=bool(delayed),
    )


def _to_microseconds(stamp: datetime) -> int:
    return (stamp - _EPOCH) // _MICROSECOND


def _from_microseconds(stamp: int) -> datetime:
    return _EPOCH + timedelta(microseconds=stamp)
