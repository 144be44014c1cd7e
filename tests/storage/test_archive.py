from __future__ import annotations

import fcntl
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.facts import DARCY, ELIZABETH, JANE, NOON, incoming, outgoing
from tui_xmpp.core import events as e
from tui_xmpp.core.model import Delivery, Failure, OwnPresence, RosterItem, Show, Subscription
from tui_xmpp.core.search import parse_query
from tui_xmpp.storage.archive import Archive, ArchiveError
from tui_xmpp.storage.schema import MIGRATIONS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "archive.sqlite"


@pytest.fixture
def archive(path: Path) -> Iterator[Archive]:
    archive = Archive.open(path)
    yield archive
    archive.close()


def reopened(archive: Archive, path: Path) -> Archive:
    archive.close()
    return Archive.open(path)


def test_messages_come_back_whole(archive: Archive, path: Path) -> None:
    said = replace(
        incoming("a", body="naïve 🏇\nsecond line"), files=(("https://a.example/b.jpg", "b"),), is_unstyled=True
    )
    failed = outgoing("b", minute=1)
    archive.write([e.MessageReceived(ELIZABETH, said), e.MessageQueued(ELIZABETH, failed)])
    failure = Failure("item-not-found", "Nobody there.", "gone away")
    archive.write([e.DeliveryChanged(ELIZABETH, DARCY, "b", Delivery.FAILED, NOON, failure)])
    again = reopened(archive, path)
    first, second = again.page(ELIZABETH, DARCY).messages
    assert first == replace(said, origin_id="a", place=first.place)
    assert (second.delivery, second.failure) == (Delivery.FAILED, failure)
    again.close()


def test_a_message_written_twice_is_one_row_and_one_unread(archive: Archive) -> None:
    archive.write([e.MessageReceived(ELIZABETH, incoming("a"))] * 2)
    archive.write([e.MessageReceived(ELIZABETH, incoming("a"))])
    (summary,) = archive.conversations(ELIZABETH)
    assert (summary.unread, summary.first_unread) == (1, "a")
    assert len(archive.page(ELIZABETH, DARCY).messages) == 1


