"""The archive on disk: facts go in before anyone sees them, pages of history come out.

Blocking: the engine calls it in one thread of its own.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from tui_xmpp.core import events as e
from tui_xmpp.core.model import (
    Delivery,
    Found,
    Gap,
    Message,
    OwnPresence,
    RosterItem,
    Show,
    Subscription,
)
from tui_xmpp.core.order import microseconds, moment, place_of
from tui_xmpp.core.search import Query
from tui_xmpp.errors import TuiXmppError
from tui_xmpp.jid import BareJID, JIDError
from tui_xmpp.storage import resumption
from tui_xmpp.storage.correcting import Correcting
from tui_xmpp.storage.merging import Merging, Touched
from tui_xmpp.storage.recovery import recover, set_aside
from tui_xmpp.storage.resumption import KeptSession
from tui_xmpp.storage.rows import COLUMNS, failure_text, message_of
from tui_xmpp.storage.schema import is_current, migrate
from tui_xmpp.storage.search import Cursor, search
from tui_xmpp.values import dataclass

SETTING_UP = 3.0
"""Seconds a second instance waits for the first to make the archive's tables."""
PAGE = 200
"""Messages in one page of history."""

Remembered = str | int | bool | list[str]
Facts = Sequence[e.Event]

_BEYOND = 2**63 - 1
_UNREAD, _READ, _TAKEN_FOR_READ = 0, 1, 2
"""What ``is_mark_read`` says: history that came to a new installation is taken for read until another device tells."""


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
    head: str | None = None
    """The newest entry of the server's archive that is held without a hole after it."""
    gaps: tuple[Gap, ...] = ()


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
        self._merging = Merging(connection)
        self._correcting = Correcting(connection)

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
        return cls(connection, lock, is_read_only=False, notice=notice)

    @classmethod
    def _open_read_only(cls, path: Path) -> Archive:
        try:
            connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False)
            try:
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
                writer = _WRITERS.get(type(event))
                if writer is not None:
                    facts += writer(self, self._account(event.account), event)
                elif type(event) in resumption.WRITERS:
                    resumption.WRITERS[type(event)](self._connection, self._account(event.account), event)
                else:
                    facts.append(event)
        return facts

    def remember(self, key: str, value: Remembered) -> None:
        """Keep a small value of the screen's own."""
        if self.is_read_only:
            return
        with self._transaction():
            self._connection.execute(
                "INSERT INTO remembered VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (key, json.dumps(value)),
            )

    def _write_own_presence(self, account: int, event: e.OwnPresenceChanged) -> Facts:
        self._connection.execute(
            "UPDATE account SET own_show = ?, own_status = ?, own_priority = ? WHERE id = ?",
            (event.own.show.value, event.own.status, event.own.priority, account),
        )
        return (event,)

    def _write_pin(self, account: int, event: e.AuthenticationPinned) -> Facts:
        self._connection.execute("UPDATE account SET pin = ? WHERE id = ?", (json.dumps(dict(event.pin)), account))
        return (event,)

    def _write_certificate(self, account: int, event: e.CertificatePinned) -> Facts:
        self._connection.execute("UPDATE account SET certificate_sha256 = ? WHERE id = ?", (event.sha256, account))
        return (event,)

    def _write_roster(self, account: int, event: e.RosterReplaced) -> Facts:
        self._connection.execute("DELETE FROM roster_item WHERE account = ?", (account,))
        self._connection.executemany(
            "INSERT OR REPLACE INTO roster_item VALUES (?, ?, ?, ?, ?, ?, ?)",
            [_roster_row(account, item) for item in event.items],
        )
        self._write_roster_version(account, event.version)
        return (event,)

    def _write_roster_item(self, account: int, event: e.RosterItemChanged) -> Facts:
        self._connection.execute(
            "INSERT OR REPLACE INTO roster_item VALUES (?, ?, ?, ?, ?, ?, ?)", _roster_row(account, event.item)
        )
        self._write_roster_version(account, event.version)
        return (event,)

    def _write_roster_removal(self, account: int, event: e.RosterItemRemoved) -> Facts:
        self._connection.execute("DELETE FROM roster_item WHERE account = ? AND jid = ?", (account, str(event.peer)))
        self._write_roster_version(account, event.version)
        return (event,)

    def _write_roster_version(self, account: int, version: str | None) -> None:
        self._connection.execute("UPDATE account SET roster_version = ? WHERE id = ?", (version, account))

    def _write_received(self, account: int, event: e.MessageReceived) -> Facts:
        return self._take(account, event, event.message)

    def _write_queued(self, account: int, event: e.MessageQueued) -> Facts:
        return self._take(account, event, event.message)

    def _write_corrected(self, account: int, event: e.MessageCorrected) -> Facts:
        message = event.message
        conversation = self._conversation(account, message.peer)
        now = self._correcting.correct(conversation, message)
        if now is None:
            return self._take(account, e.MessageReceived(event.account, message), message)
        return (self._merged(event.account, message.peer, conversation, (now,)),)

    def _take(self, account: int, event: e.MessageReceived | e.MessageQueued, message: Message) -> Facts:
        conversation = self._conversation(account, message.peer)
        taken = self._merging.take(account, conversation, message)
        if taken is None:
            return ()
        if taken.key != message.key:
            return (self._merged(event.account, message.peer, conversation, (taken,)),)
        self._touch(conversation, message.stamp)
        mark = self._mark(account, conversation, taken.key, _READ if message.is_outgoing else _UNREAD)
        if self._note_displayed(conversation, taken) or (not message.is_outgoing and taken.place < mark):
            return (self._merged(event.account, message.peer, conversation, (taken,)),)
        if not message.is_outgoing:
            self._connection.execute(
                "UPDATE conversation SET unread = unread + 1, first_unread = coalesce(first_unread, ?) WHERE id = ?",
                (taken.key, conversation),
            )
        return (replace(event, message=taken),)

    def _touch(self, conversation: int, stamp: datetime) -> None:
        self._connection.execute(
            "UPDATE conversation SET last_stamp = max(coalesce(last_stamp, 0), ?) WHERE id = ?",
            (microseconds(stamp), conversation),
        )

    def _write_delivery(self, account: int, event: e.DeliveryChanged) -> Facts:
        row = self._connection.execute(
            "SELECT id, delivery, states FROM message WHERE account = ? AND key = ?"
            # Whoever speaks of a message they were not sent speaks of none (S-04).
            " AND conversation = (SELECT id FROM conversation WHERE account = ? AND peer = ?)",
            (account, event.key, account, str(event.peer)),
        ).fetchone()
        if row is None or not Delivery(row[1]).may_become(event.delivery):
            return ()
        states = [*json.loads(row[2] or "[]"), (event.delivery.value, microseconds(event.at))]
        self._connection.execute(
            "UPDATE message SET delivery = ?, failure = ?, states = ? WHERE id = ?",
            (event.delivery.value, failure_text(event.failure), json.dumps(states), row[0]),
        )
        return (event,)

    def _write_discard(self, account: int, event: e.MessageDiscarded) -> Facts:
        # What the message marked, the one before it marks now.
        self._connection.execute(
            "UPDATE conversation SET is_mark_read = 1, mark = (SELECT other.id FROM message AS other, message AS gone"
            " WHERE gone.id = mark AND other.conversation = conversation.id AND other.place < gone.place"
            " ORDER BY other.place DESC LIMIT 1)"
            " WHERE mark = (SELECT id FROM message WHERE account = ? AND key = ?)",
            (account, event.key),
        )
        self._connection.execute("DELETE FROM message WHERE account = ? AND key = ?", (account, event.key))
        return (event,)

    def _write_draft(self, account: int, event: e.DraftChanged) -> Facts:
        self._connection.execute(
            "UPDATE conversation SET draft = ? WHERE id = ?", (event.text, self._conversation(account, event.peer))
        )
        return (event,)

    def _write_purge(self, account: int, event: e.ConversationPurged) -> Facts:
        conversation = self._conversation(account, event.peer)
        self._connection.execute("DELETE FROM message WHERE conversation = ?", (conversation,))
        self._connection.execute(
            "UPDATE conversation SET unread = 0, first_unread = NULL, last_stamp = NULL, is_complete = 1 WHERE id = ?",
            (conversation,),
        )
        return (event,)

    # -- what is read ---------------------------------------------------------------------------------------------

    def _mark(self, account: int, conversation: int, key: str, state: int) -> int:
        """Return the place from which a conversation is unread, and begin at this message where there is none."""
        row = self._connection.execute(
            "SELECT place + (is_mark_read > 0) FROM conversation JOIN message ON message.id = mark"
            " WHERE conversation.id = ?",
            (conversation,),
        ).fetchone()
        if row is None:
            self._connection.execute(
                "UPDATE conversation SET mark = (SELECT id FROM message WHERE account = ? AND key = ?),"
                " is_mark_read = ? WHERE id = ?",
                (account, key, state, conversation),
            )
            return 0
        return int(row[0])

    def _write_read(self, account: int, event: e.ConversationRead) -> Facts:
        conversation = self._conversation(account, event.peer)
        self._connection.execute(
            "UPDATE conversation SET unread = 0, first_unread = NULL, is_mark_read = 1, mark = coalesce((SELECT id"
            " FROM message WHERE conversation = ? AND direction = 'in' ORDER BY place DESC LIMIT 1), mark)"
            " WHERE id = ?",
            (conversation, conversation),
        )
        row = self._connection.execute(
            "SELECT archive_id FROM message WHERE conversation = ? AND archive_id IS NOT NULL AND direction = 'in'"
            " ORDER BY place DESC LIMIT 1",
            (conversation,),
        ).fetchone()
        return (replace(event, archive_id=None if row is None else row[0]),)

    def _write_unread(self, account: int, event: e.ConversationMarkedUnread) -> Facts:
        conversation = self._conversation(account, event.peer)
        # What the other devices were told to have been read here shall not come back as news of theirs.
        marked = self._connection.execute(
            "UPDATE conversation SET is_mark_read = 0, mark = marked.id, displayed_id = (SELECT archive_id FROM message"
            " WHERE conversation = conversation.id AND archive_id IS NOT NULL AND direction = 'in'"
            " ORDER BY place DESC LIMIT 1)"
            " FROM message AS marked WHERE conversation.id = ? AND marked.account = ? AND marked.key = ?"
            " AND marked.conversation = conversation.id",
            (conversation, account, event.key),
        ).rowcount
        if not marked:
            return ()
        self._count(conversation)
        return (self._merged(event.account, event.peer, conversation, ()),)

    def _write_displayed(self, account: int, event: e.DisplayedElsewhere) -> Facts:
        """Move the mark, only forward (X-490-01); an entry that is not here yet is waited for."""
        conversation = self._conversation(account, event.peer)
        is_news = self._connection.execute(
            "UPDATE conversation SET displayed_id = ? WHERE id = ? AND displayed_id IS NOT ?",
            (event.archive_id, conversation, event.archive_id),
        ).rowcount
        if is_news and self._apply_displayed(conversation):
            return (self._merged(event.account, event.peer, conversation, ()),)
        return ()

    def _note_displayed(self, conversation: int, message: Message) -> bool:
        """Tell whether a message that came is one that another device has shown already."""
        if message.archive_id is None:
            return False
        row = self._connection.execute("SELECT displayed_id FROM conversation WHERE id = ?", (conversation,)).fetchone()
        return row[0] == message.archive_id and self._apply_displayed(conversation)

    def _apply_displayed(self, conversation: int) -> bool:
        moved = self._connection.execute(
            "UPDATE conversation SET mark = shown.id, is_mark_read = 1"
            " FROM message AS shown WHERE conversation.id = ? AND shown.conversation = conversation.id"
            " AND shown.archive_id = displayed_id AND shown.place >= coalesce("
            "(SELECT place + (is_mark_read > 0) FROM message WHERE id = mark AND is_mark_read <> 2), 0)",
            (conversation,),
        ).rowcount
        if moved:
            self._count(conversation)
        return moved > 0

    def _count(self, conversation: int) -> None:
        (mark,) = self._connection.execute(
            "SELECT place + (is_mark_read > 0) FROM conversation JOIN message ON message.id = mark"
            " WHERE conversation.id = ?",
            (conversation,),
        ).fetchone()
        unread, first = self._connection.execute(
            "SELECT count(*), min(place) FROM message WHERE conversation = ? AND place >= ? AND direction = 'in'",
            (conversation, mark),
        ).fetchone()
        self._connection.execute(
            "UPDATE conversation SET unread = ?, first_unread = (SELECT key FROM message WHERE conversation = ?"
            " AND place = ?) WHERE id = ?",
            (unread, conversation, first, conversation),
        )

    def _merged(
        self, account: BareJID, peer: BareJID, conversation: int, messages: Sequence[Message]
    ) -> e.MessagesMerged:
        unread, first_unread = self._connection.execute(
            "SELECT unread, first_unread FROM conversation WHERE id = ?", (conversation,)
        ).fetchone()
        return e.MessagesMerged(account, peer, tuple(messages), unread, first_unread)

    # -- the server's archive -------------------------------------------------------------------------------------

    def _write_page(self, account: int, event: e.ArchivePageReceived) -> Facts:
        peers = {entry.message.peer for entry in event.entries if entry.message is not None}
        if event.peer is not None:
            peers.add(event.peer)
        conversations = {peer: self._conversation(account, peer) for peer in peers}
        of_one = conversations[event.peer] if event.peer is not None else None
        edge = self._merging.edge(account, event, of_one)
        corrections, rows = self._correcting.part(event, conversations)
        touched, places = self._merging.merge(account, rows, conversations, edge)
        facts: list[e.Event] = []
        for there in touched:
            if there.changed or there.new:
                self._note_unread(account, there, is_news=event.is_news)
                messages = (*there.changed.values(), *there.new)
                facts.append(self._merged(event.account, there.peer, there.id, messages))
        for correction in corrections:
            facts += self._write_corrected(account, e.MessageCorrected(event.account, correction))
        for there in touched:
            if there.new:
                now, gone = self._correcting.adopt(there.id, there.new)
                for key in gone:
                    facts += self._write_discard(account, e.MessageDiscarded(event.account, there.peer, key))
                if now:
                    facts.append(self._merged(event.account, there.peer, there.id, now))
        if of_one is None:
            before = self._merging.gaps(account)
            self._merging.hold(account, event, places)
            if (gaps := self._merging.gaps(account)) != before:
                facts.append(e.GapsChanged(event.account, gaps))
        elif event.is_complete and not event.is_forward:
            self._connection.execute("UPDATE conversation SET is_complete = 1 WHERE id = ?", (of_one,))
        return facts

    def _note_unread(self, account: int, there: Touched, *, is_news: bool) -> None:
        if there.new:
            self._touch(there.id, max(message.stamp for message in there.new))
        row = self._connection.execute("SELECT mark, displayed_id FROM conversation WHERE id = ?", (there.id,))
        mark, displayed_id = row.fetchone()
        if mark is None and there.new:
            # The first that is known of a conversation: what was said before anybody could miss it is read.
            edge = there.new[0] if is_news else there.new[-1]
            self._mark(account, there.id, edge.key, _UNREAD if is_news else _TAKEN_FOR_READ)
        shown = displayed_id is not None and any(
            message.archive_id == displayed_id for message in (*there.new, *there.changed.values())
        )
        if shown and self._apply_displayed(there.id):
            return
        if is_news and any(not message.is_outgoing for message in there.new):
            self._count(there.id)

    def _write_held(self, account: int, event: e.ArchiveHeld) -> Facts:
        self._merging.hold_live(account, event.archive_id, microseconds(event.stamp) * 1000)
        return ()

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
                head=self._merging.head(identifier),
                gaps=self._merging.gaps(identifier),
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
                last_stamp=None if stamp is None else moment(stamp),
                draft=draft,
            )
            for peer, unread, first_unread, stamp, draft in rows
        )

    def last_messages(self, account: BareJID) -> tuple[Message, ...]:
        """Return the newest message of each conversation of an account, in no order."""
        with self._reading():
            rows = self._connection.execute(
                f"SELECT {COLUMNS}, (SELECT peer FROM conversation WHERE id = message.conversation)"  # noqa: S608
                " FROM message WHERE id IN (SELECT (SELECT id FROM message WHERE conversation = conversation.id"
                " ORDER BY place DESC LIMIT 1) FROM conversation"
                " WHERE account = (SELECT id FROM account WHERE jid = ?))",
                (str(account),),
            ).fetchall()
        return tuple(message_of(account, BareJID.parse(row[-1]), row[:-1]) for row in rows)

    def page(
        self, account: BareJID, peer: BareJID, before: Message | None = None, limit: int = PAGE
    ) -> e.HistoryLoaded:
        """Return the newest page of a conversation, or the one before a message, oldest first."""
        with self._reading():
            conversation = self._find(account, peer)
            if conversation is None:
                is_start = not self._holds_archive(account)
                return e.HistoryLoaded(account, peer, (), is_latest=before is None, is_start=is_start)
            edge = _BEYOND if before is None else self._edge(conversation, before)
            rows = self._rows(conversation, "place < ?", edge, "DESC", limit + 1)
            is_start = len(rows) <= limit and self._is_start(conversation)
        messages = tuple(message_of(account, peer, row) for row in reversed(rows[:limit]))
        return e.HistoryLoaded(account, peer, messages, is_latest=before is None, is_start=is_start)

    def newer_page(self, account: BareJID, peer: BareJID, after: Message, limit: int = PAGE) -> e.HistoryLoaded:
        """Return the page after a message, oldest first."""
        with self._reading():
            conversation = self._find(account, peer)
            rows: list[Any] = []
            if conversation is not None:
                rows = self._rows(conversation, "place > ?", self._edge(conversation, after), "ASC", limit + 1)
        messages = tuple(message_of(account, peer, row) for row in rows[:limit])
        is_latest = len(rows) <= limit
        return e.HistoryLoaded(account, peer, messages, is_latest=is_latest, is_start=False, is_newer=True)

    def window(
        self, account: BareJID, peer: BareJID, around: str | datetime, limit: int = PAGE
    ) -> e.HistoryLoaded | None:
        """Return the messages around one, by its key, or around a moment; None when there is no such message."""
        with self._reading():
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
        with self._reading():
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
            with self._reading():
                conversation = self._find(account, peer)
                rows = [] if conversation is None else self._rows(conversation, "place > ?", edge, "ASC", 1000)
            for row in rows:
                message = message_of(account, peer, row)
                edge = message.place
                yield message
            if not rows:
                return

    def search(
        self, query: Query, accounts: Sequence[BareJID], more: Cursor | None = None, limit: int = 50
    ) -> tuple[tuple[Found, ...], Cursor | None]:
        """Return a page of what is found, newest first, and where the next begins (None: this is the last)."""
        with self._reading():
            return search(self._connection, query, accounts, more, limit)

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
            f" ORDER BY place {order} LIMIT ?",
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

    def outbox(self, account: BareJID) -> tuple[Message, ...]:
        """Return the outgoing messages not known to have reached the server, in the order they were written."""
        with self._reading():
            rows = self._connection.execute(
                f"SELECT {COLUMNS}, (SELECT peer FROM conversation WHERE id = conversation)"  # noqa: S608
                " FROM message WHERE account = (SELECT id FROM account WHERE jid = ?)"
                " AND delivery IN ('queued', 'sent') ORDER BY place",
                (str(account),),
            ).fetchall()
        return tuple(message_of(account, BareJID.parse(row[-1]), row[:-1]) for row in rows)

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


# Each writer takes the event type it is listed under; the table is what makes that pairing.
_WRITERS: dict[type[e.Event], Callable[[Archive, int, Any], Facts]] = {
    e.OwnPresenceChanged: Archive._write_own_presence,
    e.AuthenticationPinned: Archive._write_pin,
    e.CertificatePinned: Archive._write_certificate,
    e.RosterReplaced: Archive._write_roster,
    e.RosterItemChanged: Archive._write_roster_item,
    e.RosterItemRemoved: Archive._write_roster_removal,
    e.MessageReceived: Archive._write_received,
    e.MessageQueued: Archive._write_queued,
    e.MessageCorrected: Archive._write_corrected,
    e.DeliveryChanged: Archive._write_delivery,
    e.MessageDiscarded: Archive._write_discard,
    e.ConversationRead: Archive._write_read,
    e.ConversationMarkedUnread: Archive._write_unread,
    e.DraftChanged: Archive._write_draft,
    e.ArchivePageReceived: Archive._write_page,
    e.ArchiveHeld: Archive._write_held,
    e.DisplayedElsewhere: Archive._write_displayed,
    e.ConversationPurged: Archive._write_purge,
}


def _connect(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        os.close(descriptor)
    connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
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
