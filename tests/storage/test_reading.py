"""Searching, jumping, exporting, purging, and what is saved of a damaged archive."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.facts import DARCY, ELIZABETH, JANE, NOON, incoming, outgoing
from tui_xmpp.core import events as e
from tui_xmpp.core.model import OwnPresence
from tui_xmpp.core.search import Query, QueryError, parse_query
from tui_xmpp.core.store import Store
from tui_xmpp.storage.archive import Archive
from tui_xmpp.storage.export import ExportError, export
from tui_xmpp.storage.schema import MIGRATIONS

DAY = 24 * 60


@pytest.fixture
def archive() -> Iterator[Archive]:
    with closing(Archive.in_memory()) as archive:
        for key, minute, body in (
            ("a", 0, "Tolerable, I suppose"),
            ("b", DAY, "not handsome enough to tempt me: https://netherfield.lit/ball"),
            ("c", 2 * DAY, "in vain have I struggled"),
        ):
            archive.write([e.MessageReceived(ELIZABETH, incoming(key, minute=minute, body=body))])
        archive.write([e.MessageReceived(ELIZABETH, incoming("d", minute=3 * DAY, body="Vain?", peer=JANE))])
        archive.write([e.MessageQueued(ELIZABETH, outgoing("e", minute=4 * DAY, body="I have in vain tried"))])
        yield archive


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("vain", "edc"),
        ("VÁIN", "edc"),
        ("strug", "c"),
        ("in vain", "ec"),
        ('"in vain have"', "c"),
        ("vain from:me", "e"),
        ("vain from:darcy", "c"),
        ("vain in:jane", "d"),
        ("in:darcy", "ecba"),
        ("in:nobody", ""),
        ("has:link", "b"),
        ("has:link tempt", "b"),
        ("vain after:2026-11-22", "ed"),
        ("vain before:2026-11-22", "c"),
        ('"', "edcba"),
        ("nothing-like-it", ""),
        ("vain OR tempt", ""),
        ("NEAR(", ""),
    ],
)
def test_what_a_query_finds(archive: Archive, query: str, keys: str) -> None:
    found, more = archive.search(parse_query(query), (ELIZABETH,))
    assert ("".join(one.message.key for one in found), more) == (keys, None)


ANY = st.text(
    st.sampled_from("ab\"'*()-+:^%_\\;{}% \n\0\u202e飯é") | st.characters(exclude_categories=["Cs"]), max_size=30
)
QUERIES = st.lists(
    ANY
    | st.sampled_from(["vain", "NEAR(a b, 2)", "a AND", "OR", "NOT", "body:", "from:", "in:darcy", "has:link", '"']),
    max_size=4,
).map(" ".join)


@given(QUERIES)
@settings(max_examples=80)
def test_s_51_whatever_is_searched_for_is_looked_for_and_nothing_else(query: str) -> None:
    with closing(Archive.in_memory()) as archive:
        archive.write([e.MessageReceived(ELIZABETH, incoming("a", body="vain"))])
        with suppress(QueryError):
            found, _ = archive.search(parse_query(query), (ELIZABETH,))
            assert [one.message.key for one in found] in ([], ["a"])
        assert [message.body for message in archive.page(ELIZABETH, DARCY).messages] == ["vain"]


@given(ANY.filter(bool), ANY)
@settings(max_examples=40)
def test_s_51_whatever_is_said_is_kept_as_it_is(body: str, subject: str) -> None:
    with closing(Archive.in_memory()) as archive:
        archive.write([e.MessageReceived(ELIZABETH, replace(incoming("a", body=body), subject=subject))])
        assert [(one.body, one.subject) for one in archive.page(ELIZABETH, DARCY).messages] == [(body, subject)]


UNSPACED = (
    ("f", "我們早飯後去散步吧"),
    ("g", "東京タワーはTokyo Towerです"),
    ("h", "วันนี้อากาศดีมาก"),
    ("i", "오늘은날씨가좋다"),
    ("j", "a football at the ball of 好 people"),
    ("k", "ball"),
)


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("早飯", "f"),
        ("飯後去", "f"),
        ("飯早", ""),
        ("步", "f"),
        ("タワー", "g"),
        ("タワー tokyo", "g"),
        ("tok", "g"),
        ("อากาศ", "h"),
        ("날씨", "i"),
        ("好", "j"),
        ('"of 好 people"', "j"),
        ("ball", "kj"),
        ("otbal", "j"),
        ("OTBAL peop", "j"),
        ("otbal from:me", ""),
    ],
)
def test_words_without_spaces_and_parts_of_words_are_found(query: str, keys: str) -> None:
    with closing(Archive.in_memory()) as archive:
        for minute, (key, body) in enumerate(UNSPACED):
            archive.write([e.MessageReceived(ELIZABETH, incoming(key, minute=minute, body=body))])
        found, _ = archive.search(parse_query(query), (ELIZABETH,))
        assert "".join(one.message.key for one in found) == keys


def test_only_the_newest_are_looked_through_for_parts_of_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_xmpp.storage.search._NEWEST", 3)
    with closing(Archive.in_memory()) as archive:
        archive.write([e.MessageReceived(ELIZABETH, incoming(key, minute=ord(key), body="football")) for key in "abcd"])
        found, more = archive.search(parse_query("otbal"), (ELIZABETH,), limit=2)
        assert [one.message.key for one in found] == ["d", "c"]
        found, more = archive.search(parse_query("otbal"), (ELIZABETH,), more, limit=2)
        assert ([one.message.key for one in found], more) == (["b"], None)


def test_what_was_indexed_before_scripts_without_spaces_were_is_indexed_anew(tmp_path: Path) -> None:
    version = next(number for number, script in enumerate(MIGRATIONS) if "spaced(" in script)
    path = tmp_path / "archive.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        for script in MIGRATIONS[:version]:
            old.executescript(script)
        old.execute(f"PRAGMA user_version = {version}")
        old.execute("INSERT INTO account (jid) VALUES (?)", (str(ELIZABETH),))
        old.execute("INSERT INTO conversation (account, peer) VALUES (1, ?)", (str(DARCY),))
        for number, (key, body) in enumerate(UNSPACED):
            old.execute(
                "INSERT INTO message (account, conversation, key, stamp, direction, kind, subject, body, thread,"
                " delivery, is_delayed, place) VALUES (1, 1, ?, 0, 'in', 'chat', '', ?, '', 'received', 0, ?)",
                (key, body, number + 1),
            )
        old.execute("INSERT INTO message_text (rowid, body) SELECT id, body FROM message")
        old.execute("UPDATE message_indexed SET last = (SELECT max(id) FROM message)")
    with closing(Archive.open(path)) as archive:

        def found(query: str) -> str:
            return "".join(one.message.key for one in archive.search(parse_query(query), (ELIZABETH,))[0])

        assert (found("早飯"), found("ball"), found("タワー")) == ("f", "kj", "g")
        archive.write([e.MessageDiscarded(ELIZABETH, DARCY, "f"), e.MessageDiscarded(ELIZABETH, DARCY, "k")])
        assert (found("早飯"), found("ball"), found("タワー")) == ("", "j", "g")


@pytest.fixture
def half_indexed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an archive of five messages none of which is in the index, which then takes two at a time."""
    path = tmp_path / "archive.sqlite"
    with closing(Archive.open(path)) as archive:
        archive.write([e.MessageReceived(ELIZABETH, incoming(key, minute=ord(key), body="books")) for key in "abcde"])
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO message_text (message_text) VALUES ('delete-all')")
        connection.execute("UPDATE message_indexed SET last = 0")
    monkeypatch.setattr("tui_xmpp.storage.search.PART", 2)
    monkeypatch.setattr("tui_xmpp.storage.search._NEWEST", 0)
    return path


