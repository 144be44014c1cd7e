"""One row in one place for all copies of a message: live, carbon, offline, or in a page of the server's archive.

The rule itself is :mod:`tui_xmpp.core.order`; here it meets the rows on disk. Called inside a transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from heapq import merge
from itertools import pairwise
from typing import NamedTuple

from tui_xmpp.core import events as e
from tui_xmpp.core.model import ArchiveEntry, Delivery, Direction, Gap, Message
from tui_xmpp.core.order import TOLERANCE, arrange, is_copy, make_room, microseconds, said_id
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.rows import COLUMNS, INSERT, message_of, row_of, states_text
from tui_xmpp.values import changed, dataclass

_TIE = 1_000_000
"""Nanoseconds in which offline messages of one moment are looked for."""
_REACH = 1_000_000_000
"""Nanoseconds beyond a page in which there may be no room."""


@dataclass(slots=True)
class _Held:
    """A message that is stored."""

    id: int
    message: Message
    is_placed: bool


class Span(NamedTuple):
    """A part of the server's archive that is held without holes, from its first entry to its last."""

    id: int
    first_id: str
    first_place: int
    last_id: str
    last_place: int

    def where(self, places: Mapping[str, int]) -> Span:
        """Return the span with its edges where they stand now."""
        first, last = places.get(self.first_id, self.first_place), places.get(self.last_id, self.last_place)
        return self._replace(first_place=first, last_place=last)

    def meets(self, page: Span, ids: Container[str]) -> bool:
        """Tell whether a page, of these entries, begins or ends in the span or holds an edge of it."""
        if self.first_id in ids or self.last_id in ids:
            return True
        return self.first_place <= page.last_place and self.last_place >= page.first_place


@dataclass(slots=True)
class Touched:
    """A conversation a page says something of."""

    id: int
    peer: BareJID
    by_archive_id: dict[str, _Held] = field(default_factory=dict)
    by_said_id: dict[str, list[_Held]] = field(default_factory=dict)
    unarchived: dict[str, list[_Held]] = field(default_factory=dict)
    """What came without the archive's id, by its words."""
    changed: dict[int, Message] = field(default_factory=dict)
    new: list[Message] = field(default_factory=list)
    """Both with the reactions, until :meth:`part_reactions`."""
    first: dict[tuple[Direction, str], Message] = field(default_factory=dict)
    """The page's entries so far by who sent them and the sender's id."""

    def part_reactions(self) -> list[Message]:
        """Take out, and return, what is no row of the conversation but says what stands under one."""
        reactions = [message for message in (*self.changed.values(), *self.new) if message.reaction is not None]
        if reactions:
            self.changed = {id_: message for id_, message in self.changed.items() if message.reaction is None}
            self.new = [message for message in self.new if message.reaction is None]
        return reactions

    def is_repeated(self, message: Message) -> bool:
        """Tell whether an entry is one that was sent again: an earlier entry is the message, and stands for it."""
        name = said_id(message)
        if name is None:
            return False
        first = self.first.setdefault((message.direction, name), message)
        if first is not message and is_copy(message, first, is_late=True):
            return True
        return any(
            held.is_placed
            and held.message.archive_id not in (None, message.archive_id)
            and held.message.stamp <= message.stamp
            and is_copy(message, held.message, is_late=True)
            for held in self.by_said_id.get(name, ())
        )


