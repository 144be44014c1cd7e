"""Corrections on disk, live and in pages of the server's archive, whichever comes first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.storage.test_merging import archived, bodies, page, unread
from tests.support.facts import DARCY, ELIZABETH, JANE, incoming, outgoing
from tui_xmpp.core import events as e
from tui_xmpp.core.model import ArchiveEntry, Message, Reply
from tui_xmpp.core.search import parse_query
from tui_xmpp.storage.archive import Archive

BAD = incoming("bad1", body="yonder airlock")


@pytest.fixture
def archive() -> Iterator[Archive]:
    with closing(Archive.in_memory()) as archive:
        yield archive


def correction(body: str = "yonder window", key: str = "good1", *, of: str = "bad1", minute: float = 1) -> Message:
    return replace(incoming(key, body=body, minute=minute), replaces=of)


def in_archive(message: Message, archive_id: str) -> ArchiveEntry:
    return ArchiveEntry(archive_id, message.stamp, replace(message, key=f"archive:{archive_id}", archive_id=archive_id))


def only(archive: Archive) -> Message:
    (message,) = archive.page(ELIZABETH, DARCY).messages
    return message


def test_a_correction_keeps_row_place_and_former_text_over_a_restart(tmp_path: Path) -> None:
    with closing(Archive.open(tmp_path / "a.sqlite")) as archive:
        archive.write([e.MessageReceived(ELIZABETH, BAD)])
        before = only(archive)
        (merged,) = archive.write([e.MessageCorrected(ELIZABETH, correction())])
        assert isinstance(merged, e.MessagesMerged)
        assert (merged.unread, merged.first_unread) == (1, "bad1")
    with closing(Archive.open(tmp_path / "a.sqlite")) as archive:
        now = only(archive)
        assert merged.messages == (now,)
        assert (now.key, now.place, now.body) == (before.key, before.place, "yonder window")
        assert [version.body for version in now.versions] == ["yonder airlock", "yonder window"]
        found, _ = archive.search(parse_query("window"), [ELIZABETH])
        assert [one.message.key for one in found] == ["bad1"]
        assert archive.search(parse_query("airlock"), [ELIZABETH])[0] == ()


def test_s_11_a_correction_from_another_conversation_or_side_is_a_message_of_its_own(archive: Archive) -> None:
    archive.write([e.MessageReceived(ELIZABETH, BAD), e.MessageQueued(ELIZABETH, outgoing("mine", minute=1))])
    archive.write([e.MessageCorrected(ELIZABETH, replace(correction(), peer=JANE, author=JANE))])
    archive.write([e.MessageCorrected(ELIZABETH, correction("forged", "forged", of="mine", minute=2))])
    assert bodies(archive) == ["yonder airlock", "mine", "forged"]
    assert bodies(archive, JANE) == ["yonder window"]


def test_a_message_is_found_by_the_id_of_its_stanza_too(archive: Archive) -> None:
    archive.write([e.MessageReceived(ELIZABETH, replace(BAD, origin_id="origin"))])
    archive.write([e.MessageCorrected(ELIZABETH, correction())])
    assert bodies(archive) == ["yonder window"]


def test_the_archive_s_copies_of_both_change_nothing(archive: Archive) -> None:
    archive.write([e.MessageReceived(ELIZABETH, BAD), e.MessageCorrected(ELIZABETH, correction())])
    entries = [in_archive(BAD, "1"), in_archive(correction(), "2")]
    archive.write([page(*entries)])
    archive.write([page(*entries)])
    assert only(archive).body == "yonder window"
    assert len(only(archive).versions) == 2
    assert only(archive).archive_id == "1"


def test_a_page_with_a_message_and_its_correction_makes_one_row_and_one_unread(archive: Archive) -> None:
    archive.write([page(in_archive(BAD, "1"), in_archive(correction(), "2"), is_news=True)])
    assert bodies(archive) == ["yonder window"]
    assert unread(archive) == (1, "archive:1")


def test_a_correction_missed_while_away_corrects_what_is_held(archive: Archive) -> None:
    archive.write([page(in_archive(BAD, "1"), is_news=True), e.ConversationRead(ELIZABETH, DARCY)])
    facts = archive.write([page(in_archive(correction(), "2"), after="1", is_news=True)])
    assert [fact.messages[0].body for fact in facts if isinstance(fact, e.MessagesMerged)] == ["yonder window"]
    assert unread(archive) == (0, None)


def test_a_correction_that_came_before_its_message_is_taken_in_by_it(archive: Archive) -> None:
    archive.write([page(in_archive(correction(), "2"), archived("x", "3", second=90), before="")])
    assert bodies(archive) == ["yonder window", "x"]
    facts = archive.write([page(in_archive(BAD, "1"), before="2", peer=DARCY)])
    assert bodies(archive) == ["yonder window", "x"]
    assert archive.page(ELIZABETH, DARCY).messages[0].key == "archive:1"
    assert e.MessageDiscarded(ELIZABETH, DARCY, "archive:2") in facts
    archive.write([page(in_archive(correction(), "2"), before="3", peer=DARCY)])
    assert bodies(archive) == ["yonder window", "x"]


CHAIN = (correction("yonder wndow"), correction(key="good2", of="good1", minute=2))
"""As Profanity 0.13 corrects what it has corrected: each names the one before."""


def test_corrections_that_each_name_the_one_before_come_live(archive: Archive) -> None:
    archive.write([e.MessageReceived(ELIZABETH, BAD), *(e.MessageCorrected(ELIZABETH, each) for each in CHAIN)])
    assert [version.body for version in only(archive).versions] == ["yonder airlock", "yonder wndow", "yonder window"]


@pytest.mark.parametrize("pages", [(3,), (1, 2), (2, 1)], ids=["one-page", "then-both", "then-the-last"])
def test_corrections_that_each_name_the_one_before_come_in_pages(archive: Archive, pages: tuple[int, ...]) -> None:
    entries = [in_archive(each, str(number)) for number, each in enumerate((BAD, *CHAIN), 1)]
    held = 0
    for size in pages:
        archive.write([page(*entries[held : held + size], after=str(held) if held else "", is_news=True)])
        held += size
    assert only(archive).body == "yonder window"


def test_corrections_that_each_name_the_one_before_are_taken_in_by_what_comes_last(archive: Archive) -> None:
    first, *later = [in_archive(each, str(number)) for number, each in enumerate((BAD, *CHAIN), 1)]
    archive.write([page(*later, archived("x", "4", second=190), before="")])
    archive.write([page(first, before="2", peer=DARCY)])
    assert bodies(archive) == ["yonder window", "x"]


def test_a_reply_is_kept(archive: Archive) -> None:
    said = replace(outgoing("mine"), reply=Reply("bad1", DARCY.with_resource("library"), 12))
    archive.write([e.MessageQueued(ELIZABETH, said)])
    assert only(archive).reply == said.reply
