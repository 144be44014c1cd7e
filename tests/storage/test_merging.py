"""One row in one place, whoever tells of a message and however often."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from tests.support.facts import DARCY, ELIZABETH, JANE, NOON, incoming, outgoing
from tui_xmpp.core import events as e
from tui_xmpp.core.model import ArchiveEntry, Delivery, Message, OwnPresence
from tui_xmpp.core.store import Store
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.archive import Archive
from tui_xmpp.storage.merging import Span


@pytest.fixture
def archive() -> Iterator[Archive]:
    with closing(Archive.in_memory()) as archive:
        yield archive


def archived(key: str, archive_id: str, *, second: float = 0, peer: BareJID = DARCY, body: str = "") -> ArchiveEntry:
    """Make an entry of the server's archive for an incoming message with the sender's id ``key``."""
    stamp = NOON + timedelta(seconds=second)
    message = replace(incoming(f"copy-{archive_id}", body=body or key, peer=peer), stanza_id=key or None)
    return ArchiveEntry(archive_id, stamp, replace(message, stamp=stamp, archive_id=archive_id))


def page(
    *entries: ArchiveEntry,
    after: str | None = None,
    before: str | None = None,
    is_forward: bool = True,
    peer: BareJID | None = None,
    is_complete: bool = False,
    is_news: bool = False,
) -> e.ArchivePageReceived:
    return e.ArchivePageReceived(
        ELIZABETH, entries, after or before, is_forward and before is None, is_complete, peer, is_news
    )


def bodies(archive: Archive, peer: BareJID = DARCY) -> list[str]:
    return [message.body for message in archive.page(ELIZABETH, peer).messages]


# -- identity -----------------------------------------------------------------------------------------------------


def test_x_313_03_the_archive_s_copy_of_a_live_message_is_no_second_row(archive: Archive) -> None:
    archive.write([e.MessageReceived(ELIZABETH, replace(incoming("a"), archive_id="1"))])
    assert archive.write([page(archived("a", "1", second=1))]) != []  # it learned the moment at the server
    assert archive.write([page(archived("a", "1", second=1))]) == []
    assert bodies(archive) == ["a"]


def test_x_313_03_a_copy_without_the_archive_s_id_is_known_by_the_sender_s(archive: Archive) -> None:
    archive.write([page(archived("a", "1"))])
    assert archive.write([e.MessageReceived(ELIZABETH, replace(incoming("k", body="a"), stanza_id="a"))]) == []
    assert bodies(archive) == ["a"]


def test_x_313_03_an_id_used_again_for_other_words_is_another_message(archive: Archive) -> None:
    for key, body in (("k1", "one"), ("k2", "two")):
        archive.write([e.MessageReceived(ELIZABETH, replace(incoming(key, body=body), stanza_id="same"))])
    assert bodies(archive) == ["one", "two"]


def test_x_313_03_equal_words_with_different_archive_ids_are_two_messages(archive: Archive) -> None:
    for key in ("1", "2"):
        message = replace(incoming(key, body="ok"), archive_id=key, stanza_id=None)
        archive.write([e.MessageReceived(ELIZABETH, message)])
    archive.write([page(archived("", "1", body="ok"), archived("", "2", body="ok"))])
    assert bodies(archive) == ["ok", "ok"]


def test_x_313_03_an_offline_copy_without_ids_is_known_by_words_and_time(archive: Archive) -> None:
    archive.write([page(archived("", "1", body="good morning"))])
    late = replace(incoming("k", body="good morning"), stanza_id=None, is_delayed=True)
    assert archive.write([e.MessageReceived(ELIZABETH, late)]) == []
    live = replace(late, key="k2", is_delayed=False)
    archive.write([e.MessageReceived(ELIZABETH, live)])  # said again, not told again
    assert bodies(archive) == ["good morning", "good morning"]


def test_x_313_03_words_without_an_id_do_not_take_the_place_of_the_same_words_with_one(archive: Archive) -> None:
    late = replace(incoming("k", body="ok", minute=0.1), stanza_id="of-a-random-look", is_delayed=True)
    archive.write([e.MessageReceived(ELIZABETH, late)])
    archive.write([page(archived("", "1", body="ok"))])
    archive.write([page(archived("of-a-random-look", "2", body="ok", second=6), after="1")])
    assert [row.archive_id for row in archive.page(ELIZABETH, DARCY).messages] == ["1", "2"]


def steps(archive: Archive, events: list[e.Event]) -> int:
    """Return how many hundreds of steps SQLite makes to keep events."""
    count = 0

    def step() -> None:
        nonlocal count
        count += 1

    archive._connection.set_progress_handler(step, 100)
    archive.write(events)
    archive._connection.set_progress_handler(None, 0)
    return count


def test_offline_messages_of_one_minute_are_not_each_compared_with_all_others(archive: Archive) -> None:
    late = [
        e.MessageReceived(ELIZABETH, replace(incoming(f"k{n}"), body=f"{n}", stanza_id=None, is_delayed=True))
        for n in range(1000)
    ]
    first = steps(archive, [*late[:100]])
    archive.write(late[100:900])
    assert steps(archive, [*late[900:]]) < 2 * first
    first = steps(archive, [page(*(archived("", f"a{n}", body=f"{n}") for n in range(50)))])
    archive.write([page(*(archived("", f"a{n}", body=f"{n}") for n in range(50, 900)), after="a49")])
    assert (
        steps(archive, [page(*(archived("", f"a{n}", body=f"{n}") for n in range(900, 950)), after="a899")]) < 2 * first
    )
    assert len(archive.page(ELIZABETH, DARCY).messages) == 200


RANDOM = "d41d8cd98f00b204"
"""An id that nobody uses again."""


def test_x_198_what_was_sent_again_is_one_message_though_the_archive_has_it_twice(archive: Archive) -> None:
    archive.write([e.MessageQueued(ELIZABETH, replace(outgoing(RANDOM), body="mine"))])
    message = replace(outgoing("copy", body="mine"), stanza_id=RANDOM)
    twice = [
        ArchiveEntry(id_, NOON, replace(message, key=f"copy-{id_}", archive_id=id_)) for id_ in ("1", "2")
    ]  # fmt: skip
    archive.write([page(*twice, archived("between", "3"))])
    archive.write([page(*twice)])
    assert bodies(archive) == ["mine", "between"]


def test_x_198_what_a_sender_repeats_is_one_message_where_it_was_said_first(archive: Archive) -> None:
    first, again = (archived(RANDOM, id_, body="said", second=second) for id_, second in (("1", 0), ("3", 2)))
    between = archived("b", "2", second=1)
    live = replace(incoming("live", body="said"), stanza_id=RANDOM, archive_id="3")
    archive.write([e.MessageReceived(ELIZABETH, live)])
    assert archive.write([e.MessageReceived(ELIZABETH, replace(live, key="again", archive_id="4"))]) == []
    archive.write([page(again, is_forward=False)])
    archive.write([page(first, between, before="3")])
    assert bodies(archive) == ["said", "b"]
    archive.write([page(first, between, again)])
    assert [(m.body, m.archive_id) for m in archive.page(ELIZABETH, DARCY).messages] == [("said", "1"), ("b", "2")]


def test_x_313_03_a_short_id_used_again_for_the_same_words_is_another_message(archive: Archive) -> None:
    archive.write([page(archived("1", "1", body="good morning"), archived("1", "2", body="good morning"))])
    assert bodies(archive) == ["good morning", "good morning"]


def test_s_05_another_author_s_use_of_an_id_swallows_nothing(archive: Archive) -> None:
    archive.write([e.MessageQueued(ELIZABETH, outgoing("mine", body="hello"))])
    archive.write([e.MessageReceived(ELIZABETH, replace(incoming("k", body="hello"), stanza_id="mine"))])
    assert bodies(archive) == ["hello", "hello"]


def test_what_the_archive_holds_of_ours_has_reached_the_server(archive: Archive) -> None:
    archive.write([e.MessageQueued(ELIZABETH, outgoing("mine"))])
    message = replace(outgoing("copy", body="mine"), stanza_id="mine", archive_id="1")
    archive.write([page(ArchiveEntry("1", NOON, message))])
    (held,) = archive.page(ELIZABETH, DARCY).messages
    assert (held.key, held.delivery, held.states) == ("mine", Delivery.ACKNOWLEDGED, ((Delivery.ACKNOWLEDGED, NOON),))
    assert archive.outbox(ELIZABETH) == ()


def test_a_bounced_message_stays_failed_though_the_archive_has_it(archive: Archive) -> None:
    archive.write([e.MessageQueued(ELIZABETH, outgoing("mine"))])
    archive.write([e.DeliveryChanged(ELIZABETH, DARCY, "mine", Delivery.FAILED, NOON)])
    message = replace(outgoing("copy", body="mine"), stanza_id="mine", archive_id="1")
    archive.write([page(ArchiveEntry("1", NOON, message))])
    assert archive.page(ELIZABETH, DARCY).messages[0].delivery is Delivery.FAILED


# -- order --------------------------------------------------------------------------------------------------------


def test_messages_of_one_second_keep_the_archive_s_order_in_pages_of_either_direction(archive: Archive) -> None:
    archive.write([page(archived("d", "4"), archived("e", "5"), is_forward=False)])
    archive.write([page(archived("b", "2"), archived("c", "3"), before="4")])
    archive.write([page(archived("a", "1"), before="2")])
    archive.write([page(archived("f", "6"), archived("g", "7"), after="5")])
    assert bodies(archive) == list("abcdefg")


def test_the_archive_s_order_corrects_that_of_arrival(archive: Archive) -> None:
    archive.write([e.MessageReceived(ELIZABETH, replace(incoming(key), archive_id=key)) for key in "cab"])
    assert bodies(archive) == list("cab")
    facts = archive.write([page(*(archived(key, key) for key in "abc"))])
    assert bodies(archive) == list("abc")
    assert [type(fact) for fact in facts] == [e.MessagesMerged]


def test_a_gap_between_two_spans_of_one_second_is_filled_in_between(archive: Archive) -> None:
    archive.write([page(archived("a", "1"), archived("b", "2"), is_forward=False)])
    (fact,) = [
        fact for fact in archive.write([page(archived("e", "5"), archived("f", "6"), is_forward=False)])
        if isinstance(fact, e.GapsChanged)
    ]  # fmt: skip
    assert [(gap.after_id, gap.before_id) for gap in fact.gaps] == [("2", "5")]
    facts = archive.write([page(archived("c", "3"), archived("d", "4"), archived("e", "5"), after="2")])
    assert e.GapsChanged(ELIZABETH, ()) in facts
    assert bodies(archive) == list("abcdef")


def test_what_waits_to_be_sent_stands_after_all_that_came(archive: Archive) -> None:
    archive.write([e.MessageReceived(ELIZABETH, incoming("later", minute=60))])  # the server's clock is ahead
    archive.write([e.MessageQueued(ELIZABETH, outgoing("now"))])
    assert bodies(archive) == ["later", "now"]


# -- what is held -------------------------------------------------------------------------------------------------


def gaps(archive: Archive) -> list[tuple[str, str]]:
    return [(gap.after_id, gap.before_id) for gap in archive.account_state(ELIZABETH).gaps]


@pytest.mark.parametrize(
    ("first_place", "last_place", "ids", "is_met"),
    [
        (100, 200, {"b"}, True),
        (100, 200, {"d"}, True),
        (100, 200, {"c"}, False),
        (41, 50, set(), False),
        (40, 50, set(), True),
        (1, 20, set(), True),
        (1, 19, set(), False),
        (25, 30, set(), True),
        (1, 99, set(), True),
    ],
    ids=[
        "holds-the-first",
        "holds-the-last",
        "neither",
        "after",
        "at-the-end",
        "at-the-beginning",
        "before",
        "inside",
        "around",
    ],
)
def test_a_page_meets_what_is_held_where_they_share_an_entry_or_a_place(
    first_place: int, last_place: int, ids: set[str], is_met: bool
) -> None:
    page_span = Span(0, "first", first_place, "last", last_place)
    assert Span(1, "b", 20, "d", 40).meets(page_span, ids) is is_met


def test_pages_that_meet_leave_no_gap_and_others_do(archive: Archive) -> None:
    archive.write([page(archived("", "1"), archived("", "2", second=1), is_forward=False)])
    archive.write([page(archived("", "3", second=2), after="2")])
    assert (gaps(archive), archive.account_state(ELIZABETH).head) == ([], "3")
    archive.write([page(archived("", "8", second=7), archived("", "9", second=8), is_forward=False)])
    assert (gaps(archive), archive.account_state(ELIZABETH).head) == ([("3", "8")], "9")
    archive.write([page(archived("", "7", second=6), before="8")])
    assert gaps(archive) == [("3", "7")]
    archive.write([page(archived("", "4", second=3), after="3")])
    assert gaps(archive) == [("4", "7")]
    archive.write([e.ArchiveHeld(ELIZABETH, "10", NOON + timedelta(seconds=9))])
    assert archive.account_state(ELIZABETH).head == "10"
    archive.write(
        [page(archived("", "5", second=4), archived("", "6", second=5), archived("", "7", second=6), after="4")]
    )
    assert gaps(archive) == []


def test_a_gap_the_server_no_longer_has_anything_of_is_none(archive: Archive) -> None:
    archive.write([page(archived("", "1"), is_forward=False)])
    archive.write([page(archived("", "9", second=9), is_forward=False)])
    archive.write([page(archived("", "8", second=8), before="9", is_complete=True)])
    assert gaps(archive) == []


def test_entries_without_words_are_held_too(archive: Archive) -> None:
    receipt = ArchiveEntry("2", NOON, None)
    archive.write([page(archived("a", "1"), receipt)])
    archive.write([page(archived("b", "3"), after="2")])
    assert (bodies(archive), gaps(archive)) == (["a", "b"], [])


def test_older_history_of_a_conversation_may_be_at_the_server(archive: Archive) -> None:
    archive.write([page(archived("b", "2"), is_forward=False)])
    assert not archive.page(ELIZABETH, DARCY).is_start
    archive.write([page(archived("a", "1"), before="2", peer=DARCY, is_complete=True)])
    assert archive.page(ELIZABETH, DARCY).is_start
    assert archive.oldest_archived(ELIZABETH, DARCY) == "1"


# -- what is unread -----------------------------------------------------------------------------------------------


def unread(archive: Archive, peer: BareJID = DARCY) -> tuple[int, str | None]:
    summary = {one.peer: one for one in archive.conversations(ELIZABETH)}[peer]
    return summary.unread, summary.first_unread


def test_x_313_05_history_is_read_and_what_was_missed_is_not(archive: Archive) -> None:
    archive.write([page(archived("a", "1"), archived("b", "2"), is_forward=False)])
    assert unread(archive) == (0, None)
    archive.write([page(archived("c", "3", second=1), archived("d", "4", second=2), after="2", is_news=True)])
    assert unread(archive) == (2, "copy-3")
    archive.write([page(archived("0", "0"), before="1", peer=DARCY)])
    assert unread(archive) == (2, "copy-3")
    archive.write([e.ConversationRead(ELIZABETH, DARCY)])
    archive.write([page(archived("c", "3", second=1), archived("d", "4", second=2), after="2", is_news=True)])
    assert unread(archive) == (0, None)


def test_a_conversation_that_begins_with_news_is_unread_from_there(archive: Archive) -> None:
    archive.write([page(archived("a", "1", second=5), is_news=True)])
    archive.write([page(archived("0", "0"), before="1", peer=DARCY)])
    assert unread(archive) == (1, "copy-1")


def test_reading_names_the_last_entry_read(archive: Archive) -> None:
    archive.write([page(archived("a", "1"), archived("b", "2"), is_news=True)])
    archive.write([e.MessageQueued(ELIZABETH, outgoing("mine", minute=1))])
    assert archive.write([e.ConversationRead(ELIZABETH, DARCY)]) == [e.ConversationRead(ELIZABETH, DARCY, "2")]
    in_silence = e.ConversationRead(ELIZABETH, DARCY, is_told=False)
    assert archive.write([in_silence]) == [replace(in_silence, archive_id="2")]


def test_x_490_01_the_mark_of_another_device_moves_only_forward(archive: Archive) -> None:
    archive.write([page(*(archived(key, key, second=int(key)) for key in "12345"), is_news=True)])
    assert unread(archive) == (5, "copy-1")
    archive.write([e.DisplayedElsewhere(ELIZABETH, DARCY, "3")])
    assert unread(archive) == (2, "copy-4")
    archive.write([e.DisplayedElsewhere(ELIZABETH, DARCY, "2")])
    assert unread(archive) == (2, "copy-4")
    archive.write([e.DisplayedElsewhere(ELIZABETH, DARCY, "unknown")])
    assert unread(archive) == (2, "copy-4")


def test_x_490_01_a_mark_that_comes_before_its_message_waits_for_it(archive: Archive) -> None:
    archive.write([page(archived("0", "0"), is_forward=False)])
    archive.write([e.DisplayedElsewhere(ELIZABETH, DARCY, "2")])
    news = [archived(key, key, second=int(key)) for key in "123"]
    facts = archive.write([page(*news, after="0", is_news=True)])
    assert unread(archive) == (1, "copy-3")
    (merged,) = [fact for fact in facts if isinstance(fact, e.MessagesMerged)]
    assert (merged.unread, merged.first_unread) == (1, "copy-3")
    archive.write([e.DisplayedElsewhere(ELIZABETH, DARCY, "live")])
    live = replace(incoming("live", minute=1), archive_id="live")
    archive.write([e.MessageReceived(ELIZABETH, live)])
    assert unread(archive) == (0, None)


def test_the_unread_ones_that_name_the_user_are_counted_wherever_they_come_from(archive: Archive) -> None:
    def mentions() -> int:
        (summary,) = archive.conversations(ELIZABETH)
        return summary.mentions

    live = [incoming(f"live-{number}", minute=number, body=body) for number, body in enumerate(("Elizabeth!", "You!"))]
    archive.write([e.MessageReceived(ELIZABETH, message) for message in live])
    assert mentions() == 1
    news = [archived(key, key, second=300 + int(key), body=f"{key}, dear Elizabeth") for key in "123"]
    facts = archive.write([page(*news, after="0", is_news=True)])
    assert [fact.mentions for fact in facts if isinstance(fact, e.MessagesMerged)] == [4]
    assert mentions() == 4
    archive.write([e.ConversationRead(ELIZABETH, DARCY)])
    assert mentions() == 0
    archive.write([e.ConversationMarkedUnread(ELIZABETH, DARCY, "live-1")])
    assert mentions() == 3
    archive.write([e.ConversationPurged(ELIZABETH, DARCY)])
    assert mentions() == 0


def test_what_is_marked_unread_stays_so_when_the_server_tells_what_was_read_here_before(archive: Archive) -> None:
    archive.write([page(*(archived(key, key, second=int(key)) for key in "12345"), is_news=True)])
    archive.write([e.ConversationRead(ELIZABETH, DARCY)])
    (merged,) = archive.write([e.ConversationMarkedUnread(ELIZABETH, DARCY, "copy-3")])
    assert merged == e.MessagesMerged(ELIZABETH, DARCY, (), 3, "copy-3")
    assert unread(archive) == (3, "copy-3")
    archive.write([e.DisplayedElsewhere(ELIZABETH, DARCY, "5")])
    assert unread(archive) == (3, "copy-3")
    archive.write([e.MessageReceived(ELIZABETH, replace(incoming("6", minute=1), archive_id="6"))])
    assert unread(archive) == (4, "copy-3")
    archive.write([e.DisplayedElsewhere(ELIZABETH, DARCY, "6")])
    assert unread(archive) == (0, None)


def test_of_a_message_that_is_not_here_nothing_is_marked_unread(archive: Archive) -> None:
    archive.write([e.MessageReceived(ELIZABETH, incoming("a")), e.ConversationRead(ELIZABETH, DARCY)])
    assert archive.write([e.ConversationMarkedUnread(ELIZABETH, DARCY, "b")]) == []
    assert unread(archive) == (0, None)


def test_x_280_what_another_device_sent_is_not_unread(archive: Archive) -> None:
    sent = replace(outgoing("x", delivery=Delivery.ACKNOWLEDGED), archive_id="1")
    archive.write([e.MessageReceived(ELIZABETH, sent)])
    assert unread(archive) == (0, None)


# -- any interleaving ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """A message of the true archive, and how its copies look."""

    number: int
    peer: BareJID
    is_own: bool
    is_here: bool
    second: int
    body: str
    has_id: bool
    skew: int
    first: Said | None = None
    """What this one was sent again for."""

    @property
    def id(self) -> str:
        return f"a{self.number}"

    @property
    def key(self) -> str:
        return f"of-a-random-look-{self.number}"

    def message(self, key: str) -> Message:
        if self.first is not None:
            return replace(self.first.message(key), stamp=self.stamp)
        message = (outgoing if self.is_own else incoming)(key, body=self.body)
        name = self.key if self.is_own and self.is_here else self.key if self.has_id else None
        delivery = Delivery.ACKNOWLEDGED if self.is_own else Delivery.RECEIVED
        return replace(message, peer=self.peer, author=None, stanza_id=name, stamp=self.stamp, delivery=delivery)

    @property
    def stamp(self) -> datetime:
        return NOON + timedelta(seconds=self.second)

    def entry(self, key: str) -> ArchiveEntry:
        return ArchiveEntry(self.id, self.stamp, replace(self.message(key), archive_id=self.id))

    def live(self, key: str) -> Message:
        stamp = NOON + timedelta(seconds=self.second + self.skew)
        return replace(self.message(key), archive_id=self.id, stamp=stamp)

    def offline(self, key: str) -> Message:
        return replace(self.message(key), is_delayed=True)

    def queued(self) -> Message:
        stamp = NOON + timedelta(seconds=self.second + self.skew)
        return replace(self.message(self.key), stanza_id=None, stamp=stamp, delivery=Delivery.QUEUED)


@st.composite
def archives(draw: st.DrawFn) -> list[Said]:
    second = 0
    said: list[Said] = []
    skew = draw(st.integers(-20, 20))
    for _ in range(draw(st.integers(1, 14))):
        number = len(said)
        second += draw(st.sampled_from((0, 0, 0, 1, 30)))
        is_own = draw(st.booleans())
        said.append(
            Said(
                number,
                draw(st.sampled_from((DARCY, JANE))),
                is_own,
                is_own and draw(st.booleans()),
                second,
                draw(st.sampled_from((f"words {number}", "ok"))),
                draw(st.booleans()),
                skew,
            )
        )
        first = draw(st.sampled_from(said))
        if draw(st.integers(0, 5)) == 0 and first.first is None and (first.has_id or first.is_here):
            second += 1
            said.append(replace(first, number=len(said), second=second, first=first))
    return said


def edges_of(archive: Archive, *, is_forward: bool = True) -> tuple[str | None, ...]:
    """Return the entries from which a client asks on: where what is held ends, or begins."""
    state = archive.account_state(ELIZABETH)
    if is_forward:
        return (state.head, *(gap.after_id for gap in state.gaps))
    return tuple(gap.before_id for gap in state.gaps)


def _told(event: e.Event) -> str:
    if not isinstance(event, e.ArchivePageReceived):
        return str(event)
    ids = ",".join(entry.archive_id for entry in event.entries)
    side = "after" if event.is_forward else "before"
    return f"page {ids} {side} {event.anchor} of {event.peer}, complete: {event.is_complete}"


@settings(max_examples=200)
@given(st.data())
def test_any_interleaving_of_copies_is_the_archive_itself(data: st.DataObject) -> None:
    said = data.draw(archives())
    archive, store, keys = Archive.in_memory(), Store(), iter(range(10**6))
    store.apply(e.AccountAdded(ELIZABETH, OwnPresence()))
    known: list[int] = []  # numbers that came in pages, so that a page may be asked for beside them

    def write(*events: e.Event) -> None:
        note(" ".join(_told(event) for event in events))
        for fact in archive.write(events):
            store.apply(fact)

    def key() -> str:
        return f"k{next(keys)}"

    def take_page(chosen: list[Said], anchor: int | None, *, is_forward: bool, peer: BareJID | None, end: bool) -> None:
        entries = tuple(one.entry(key()) for one in chosen)
        name = None if anchor is None else f"a{anchor}"
        is_news = data.draw(st.booleans())
        write(e.ArchivePageReceived(ELIZABETH, entries, name, is_forward, end, peer, is_news))
        known.extend(one.number for one in chosen)

    for peer in (DARCY, JANE):
        store.apply(e.HistoryLoaded(ELIZABETH, peer, (), is_latest=True, is_start=True))
    for one in said:
        if one.is_here and one.first is None:
            write(e.MessageQueued(ELIZABETH, one.queued()))
    for _ in range(data.draw(st.integers(0, 12))):
        one = data.draw(st.sampled_from(said))
        match data.draw(st.sampled_from(("live", "offline", "delivery", "page", "page", "page"))):
            case "live" if not one.is_here:  # carbons are live copies too
                write(e.MessageReceived(ELIZABETH, one.live(key())))
            case "offline" if not one.is_own and (one.has_id or one.body != "ok"):
                write(e.MessageReceived(ELIZABETH, one.offline(key())))
            case "delivery" if one.is_here:
                state = data.draw(st.sampled_from((Delivery.SENT, Delivery.DELIVERED, Delivery.QUEUED)))
                write(e.DeliveryChanged(ELIZABETH, one.peer, one.key, state, NOON))
            case "page":
                within: BareJID | None = data.draw(st.sampled_from((None, None, one.peer)))
                is_forward = data.draw(st.booleans())
                edges = edges_of(archive, is_forward=is_forward) if within is None else ()
                anchors = [
                    None,
                    *(
                        n
                        for n in known
                        if within in (None, said[n].peer) and (not said[n].first or said[n].id in edges)
                    ),
                ]
                anchor = data.draw(st.sampled_from(anchors))
                there = [each for each in said if within in (None, each.peer)]
                size = data.draw(st.integers(1, 6))
                if is_forward:
                    rest = [each for each in there if anchor is None or each.number > anchor]
                    take_page(rest[:size], anchor, is_forward=True, peer=within, end=len(rest) <= size)
                else:
                    rest = [each for each in there if anchor is None or each.number < anchor]
                    take_page(rest[-size:], anchor, is_forward=False, peer=within, end=len(rest) <= size)
            case _:
                pass
    # At last the whole archive has come.
    start, anchor, least = 0, None, 1
    while start < len(said):
        end = start + data.draw(st.integers(least, 6 + least))
        take_page(said[start:end], anchor, is_forward=True, peer=None, end=end >= len(said))
        start, least = end, 1
        while start < len(said) and said[start - 1].first and said[start - 1].id not in edges_of(archive):
            start, least = start - 1, least + 1
        anchor = start - 1
    for peer in (DARCY, JANE):
        held = archive.page(ELIZABETH, peer).messages
        assert [message.archive_id for message in held] == [
            one.id for one in said if one.peer == peer and one.first is None
        ]
        assert store.conversation(ELIZABETH, peer).messages == held
    assert archive.account_state(ELIZABETH).gaps == ()
    assert archive.account_state(ELIZABETH).head == said[-1].id
    archive.close()


def answer(key: str, *, second: float) -> Message:
    """Return what the user said on another device."""
    stamp = NOON + timedelta(seconds=second)
    return replace(outgoing(key), stanza_id=key, stamp=stamp, delivery=Delivery.ACKNOWLEDGED)


def test_what_was_answered_on_another_device_is_read(archive: Archive) -> None:
    archive.write([e.MessageReceived(ELIZABETH, incoming(key, minute=minute)) for minute, key in enumerate("ab")])
    archive.write([e.MessageReceived(ELIZABETH, incoming("j", peer=JANE))])
    (fact,) = archive.write([e.MessageReceived(ELIZABETH, answer("mine", second=90))])
    assert isinstance(fact, e.MessagesMerged)
    assert (fact.unread, [message.key for message in fact.messages]) == (0, ["mine"])
    assert (unread(archive), unread(archive, JANE)) == ((0, None), (1, "j"))
    archive.write([e.MessageReceived(ELIZABETH, incoming("c", minute=2))])
    assert unread(archive) == (1, "c")


def test_what_was_answered_on_another_device_while_this_one_was_off_is_read(archive: Archive) -> None:
    said = ArchiveEntry("2", NOON + timedelta(seconds=1), replace(answer("mine", second=1), archive_id="2"))
    archive.write([page(archived("0", "0"), is_forward=False)])
    archive.write([page(archived("a", "1"), said, archived("b", "3", second=2), after="0", is_news=True)])
    assert unread(archive) == (1, "copy-3")


def test_what_is_written_here_while_more_comes_leaves_that_unread(archive: Archive) -> None:
    archive.write([e.MessageReceived(ELIZABETH, incoming("a")), e.MessageQueued(ELIZABETH, outgoing("b", minute=1))])
    assert unread(archive) == (1, "a")