def test_pages_go_back_without_gap_or_overlap(archive: Archive) -> None:
    # Three share each moment: paging must not lose or repeat among equals.
    archive.write([e.MessageReceived(ELIZABETH, incoming(str(n), minute=n // 3)) for n in range(25)])
    found: list[str] = []
    page = archive.page(ELIZABETH, DARCY, limit=4)
    assert page.is_latest
    while True:
        found = [message.key for message in page.messages] + found
        if page.is_start:
            break
        page = archive.page(ELIZABETH, DARCY, before=page.messages[0], limit=4)
        assert not page.is_latest
    assert found == [str(n) for n in range(25)]


def test_the_outbox_is_what_is_not_known_to_have_arrived(archive: Archive) -> None:
    archive.write([e.MessageQueued(ELIZABETH, outgoing(k, minute=i)) for i, k in enumerate("abc")])
    archive.write([e.DeliveryChanged(ELIZABETH, DARCY, "b", Delivery.ACKNOWLEDGED, NOON)])
    archive.write([e.DeliveryChanged(ELIZABETH, DARCY, "c", Delivery.SENT, NOON)])
    assert [(m.key, m.peer) for m in archive.outbox(ELIZABETH)] == [("a", DARCY), ("c", DARCY)]


def test_the_outbox_is_that_of_one_account(archive: Archive) -> None:
    archive.write([e.MessageQueued(ELIZABETH, outgoing("a")), e.MessageReceived(JANE, incoming("b"))])
    archive.write([e.MessageQueued(JANE, replace(outgoing("c"), account=JANE))])
    assert [message.key for message in archive.outbox(ELIZABETH)] == ["a"]
    assert [message.key for message in archive.outbox(JANE)] == ["c"]
    assert [message.key for message in archive.page(JANE, DARCY).messages] == ["b", "c"]
    assert [message.key for message in archive.page(ELIZABETH, DARCY).messages] == ["a"]


def test_a_full_disk_is_one_sentence_and_keeps_all_of_it_or_nothing(archive: Archive) -> None:
    archive.write([e.MessageQueued(ELIZABETH, outgoing("a"))])
    (pages,) = archive._connection.execute("PRAGMA page_count").fetchone()
    archive._connection.execute(f"PRAGMA max_page_count = {pages}")
    much = [e.MessageReceived(JANE, incoming(str(n), body="much " * 1000)) for n in range(50)]
    with pytest.raises(ArchiveError) as caught:
        archive.write(much)
    assert str(caught.value) == (
        "The archive could not be written: the disk is full or failing."
        " Free some space; nothing was acknowledged that was not kept."
    )
    assert archive.page(JANE, DARCY).messages == ()
    archive._connection.execute(f"PRAGMA max_page_count = {100 * pages}")
    assert len(archive.write(much)) == 50
    assert len(archive.page(JANE, DARCY).messages) == 50


def test_whoever_reads_does_not_wait_for_who_writes(archive: Archive, path: Path) -> None:
    assert archive._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_the_ladder_holds_on_disk_too(archive: Archive) -> None:
    archive.write([e.MessageQueued(ELIZABETH, outgoing("a"))])
    archive.write([e.DeliveryChanged(ELIZABETH, DARCY, "a", Delivery.DELIVERED, NOON)])
    archive.write([e.DeliveryChanged(ELIZABETH, DARCY, "a", Delivery.SENT, NOON)])
    assert archive.page(ELIZABETH, DARCY).messages[0].delivery is Delivery.DELIVERED


def test_a_discarded_message_is_gone(archive: Archive) -> None:
    archive.write([e.MessageQueued(ELIZABETH, outgoing("a")), e.MessageDiscarded(ELIZABETH, DARCY, "a")])
    assert archive.page(ELIZABETH, DARCY).messages == ()


def test_the_roster_cache_and_its_version_move_together(archive: Archive, path: Path) -> None:
    item = RosterItem(DARCY, "Fitzwilliam", ("Friends", "Derbyshire"), Subscription.BOTH, True, True)
    archive.write([e.RosterReplaced(ELIZABETH, (item, RosterItem(JANE)), "v1")])
    archive.write([e.RosterItemRemoved(ELIZABETH, JANE, "v2")])
    again = reopened(archive, path)
    state = again.account_state(ELIZABETH)
    assert (state.roster, state.roster_version) == ((item,), "v2")
    again.close()


def test_what_an_account_chose_and_proved_survives(archive: Archive, path: Path) -> None:
    own = OwnPresence(Show.DND, "reading", -3)
    archive.write(
        [
            e.OwnPresenceChanged(ELIZABETH, own),
            e.AuthenticationPinned(ELIZABETH, {"family": "scram"}),
            e.CertificatePinned(ELIZABETH, "ab" * 32),
            e.DraftChanged(ELIZABETH, DARCY, "I was"),
        ]
    )
    archive.remember("folded", ["Friends"])
    again = reopened(archive, path)
    state = again.account_state(ELIZABETH)
    assert (state.own, state.pin, state.certificate_sha256) == (own, {"family": "scram"}, "ab" * 32)
    assert again.conversations(ELIZABETH)[0].draft == "I was"
    assert again.remembered() == {"folded": ["Friends"]}
    again.close()


def test_reading_clears_the_count(archive: Archive) -> None:
    archive.write([e.MessageReceived(ELIZABETH, incoming("a")), e.ConversationRead(ELIZABETH, DARCY)])
    (summary,) = archive.conversations(ELIZABETH)
    assert (summary.unread, summary.first_unread) == (0, None)


def test_the_newest_message_of_each_conversation_is_found(archive: Archive) -> None:
    said = [incoming("a"), incoming("b", minute=2), replace(incoming("c"), peer=JANE), outgoing("d", minute=1)]
    archive.write([e.MessageReceived(ELIZABETH, message) for message in said])
    assert {message.key for message in archive.last_messages(ELIZABETH)} == {"c", "d"}
    assert archive.last_messages(JANE) == ()


def test_accounts_do_not_see_each_other(archive: Archive) -> None:
    archive.write([e.MessageReceived(ELIZABETH, incoming("a"))])
    assert archive.page(JANE, DARCY).messages == ()
    assert archive.conversations(JANE) == ()


def test_a_failed_write_keeps_nothing_of_its_batch(archive: Archive, path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute(
            "CREATE TRIGGER full BEFORE INSERT ON message WHEN new.key = 'b'"
            " BEGIN SELECT raise(ABORT, 'database or disk is full'); END"
        )
    other.close()
    with pytest.raises(ArchiveError, match="disk is full"):
        archive.write([e.MessageReceived(ELIZABETH, incoming(key)) for key in "ab"])
    assert archive.page(ELIZABETH, DARCY).messages == ()
    archive.write([e.MessageReceived(ELIZABETH, incoming("a"))])
    assert len(archive.page(ELIZABETH, DARCY).messages) == 1


def test_a_second_instance_reads_and_says_so(archive: Archive, path: Path) -> None:
    archive.write([e.MessageReceived(ELIZABETH, incoming("a"))])
    second = Archive.open(path)
    assert second.is_read_only
    assert "Another tui-xmpp" in second.notice
    second.write([e.MessageReceived(ELIZABETH, incoming("b"))])
    assert [m.key for m in second.page(ELIZABETH, DARCY).messages] == ["a"]
    second.close()


def test_a_second_instance_does_not_read_tables_that_are_still_being_made(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_xmpp.storage.archive.SETTING_UP", 0.0)
    path.parent.mkdir(parents=True)
    path.touch()
    with path.with_suffix(".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ArchiveError, match="setting up"):
            Archive.open(path)
    Archive.open(path).close()


def test_a_damaged_file_is_set_aside_and_said_so(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"this is not a database, not at all" * 100)
    archive = Archive.open(path)
    assert "damaged" in archive.notice
    archive.write([e.MessageReceived(ELIZABETH, incoming("a"))])
    archive.close()
    (aside,) = path.parent.glob("*.damaged-*")
    assert aside.read_bytes().startswith(b"this is not")


def test_a_newer_schema_is_left_alone(archive: Archive, path: Path) -> None:
    archive.close()
    with sqlite3.connect(path) as other:
        other.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    other.close()
    with pytest.raises(ArchiveError, match="newer version"):
        Archive.open(path)


def test_an_archive_of_the_first_version_is_brought_up_with_all_it_holds(path: Path) -> None:
    path.parent.mkdir(parents=True)
    old = sqlite3.connect(path)
    old.executescript(f"BEGIN; {MIGRATIONS[0]} PRAGMA user_version = 1; COMMIT;")
    old.execute("INSERT INTO account (jid, roster_version) VALUES ('elizabeth@longbourn.lit', 'v7')")
    old.execute(
        "INSERT INTO conversation (account, peer, unread, first_unread, draft) VALUES (1, ?, 1, 'c', 'Sir,')",
        (str(DARCY),),
    )
    old.execute("INSERT INTO conversation (account, peer) VALUES (1, ?)", (str(JANE),))
    stamp = int(NOON.timestamp()) * 1_000_000
    for key, conversation, direction, delivery in (
        ("b", 1, "out", "sent"), ("a", 1, "in", "received"), ("c", 1, "in", "received"), ("j", 2, "in", "received"),
    ):  # fmt: skip
        old.execute(
            "INSERT INTO message (account, conversation, key, stamp, direction, kind, author, stanza_id, subject, body,"
            " thread, delivery, is_delayed) VALUES (1, ?, ?, ?, ?, 'chat', NULL, NULL, '', ?, '', ?, 0)",
            (conversation, key, stamp, direction, f"said {key}", delivery),
        )
    old.commit()
    old.close()
    archive = Archive.open(path)
    messages = archive.page(ELIZABETH, DARCY).messages
    assert [(message.key, message.origin_id) for message in messages] == [("b", "b"), ("a", None), ("c", None)]
    assert len({message.place for message in messages}) == 3
    darcy, jane = sorted(archive.conversations(ELIZABETH), key=lambda one: str(one.peer))
    assert (darcy.unread, darcy.first_unread, darcy.draft, jane.unread) == (1, "c", "Sir,", 0)
    assert archive.account_state(ELIZABETH).roster_version == "v7"
    assert [message.key for message in archive.outbox(ELIZABETH)] == ["b"]
    found, _ = archive.search(parse_query("said c"), (ELIZABETH,))
    assert [one.message.key for one in found] == ["c"]
    archive.write([e.MessageReceived(ELIZABETH, incoming("d", minute=1))])
    assert {one.peer: one.unread for one in archive.conversations(ELIZABETH)} == {DARCY: 2, JANE: 0}
    archive.close()


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ArchiveError, match="data folder"):
        Archive.open(tmp_path / "file" / "archive.sqlite")


def test_s_48_only_the_owner_may_read_the_archive(archive: Archive, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