def test_an_index_that_is_behind_is_filled_in_parts_and_what_is_said_meanwhile_is_found(half_indexed: Path) -> None:
    def found(archive: Archive) -> str:
        return "".join(one.message.key for one in archive.search(parse_query("books"), (ELIZABETH,))[0])

    with closing(Archive.open(half_indexed)) as archive:
        assert (found(archive), archive.is_index_whole) == ("ba", False)
        archive.write([e.MessageReceived(ELIZABETH, incoming("f", minute=ord("f"), body="books"))])
        archive.write([e.MessageDiscarded(ELIZABETH, DARCY, "b")])
        assert found(archive) == "a"
    with closing(Archive.open(half_indexed)) as archive:
        assert found(archive) == "dca"
        assert [archive.index_part(), archive.index_part()] == [100, 100]
        assert (found(archive), archive.is_index_whole) == ("fedca", True)
        archive.write([e.MessageReceived(ELIZABETH, incoming("g", minute=ord("g"), body="books"))])
        assert found(archive) == "gfedca"


def test_results_come_in_pages_with_their_neighbours(archive: Archive) -> None:
    found, more = archive.search(parse_query("vain"), (ELIZABETH,), limit=2)
    assert [one.message.key for one in found] == ["e", "d"]
    assert [message.key for message in (*found[0].before, *found[0].after)] == ["c"]
    found, more = archive.search(parse_query("vain"), (ELIZABETH,), more, limit=2)
    assert ([one.message.key for one in found], more) == (["c"], None)
    assert archive.search(parse_query("vain"), (JANE,)) == ((), None)


