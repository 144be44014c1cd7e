"""Reactions on disk: live, copied, in pages of the server's archive, before or after what they are of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from tests.storage.test_merging import archived, bodies, page, unread
from tests.support.facts import DARCY, ELIZABETH, JANE, NOON, incoming, outgoing
from tui_xmpp.core import events as e
from tui_xmpp.core.model import ArchiveEntry, Delivery, Direction, Message, OwnPresence, Reaction, Version
from tui_xmpp.core.reactions import emojis_by
from tui_xmpp.core.search import parse_query
from tui_xmpp.core.store import Store
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.archive import Archive
from tui_xmpp.storage.export import export
from tui_xmpp.storage.reacting import MOST_KEPT

WAVE, TURTLE = "👋", "🐢"
SAID = outgoing("mine", body="Hello, world!")


@pytest.fixture
def archive() -> Iterator[Archive]:
    with closing(Archive.in_memory()) as archive:
        yield archive


def reaction(
    key: str, *emojis: str, to: str = "mine", minute: float = 1, is_own: bool = False, peer: BareJID = DARCY
) -> Message:
    message = (outgoing if is_own else incoming)(key, minute=minute)
    return replace(message, peer=peer, body="", reaction=Reaction(to, emojis))


def in_archive(message: Message, archive_id: str) -> ArchiveEntry:
    return ArchiveEntry(archive_id, message.stamp, replace(message, key=f"archive:{archive_id}", archive_id=archive_id))


def reacted(archive: Archive, message: Message) -> list[e.Event]:
    return archive.write([e.MessageReacted(ELIZABETH, message)])


def under(archive: Archive, side: Direction = Direction.INCOMING, peer: BareJID = DARCY) -> list[tuple[str, ...]]:
    return [emojis_by(message, side) for message in archive.page(ELIZABETH, peer).messages]


def test_reactions_stand_with_their_message_over_a_restart_and_are_no_message(tmp_path: Path) -> None:
    with closing(Archive.open(tmp_path / "a.sqlite")) as archive:
        archive.write([e.MessageQueued(ELIZABETH, SAID)])
        (merged,) = reacted(archive, reaction("r1", WAVE))
        assert isinstance(merged, e.MessagesMerged)
        assert (merged.unread, merged.first_unread) == (0, None)
    with closing(Archive.open(tmp_path / "a.sqlite")) as archive:
        assert archive.page(ELIZABETH, DARCY).messages == merged.messages
        assert under(archive) == [(WAVE,)]
        assert archive.last_messages(ELIZABETH) == merged.messages
        assert list(archive.all_messages(ELIZABETH, DARCY)) == list(merged.messages)
        assert archive.window(ELIZABETH, DARCY, NOON) is not None
        assert archive.search(parse_query("in:darcy"), [ELIZABETH])[0][0].after == ()
        assert len(archive.search(parse_query("in:darcy"), [ELIZABETH])[0]) == 1


def test_who_only_reacted_is_no_conversation(archive: Archive) -> None:
    assert reacted(archive, reaction("r1", WAVE, peer=JANE)) == []
    archive.write([page(in_archive(reaction("r2", WAVE, peer=JANE), "1"), is_news=True)])
    assert archive.conversations(ELIZABETH) == ()
    assert archive.last_messages(ELIZABETH) == ()


def test_a_reaction_counts_as_read_and_unread_as_nothing(archive: Archive) -> None:
    archive.write([page(in_archive(SAID, "1"), archived("a", "2"), is_news=True)])
    archive.write([page(in_archive(reaction("r1", WAVE), "3"), after="2", is_news=True)])
    assert unread(archive) == (1, "copy-2")
    (read,) = archive.write([e.ConversationRead(ELIZABETH, DARCY)])
    assert isinstance(read, e.ConversationRead)
    assert read.archive_id == "2"
    reacted(archive, reaction("r2", TURTLE, minute=2))
    assert unread(archive) == (0, None)


def test_x_490_a_device_that_has_shown_a_reaction_has_shown_what_was_before(archive: Archive) -> None:
    archive.write([page(archived("a", "1"), in_archive(reaction("r1", WAVE), "2"), is_news=True)])
    assert unread(archive) == (1, "copy-1")
    archive.write([e.DisplayedElsewhere(ELIZABETH, DARCY, "2")])
    assert unread(archive) == (0, None)


def test_x_444_delayed_one_does_not_replace_a_newer_one(archive: Archive) -> None:
    archive.write([e.MessageQueued(ELIZABETH, SAID)])
    reacted(archive, reaction("r2", TURTLE, minute=5))
    reacted(archive, replace(reaction("r1", WAVE, minute=2), is_delayed=True))
    assert under(archive) == [(TURTLE,)]


def test_x_444_a_reaction_to_a_correction_is_one_to_the_message(archive: Archive) -> None:
    archive.write([e.MessageQueued(ELIZABETH, SAID)])
    archive.write([e.MessageCorrected(ELIZABETH, replace(outgoing("c1", minute=1), replaces="mine"))])
    reacted(archive, reaction("r1", WAVE, to="c1", minute=2))
    assert under(archive) == [(WAVE,)]


def test_a_message_is_found_by_the_id_of_its_stanza_too(archive: Archive) -> None:
    archive.write([e.MessageReceived(ELIZABETH, replace(incoming("k"), stanza_id="s", origin_id="o"))])
    reacted(archive, reaction("r1", WAVE, to="s"))
    assert under(archive) == [(WAVE,)]


def test_s_55_of_very_many_reactions_the_latest_are_kept(archive: Archive) -> None:
    archive.write([page(archived("a", "1")), e.MessageQueued(ELIZABETH, SAID)])
    for number in range(3 * MOST_KEPT):
        reacted(archive, reaction(f"r{number}", chr(0x1F400 + number), minute=number))
    assert under(archive)[-1] == (chr(0x1F400 + 3 * MOST_KEPT - 1),)
    (count,) = archive._connection.execute("SELECT count(*) FROM message WHERE is_annex").fetchone()
    assert count == MOST_KEPT


def test_what_waits_is_in_the_outbox_and_what_failed_is_taken_back(archive: Archive) -> None:
    archive.write([page(in_archive(replace(SAID, delivery=Delivery.ACKNOWLEDGED), "1"))])
    reacted(archive, replace(reaction("r1", WAVE, is_own=True), delivery=Delivery.ACKNOWLEDGED))
    reacted(archive, reaction("r2", TURTLE, is_own=True))
    assert [message.reaction for message in archive.outbox(ELIZABETH)] == [Reaction("mine", (TURTLE,))]
    (merged,) = archive.write([e.DeliveryChanged(ELIZABETH, DARCY, "r2", Delivery.SENT, NOON)])
    assert isinstance(merged, e.MessagesMerged)
    assert merged.messages[0].reactions[0].delivery is Delivery.SENT
    archive.write([e.DeliveryChanged(ELIZABETH, DARCY, "r2", Delivery.FAILED, NOON)])
    assert under(archive, Direction.OUTGOING) == [(WAVE,)]
    archive.write([page(in_archive(reaction("r2", TURTLE, is_own=True), "2"), after="1")])
    assert under(archive, Direction.OUTGOING) == [(WAVE,)]


def test_one_that_was_given_up_before_it_went_out_never_was(archive: Archive) -> None:
    archive.write([e.MessageQueued(ELIZABETH, SAID)])
    reacted(archive, reaction("r1", WAVE, is_own=True))
    archive.write([e.MessageDiscarded(ELIZABETH, DARCY, "r1")])
    assert under(archive, Direction.OUTGOING) == [()]
    assert [message.key for message in archive.outbox(ELIZABETH)] == ["mine"]


def test_an_export_tells_who_reacted(archive: Archive, tmp_path: Path) -> None:
    archive.write([e.MessageQueued(ELIZABETH, SAID)])
    reacted(archive, reaction("r1", WAVE))
    reacted(archive, reaction("r2", TURTLE, is_own=True))
    for name in ("a.txt", "a.jsonl"):
        assert export(archive, ELIZABETH, DARCY, tmp_path / name) == 1
    assert (tmp_path / "a.txt").read_text().endswith(f"Hello, world!\n    [{DARCY}: 👋]\n    [me: 🐢]\n")
    assert json.loads((tmp_path / "a.jsonl").read_text())["reactions"] == {"in": [WAVE], "out": [TURTLE]}


# -- our own corrections, which go out like messages ---------------------------------------------------------------


def correction(key: str = "c1", body: str = "window") -> Message:
    return replace(outgoing(key, body=body, minute=1), replaces="mine", stanza_id=None)


def test_x_308_a_correction_waits_in_the_outbox_and_is_no_row(archive: Archive) -> None:
    archive.write([page(in_archive(replace(SAID, delivery=Delivery.ACKNOWLEDGED), "1"))])
    (merged,) = archive.write([e.MessageCorrected(ELIZABETH, correction())])
    assert isinstance(merged, e.MessagesMerged)
    assert bodies(archive) == ["window"]
    assert merged.messages[0].versions[-1] == Version(correction().stamp, "window", "c1", Delivery.QUEUED)
    (waiting,) = archive.outbox(ELIZABETH)
    assert (waiting.key, waiting.body, waiting.replaces) == ("c1", "window", "mine")
    archive.write([e.DeliveryChanged(ELIZABETH, DARCY, "c1", Delivery.ACKNOWLEDGED, NOON)])
    assert archive.outbox(ELIZABETH) == ()
    assert archive.page(ELIZABETH, DARCY).messages[0].versions[-1].delivery is None


def test_x_308_the_archive_s_copy_of_a_correction_proves_that_it_arrived(archive: Archive) -> None:
    archive.write([page(in_archive(replace(SAID, delivery=Delivery.ACKNOWLEDGED), "1"))])
    archive.write([e.MessageCorrected(ELIZABETH, correction())])
    copy = replace(correction(), stanza_id="c1", delivery=Delivery.ACKNOWLEDGED)
    archive.write([page(in_archive(copy, "2"), after="1")])
    assert archive.outbox(ELIZABETH) == ()
    (message,) = archive.page(ELIZABETH, DARCY).messages
    assert [(version.body, version.delivery) for version in message.versions] == [
        ("Hello, world!", None),
        ("window", None),
    ]


def test_x_308_a_correction_that_failed_says_so_and_is_given_up(archive: Archive) -> None:
    archive.write([page(in_archive(replace(SAID, delivery=Delivery.ACKNOWLEDGED), "1"))])
    archive.write([e.MessageCorrected(ELIZABETH, correction())])
    archive.write([e.DeliveryChanged(ELIZABETH, DARCY, "c1", Delivery.FAILED, NOON)])
    (message,) = archive.page(ELIZABETH, DARCY).messages
    assert message.failed_correction is not None
    assert (message.body, message.delivery) == ("window", Delivery.ACKNOWLEDGED)
    archive.write([e.MessageDiscarded(ELIZABETH, DARCY, "c1")])
    (message,) = archive.page(ELIZABETH, DARCY).messages
    assert (message.body, message.versions) == ("Hello, world!", ())
    assert archive.outbox(ELIZABETH) == ()


# -- any interleaving ---------------------------------------------------------------------------------------------

EMOJIS = (WAVE, TURTLE, "🎩")


@dataclass(frozen=True)
class Entry:
    """An entry of the true archive: a message, or a reaction to one, which may be of a conversation or not here."""

    number: int
    peer: BareJID
    is_own: bool
    is_here: bool
    second: int
    to: int | None
    emojis: tuple[str, ...]
    skew: int

    @property
    def name(self) -> str:
        return f"of-a-random-look-{self.number}"

    @property
    def stamp(self) -> datetime:
        return NOON + timedelta(seconds=self.second)

    def message(self, key: str) -> Message:
        made = (outgoing if self.is_own else incoming)(key, body=f"words {self.number}")
        delivery = Delivery.ACKNOWLEDGED if self.is_own else Delivery.RECEIVED
        made = replace(made, peer=self.peer, author=None, stanza_id=self.name, stamp=self.stamp, delivery=delivery)
        if self.to is None:
            return made
        return replace(made, body="", reaction=Reaction(f"of-a-random-look-{self.to}", self.emojis))

    def entry(self, key: str) -> ArchiveEntry:
        return ArchiveEntry(f"a{self.number}", self.stamp, replace(self.message(key), archive_id=f"a{self.number}"))

    def live(self, key: str) -> Message:
        stamp = self.stamp + timedelta(seconds=self.skew)
        return replace(self.message(key), archive_id=f"a{self.number}", stamp=stamp)

    def queued(self) -> Message:
        stamp = self.stamp + timedelta(seconds=self.skew)
        return replace(self.message(self.name), stanza_id=None, stamp=stamp, delivery=Delivery.QUEUED)


@st.composite
def archives(draw: st.DrawFn) -> list[Entry]:
    second = 0
    entries: list[Entry] = []
    skew = draw(st.integers(-20, 20))
    for number in range(draw(st.integers(2, 12))):
        second += draw(st.sampled_from((0, 0, 1, 30)))
        is_own = draw(st.booleans())
        to = draw(st.one_of(st.none(), st.integers(0, 3), st.integers(0, 12)))
        emojis = tuple(draw(st.lists(st.sampled_from(EMOJIS), max_size=2, unique=True)))
        peer = draw(st.sampled_from((DARCY, DARCY, JANE)))
        entries.append(Entry(number, peer, is_own, is_own and draw(st.booleans()), second, to, emojis, skew))
    return entries


def fact_of(one: Entry, message: Message) -> e.Event:
    if one.to is not None:
        return e.MessageReacted(ELIZABETH, message)
    if message.delivery is Delivery.QUEUED:
        return e.MessageQueued(ELIZABETH, message)
    return e.MessageReceived(ELIZABETH, message)


@settings(max_examples=40)
@given(st.data())
def test_x_444_any_interleaving_of_copies_leaves_the_last_set_of_each_side(data: st.DataObject) -> None:
    true = data.draw(archives())
    archive, store, keys = Archive.in_memory(), Store(), iter(range(10**6))
    store.apply(e.AccountAdded(ELIZABETH, OwnPresence()))

    def write(*events: e.Event) -> None:
        note(" ".join(str(event) for event in events))
        for fact in archive.write(events):
            store.apply(fact)

    for peer in (DARCY, JANE):
        store.apply(e.HistoryLoaded(ELIZABETH, peer, (), is_latest=True, is_start=True))
    for one in true:
        if one.is_here:
            write(fact_of(one, one.queued()))
    for _ in range(data.draw(st.integers(0, 8))):
        one = data.draw(st.sampled_from(true))
        match data.draw(st.sampled_from(("live", "delayed", "sent", "newest", "of-one"))):
            case "live" if not one.is_here:
                write(fact_of(one, one.live(f"k{next(keys)}")))
            case "delayed" if not one.is_own:
                write(fact_of(one, replace(one.message(f"k{next(keys)}"), is_delayed=True)))
            case "sent" if one.is_here:
                write(e.DeliveryChanged(ELIZABETH, one.peer, one.name, Delivery.SENT, NOON))
            case "newest":
                newest = true[-data.draw(st.integers(1, 5)) :]
                write(page(*(each.entry(f"k{next(keys)}") for each in newest), is_forward=False))
            case "of-one":
                there = [each for each in true if each.peer == one.peer]
                some = there[-data.draw(st.integers(1, 5)) :]
                write(page(*(each.entry(f"k{next(keys)}") for each in some), is_forward=False, peer=one.peer))
            case _:
                pass
    start = 0
    while start < len(true):
        chosen = true[start : start + data.draw(st.integers(1, 6))]
        after = f"a{start - 1}" if start else None
        write(page(*(each.entry(f"k{next(keys)}") for each in chosen), after=after, is_news=data.draw(st.booleans())))
        start += len(chosen)
    for peer in (DARCY, JANE):
        messages = [one for one in true if one.peer == peer and one.to is None]
        held = archive.page(ELIZABETH, peer).messages
        assert [message.archive_id for message in held] == [f"a{one.number}" for one in messages]
        for message, one in zip(held, messages, strict=True):
            for side, is_own in ((Direction.OUTGOING, True), (Direction.INCOMING, False)):
                said = [each for each in true if each.to == one.number and each.peer == peer and each.is_own is is_own]
                assert emojis_by(message, side) == (said[-1].emojis if said else ())
        assert store.conversation(ELIZABETH, peer).messages == held
        assert store.conversation(ELIZABETH, peer).unread <= sum(not one.is_own for one in messages)
    archive.close()