class Merging:
    """What is stored, and what becomes of it when a message comes once more."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    # -- one message ----------------------------------------------------------------------------------------------

    def take(self, account: int, conversation: int, message: Message, *, is_annex: bool = False) -> Message | None:
        """Store a message that came by itself, or let the row that is it learn from it; None when nothing is new.

        A row that learned keeps its key, by which the caller knows it.
        """
        for held in self._candidates(account, conversation, message):
            if is_copy(message, held.message, is_late=message.is_delayed):
                return self._teach(held, message)
        stamp = microseconds(message.stamp) * 1000
        if message.is_delayed:
            tied = self._connection.execute(
                "SELECT max(place) FROM message WHERE conversation = ? AND place >= ? AND place < ?",
                (conversation, stamp, stamp + _TIE),
            ).fetchone()[0]
            place = stamp if tied is None else tied + 1
        else:
            last = self.last_place(conversation)
            place = stamp if last is None else max(stamp, last + 1)
        placed = changed(message, place=place, origin_id=said_id(message))
        row = row_of(account, conversation, placed, is_annex=is_annex)
        is_new = self._connection.execute(INSERT, row).rowcount
        return placed if is_new else None

    def last_place(self, conversation: int) -> int | None:
        row = self._connection.execute(
            "SELECT max(place) FROM message WHERE conversation = ?", (conversation,)
        ).fetchone()
        place: int | None = row[0]
        return place

    def _candidates(self, account: int, conversation: int, message: Message) -> Iterator[_Held]:
        named, archived = said_id(message), message.archive_id
        if archived is not None:
            yield from self._held(
                message, "account = ? AND archive_id = ? AND conversation = ?", (account, archived, conversation)
            )
        if named is not None:
            yield from self._held(message, "conversation = ? AND origin_id = ?", (conversation, named))
        if named is None:
            reach = TOLERANCE.seconds * 1_000_000
            stamp = microseconds(message.stamp)
            yield from self._held(
                message,
                "conversation = ? AND origin_id IS NULL AND substr(body, 1, 24) = substr(?, 1, 24)"
                " AND stamp BETWEEN ? AND ? AND +body = ?",
                (conversation, message.body, stamp - reach, stamp + reach, message.body),
            )

    # A plus keeps SQLite from choosing the index of that column, where another one names far fewer rows.
    def _held(self, like: Message, where: str, arguments: Sequence[object]) -> list[_Held]:
        rows = self._connection.execute(
            f"SELECT id, is_placed, {COLUMNS} FROM message WHERE {where} ORDER BY +place",  # noqa: S608 - constants
            arguments,
        ).fetchall()
        return [_Held(row[0], message_of(like.account, like.peer, row[2:]), bool(row[1])) for row in rows]

    def _teach(self, held: _Held, copy: Message) -> Message | None:
        learned = _learned(held.message, copy)
        if learned == held.message:
            return None
        self._connection.execute(
            "UPDATE message SET archive_id = ?, origin_id = ?, stanza_id = ? WHERE id = ?",
            (learned.archive_id, learned.origin_id, learned.stanza_id, held.id),
        )
        return learned

    # -- a page of the server's archive ---------------------------------------------------------------------------

    def merge(
        self, account: int, page: e.ArchivePageReceived, conversations: dict[BareJID, int], edge: int | None
    ) -> tuple[list[Touched], list[int]]:
        """Store a page; return what it touched, and the places of its entries.

        ``conversations`` are the ids of all conversations in it, ``edge`` is the place of the entry it was asked for.
        """
        entries = _once_each(page.entries)
        touched = {peer: self._touch(account, id_, peer, entries) for peer, id_ in conversations.items()}
        found: list[_Held | None] = []
        used: set[int] = set()
        for index, entry in enumerate(entries):
            held = None
            if entry.message is not None:
                there = touched[entry.message.peer]
                if there.is_repeated(entry.message):
                    entries[index] = replace(entry, message=None)
                elif (held := _match(there, entry.message, used)) is not None:
                    used.add(held.id)
            found.append(held)
        places = arrange(
            [microseconds(entry.stamp) * 1000 for entry in entries],
            [_known_place(entry, held) for entry, held in zip(entries, found, strict=True)],
            edge,
            is_forward=page.is_forward,
        )
        if places and (edge is not None or page.anchor is None):  # who knows no neighbour moves nobody
            limit = conversations.get(page.peer) if page.peer is not None else None
            self._make_room(account, page, limit, places[-1] if page.is_forward else places[0], edge, used, touched)
        inserted: list[tuple[object, ...]] = []
        updated: list[tuple[object, ...]] = []
        for entry, held, place in zip(entries, found, places, strict=True):
            if entry.message is None:
                continue
            there = touched[entry.message.peer]
            if held is None:
                message = changed(entry.message, place=place, origin_id=said_id(entry.message))
                inserted.append(row_of(account, there.id, message, is_placed=True))
                there.new.append(message)
                continue
            learned = changed(_confirmed(_learned(held.message, entry.message), entry), place=place)
            if learned != held.message:
                there.changed[held.id] = learned
            if learned != held.message or not held.is_placed:
                updated.append(
                    (
                        learned.archive_id,
                        learned.origin_id,
                        learned.stanza_id,
                        microseconds(learned.stamp),
                        learned.place,
                        learned.delivery.value,
                        states_text(learned),
                        held.id,
                    )
                )
        self._connection.executemany(
            "UPDATE message SET archive_id = ?, origin_id = ?, stanza_id = ?, stamp = ?, place = ?, delivery = ?,"
            " states = ?, is_placed = 1 WHERE id = ?",
            updated,
        )
        self._connection.executemany(INSERT, inserted)
        return list(touched.values()), places

    def _touch(self, account: int, id_: int, peer: BareJID, entries: Sequence[ArchiveEntry]) -> Touched:
        """Read what is stored that could be in the page."""
        touched = Touched(id_, peer)
        messages = [entry.message for entry in entries if entry.message is not None and entry.message.peer == peer]
        if not messages:
            return touched
        like = messages[0]
        archive_ids = json.dumps([message.archive_id for message in messages])
        said_ids = json.dumps([name for message in messages if (name := said_id(message)) is not None])
        each = "(SELECT value FROM json_each(?))"
        archived = f"account = ? AND archive_id IS NOT NULL AND archive_id IN {each} AND conversation = ?"
        for held in self._held(like, archived, (account, archive_ids, id_)):
            touched.by_archive_id[held.message.archive_id or ""] = held
        for held in self._held(
            like, f"conversation = ? AND origin_id IS NOT NULL AND origin_id IN {each}", (id_, said_ids)
        ):
            touched.by_said_id.setdefault(held.message.origin_id or "", []).append(held)
        nameless = [message for message in messages if said_id(message) is None]
        if not nameless:
            return touched
        reach = TOLERANCE.seconds * 1_000_000
        stamps = [microseconds(message.stamp) for message in nameless]
        words = json.dumps(list({message.body[:24] for message in nameless}))
        unarchived = (
            f"conversation = ? AND origin_id IS NULL AND substr(body, 1, 24) IN {each} AND stamp BETWEEN ? AND ?"
            " AND archive_id IS NULL"
        )
        for held in self._held(like, unarchived, (id_, words, min(stamps) - reach, max(stamps) + reach)):
            touched.unarchived.setdefault(held.message.body, []).append(held)
        return touched

    def _make_room(
        self,
        account: int,
        page: e.ArchivePageReceived,
        conversation: int | None,
        last: int,
        edge: int | None,
        in_page: set[int],
        touched: dict[BareJID, Touched],
    ) -> None:
        """Move what other pages placed where this one must be: it belongs beyond."""
        order, beyond = ("ASC", ">") if page.is_forward else ("DESC", "<")
        where, arguments = "+account = ?", [account]
        if conversation is not None:
            where, arguments = "conversation = ?", [conversation]
        if edge is not None:
            where += f" AND place {beyond} ?"
            arguments.append(edge)
        where += " AND place <= ?" if page.is_forward else " AND place >= ?"
        arguments.append(last + _REACH if page.is_forward else last - _REACH)
        rows = self._connection.execute(
            f"SELECT id, place FROM message WHERE is_placed AND {where} ORDER BY place {order}",  # noqa: S608
            arguments,
        )
        others: Iterable[tuple[int, int]] = ((id_, place) for id_, place in rows if id_ not in in_page)
        if conversation is None:
            others = self._with_spans(account, page, edge, others)
        moves = list(make_room(last, others, is_forward=page.is_forward))
        for number, place in moves:
            if number < 0:
                column = "last" if number % 2 else "first"
                self._connection.execute(
                    f"UPDATE span SET {column}_place = ? WHERE id = ?",  # noqa: S608 - constants
                    (place, -number // 2),
                )
        moved = [move for move in moves if move[0] >= 0]
        if not moved:
            return
        self._connection.executemany("UPDATE message SET place = ? WHERE id = ?", [(new, id_) for id_, new in moved])
        peers = {each.id: each for each in touched.values()}
        for id_, _ in moved:
            row = self._connection.execute(
                f"SELECT conversation, {COLUMNS}, (SELECT peer FROM conversation WHERE id = conversation)"  # noqa: S608
                " FROM message WHERE id = ?",
                (id_,),
            ).fetchone()
            there = peers.get(row[0])
            if there is None:
                peer = BareJID.parse(row[-1])
                there = peers[row[0]] = touched[peer] = Touched(row[0], peer)
            there.changed[id_] = message_of(page.account, there.peer, row[1:-1])

    def _with_spans(
        self, account: int, page: e.ArchivePageReceived, edge: int | None, rows: Iterable[tuple[int, int]]
    ) -> Iterable[tuple[int, int]]:
        """Mix in the edges of what is held, numbered -2n (first) and -2n-1 (last), which stand around their rows."""
        sign = 1 if page.is_forward else -1
        in_page = {entry.archive_id for entry in page.entries}
        edges: list[tuple[int, int, int]] = []
        for span in self._spans(account):
            for number, name, place, rank in (
                (-2 * span.id, span.first_id, span.first_place, -1),
                (-2 * span.id - 1, span.last_id, span.last_place, 1),
            ):
                # The edge of an empty archive has no name and stands before all.
                if name and name not in in_page and (edge is None or sign * place > sign * edge):
                    edges.append((sign * place, sign * rank, number))
        if not edges:
            return rows
        ranked = ((sign * place, 0, number) for number, place in rows)
        return ((number, sign * place) for place, _, number in merge(sorted(edges), ranked))

    def _spans(self, account: int) -> list[Span]:
        rows = self._connection.execute(
            "SELECT id, first_id, first_place, last_id, last_place FROM span WHERE account = ? ORDER BY last_place",
            (account,),
        ).fetchall()
        return [Span(*row) for row in rows]

    # -- what is held of the archive ------------------------------------------------------------------------------

    def edge(self, account: int, page: e.ArchivePageReceived, conversation: int | None) -> int | None:
        """Return the place of the entry a page was asked for, None when it is not known."""
        if page.anchor is None:
            return None
        places: list[int] = []
        if conversation is None:
            column = "last" if page.is_forward else "first"
            places += (
                self._connection.execute(
                    f"SELECT {column}_place FROM span WHERE account = ? AND {column}_id = ?",  # noqa: S608 - constants
                    (account, page.anchor),
                ).fetchone()
                or ()
            )
        places += (
            self._connection.execute(
                "SELECT place FROM message WHERE account = ? AND archive_id = ?"
                " AND conversation = coalesce(?, conversation)",
                (account, page.anchor, conversation),
            ).fetchone()
            or ()
        )
        return (max if page.is_forward else min)(places, default=None)

    def hold(self, account: int, page: e.ArchivePageReceived, places: Sequence[int]) -> None:
        """Note that all of a page is held."""
        here = {entry.archive_id: place for entry, place in zip(_once_each(page.entries), places, strict=True)}
        spans = [span.where(here) for span in self._spans(account)]
        joined = [
            span
            for span in spans
            if (page.is_forward and (page.anchor or "") == span.last_id)
            or (not page.is_forward and page.anchor == span.first_id)
        ]
        if here:
            ids = list(here)
            page_span = Span(0, ids[0], here[ids[0]], ids[-1], here[ids[-1]])
            joined += [span for span in spans if span not in joined and span.meets(page_span, here)]
            joined.append(page_span)
        elif not spans and page.is_complete and page.anchor is None:
            joined.append(Span(0, "", 0, "", 0))  # nothing yet: what comes is held from the start
        if not joined:
            return
        first = min((span.first_place, span.first_id) for span in joined)
        last = max((span.last_place, span.last_id) for span in joined)
        if page.is_complete:
            # There is nothing further that way: what was held there is no longer kept by the server.
            further = [s for s in spans if (s.last_place > last[0] if page.is_forward else s.first_place < first[0])]
            joined += further
            first = min((first, *((span.first_place, span.first_id) for span in further)))
            last = max((last, *((span.last_place, span.last_id) for span in further)))
        self._connection.executemany("DELETE FROM span WHERE id = ?", [(span.id,) for span in joined])
        self._connection.execute(
            "INSERT INTO span (account, first_place, first_id, last_place, last_id) VALUES (?, ?, ?, ?, ?)",
            (account, *first, *last),
        )

    def hold_live(self, account: int, archive_id: str, place: int) -> None:
        """Note that the newest span reaches to an entry that came live."""
        row = self._connection.execute(
            "SELECT place FROM message WHERE account = ? AND archive_id = ?", (account, archive_id)
        ).fetchone()
        place = place if row is None else row[0]
        self._connection.execute(
            "UPDATE span SET last_id = ?, last_place = max(last_place, ?) WHERE id ="
            " (SELECT id FROM span WHERE account = ? ORDER BY last_place DESC LIMIT 1)",
            (archive_id, place, account),
        )

    def gaps(self, account: int) -> tuple[Gap, ...]:
        """Return the holes between what is held, oldest first."""
        return tuple(
            Gap(one.last_place, other.first_place, one.last_id, other.first_id)
            for one, other in pairwise(self._spans(account))
        )

    def head(self, account: int) -> str | None:
        """Return the newest entry of the archive that is held without a hole after it."""
        row = self._connection.execute(
            "SELECT last_id FROM span WHERE account = ? ORDER BY last_place DESC LIMIT 1", (account,)
        ).fetchone()
        return None if row is None else str(row[0])


def _once_each(entries: Iterable[ArchiveEntry]) -> list[ArchiveEntry]:
    return list({entry.archive_id: entry for entry in entries}.values())


def _match(touched: Touched, message: Message, used: set[int]) -> _Held | None:
    held = touched.by_archive_id.get(message.archive_id or "")
    if held is not None:
        return held
    name = said_id(message)
    for held in touched.by_said_id.get(name, ()) if name is not None else ():
        if held.id not in used and is_copy(message, held.message, is_late=True):
            return held
    for held in touched.unarchived.get(message.body, ()):
        if held.id not in used and is_copy(message, held.message, is_late=True):
            return held
    return None


def _known_place(entry: ArchiveEntry, held: _Held | None) -> int | None:
    """Return where the archive's order has put an entry before; what was sent again moves to the earlier of both."""
    if held is None or not held.is_placed or held.message.archive_id != entry.archive_id:
        return None
    return held.message.place


def _learned(held: Message, copy: Message) -> Message:
    """Return the stored message with what only the copy knew."""
    return replace(
        held,
        archive_id=held.archive_id or copy.archive_id,
        origin_id=held.origin_id or said_id(copy),
        stanza_id=held.stanza_id or copy.stanza_id,
    )


def _confirmed(message: Message, entry: ArchiveEntry) -> Message:
    """Return a stored message as the archive proves it: said when it says, and at the server."""
    if message.delivery in (Delivery.QUEUED, Delivery.SENT):
        states = (*message.states, (Delivery.ACKNOWLEDGED, entry.stamp))
        message = replace(message, delivery=Delivery.ACKNOWLEDGED, states=states)
    return replace(message, archive_id=entry.archive_id, stamp=entry.stamp)