def test_common_words_are_found_by_time_too(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_xmpp.storage.search._RARE", 1)
    found, more = archive.search(parse_query("vain"), (ELIZABETH,), limit=2)
    assert [one.message.key for one in found] == ["e", "d"]
    found, more = archive.search(parse_query("vain"), (ELIZABETH,), more, limit=2)
    assert ([one.message.key for one in found], more) == (["c"], None)


def test_words_of_a_query_that_cannot_be_understood_are_named() -> None:
    assert parse_query("") == Query()
    assert parse_query("after:2026").after == datetime(2026, 1, 1).astimezone()
    for text in ("before:sometime", "after:2026-13-40", "has:hope"):
        with pytest.raises(QueryError, match=text.split(":")[1]):
            parse_query(text)


def test_a_window_around_a_message_or_a_day(archive: Archive) -> None:
    archive.write([e.MessageReceived(ELIZABETH, incoming(f"m{n}", minute=10 * DAY + n)) for n in range(50)])
    window = archive.window(ELIZABETH, DARCY, "m20", limit=10)
    assert window is not None
    assert [message.key for message in window.messages] == [f"m{n}" for n in range(15, 25)]
    assert (window.is_latest, window.is_start) == (False, False)
    store = Store()
    store.apply(e.AccountAdded(ELIZABETH, archive.account_state(ELIZABETH).own or _own()))
    store.apply(window)
    view = store.conversation(ELIZABETH, DARCY)
    assert (len(view.messages), view.has_older, view.has_newer) == (10, True, True)
    newer = archive.newer_page(ELIZABETH, DARCY, view.messages[-1])
    store.apply(newer)
    view = store.conversation(ELIZABETH, DARCY)
    assert (view.messages[-1].key, view.has_newer) == ("m49", False)
    first = archive.window(ELIZABETH, DARCY, NOON - timedelta(days=9), limit=4)
    assert first is not None
    assert ([message.key for message in first.messages], first.is_start) == (["a", "b"], True)
    assert archive.window(ELIZABETH, DARCY, "gone") is None


def _own() -> OwnPresence:
    return OwnPresence()


def test_a_conversation_is_written_as_text_and_as_json_lines(archive: Archive, tmp_path: Path) -> None:
    archive.write([e.MessageQueued(ELIZABETH, replace(outgoing("f", minute=5 * DAY, body="one\ntwo"), subject="S"))])
    export(archive, ELIZABETH, DARCY, tmp_path / "a.txt")
    lines = (tmp_path / "a.txt").read_text().splitlines()
    assert len(lines) == 7
    assert lines[0].endswith("darcy@pemberley.lit: Tolerable, I suppose")
    assert lines[-3:] == [lines[-3], "    one", "    two"]
    assert lines[-3].endswith("elizabeth@longbourn.lit: [S]")
    export(archive, ELIZABETH, DARCY, tmp_path / "a.jsonl")
    told = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert [one["body"] for one in told][-1] == "one\ntwo"
    assert (tmp_path / "a.jsonl").stat().st_mode & 0o777 == 0o600
    with pytest.raises(ExportError, match="there already"):
        export(archive, ELIZABETH, DARCY, tmp_path / "a.txt")
    with pytest.raises(ExportError, match="cannot be written"):
        export(archive, ELIZABETH, DARCY, tmp_path / "no" / "a.txt")


def test_what_is_gone_or_changed_within_one_transaction_is_not_found() -> None:
    """The index takes new words at the end of it: what it never had must not be taken out of it."""
    with closing(Archive.in_memory()) as archive:
        said = [
            e.MessageReceived(ELIZABETH, incoming(key, minute=n, body=f"{key} vain")) for n, key in enumerate("abc")
        ]
        correction = replace(incoming("x", minute=9, body="corrected vain"), replaces="b")
        archive.write([*said, e.MessageDiscarded(ELIZABETH, DARCY, "c"), e.MessageCorrected(ELIZABETH, correction)])
        archive.write([e.MessageReceived(ELIZABETH, incoming("d", minute=10, body="d vain"))])
        archive.write([e.MessageDiscarded(ELIZABETH, DARCY, "d")])
        archive.write([e.MessageReceived(ELIZABETH, incoming("e", minute=11, body="e vain"))])

        def found(words: str) -> str:
            return "".join(one.message.key for one in archive.search(parse_query(words), (ELIZABETH,))[0])

        assert (found("vain"), found("corrected"), found('"b vain"'), found("e")) == ("eba", "b", "", "e")
        archive._connection.execute("INSERT INTO message_text (message_text, rank) VALUES ('integrity-check', 1)")


def test_a_purged_conversation_leaves_nothing_to_find(archive: Archive) -> None:
    archive.write([e.ConversationPurged(ELIZABETH, DARCY)])
    assert archive.page(ELIZABETH, DARCY).messages == ()
    found, _ = archive.search(parse_query("vain"), (ELIZABETH,))
    assert [one.message.key for one in found] == ["d"]
    assert {one.peer: one.unread for one in archive.conversations(ELIZABETH)} == {DARCY: 0, JANE: 1}
    archive.write([e.MessageReceived(ELIZABETH, incoming("new", minute=9 * DAY))])
    assert {one.peer: one.unread for one in archive.conversations(ELIZABETH)} == {DARCY: 1, JANE: 1}


def test_what_is_readable_of_a_damaged_archive_is_saved(tmp_path: Path) -> None:
    path = tmp_path / "archive.sqlite"
    archive = Archive.open(path)
    archive.write([e.MessageReceived(ELIZABETH, incoming(f"m{n}", minute=n, body="words " * 50)) for n in range(500)])
    archive.close()
    data = bytearray(path.read_bytes())
    data[100:108] = b"\xff" * 8  # the first page's own header: the table of tables
    path.write_bytes(data)
    damaged = Archive.open(path)
    assert "damaged" in damaged.notice
    damaged.close()

    path = tmp_path / "other.sqlite"
    archive = Archive.open(path)
    archive.write([e.MessageReceived(ELIZABETH, incoming(f"m{n}", minute=n, body="words " * 50)) for n in range(500)])
    archive.close()
    from tui_xmpp.storage import recovery

    aside = recovery.set_aside(path, "aside.sqlite")
    data = bytearray(aside.read_bytes())
    middle = data.find(b"words " * 50, len(data) // 2) // 4096 * 4096
    data[middle : middle + 4096] = b"\xff" * 4096
    aside.write_bytes(data)
    fresh = Archive.open(path)
    assert 300 < recovery.recover(fresh._connection, aside) < 500
    assert len(fresh.page(ELIZABETH, DARCY).messages) == 200
    assert fresh.search(parse_query("words"), (ELIZABETH,))[0]
    fresh.close()


def test_a_page_costs_the_same_however_much_is_stored() -> None:
    costs: list[int] = []
    for count in (1000, 8000):
        with closing(Archive.in_memory()) as archive:
            said = [incoming(f"key{number}", minute=number) for number in range(count)]
            archive.write([e.MessageReceived(ELIZABETH, message) for message in said])
            steps = 0

            def step() -> int:
                nonlocal steps
                steps += 1
                return 0

            archive._connection.set_progress_handler(step, 100)  # of SQLite's own machine
            archive.page(ELIZABETH, DARCY, said[500])
            archive.newer_page(ELIZABETH, DARCY, said[500])
            archive.window(ELIZABETH, DARCY, "key500")
            archive._connection.set_progress_handler(None, 0)
            costs.append(steps)
    assert costs[1] <= costs[0] * 1.1
