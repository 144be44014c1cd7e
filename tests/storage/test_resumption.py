"""The session's own state: in step with what its stanzas brought, and read back by the next run."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tui_xmpp.core import events as e
from tui_xmpp.core.model import Direction, Message
from tui_xmpp.jid import BareJID, FullJID
from tui_xmpp.storage.archive import Archive, ArchiveError
from tui_xmpp.storage.resumption import KeptSession

JULIET = BareJID.parse("juliet@capulet.example")
BALCONY = FullJID.parse("juliet@capulet.example/balcony")
ROMEO = BareJID.parse("romeo@montague.example")
OPENED = e.SessionOpened(JULIET, "some-long-sm-id", BALCONY, 0, "[2001:41D0:1:A49b::1]:9222")


def test_x_198_06_session_is_there_in_the_next_run(tmp_path: Path) -> None:
    archive = Archive.open(tmp_path / "archive.sqlite")
    assert archive.session(JULIET) == KeptSession()
    archive.write([OPENED, e.MessagePlaced(JULIET, "m1", 3), e.MessagePlaced(JULIET, "m2", 5)])
    archive.write([e.StanzasHandled(JULIET, 7), e.StanzasAcknowledged(JULIET, 4)])
    archive.close()
    archive = Archive.open(tmp_path / "archive.sqlite")
    kept = archive.session(JULIET)
    assert kept.opened == e.SessionOpened(JULIET, OPENED.id, BALCONY, 7, OPENED.location)
    assert dict(kept.placed) == {"m2": 5}
    archive.write([e.SessionClosed(JULIET)])
    assert archive.session(JULIET) == KeptSession()
    archive.close()


def test_x_198_01_counts_run_over(tmp_path: Path) -> None:
    archive = Archive.open(tmp_path / "archive.sqlite")
    opened = e.SessionOpened(JULIET, "id", BALCONY, 2**32 - 2)
    archive.write([opened, e.StanzasHandled(JULIET, 5)])
    archive.write([e.MessagePlaced(JULIET, "before", 2**32 - 1), e.MessagePlaced(JULIET, "after", 2)])
    archive.write([e.StanzasAcknowledged(JULIET, 1)])
    kept = archive.session(JULIET)
    assert kept.opened is not None
    assert kept.opened.handled == 3
    assert dict(kept.placed) == {"after": 2}
    archive.close()


def test_what_is_counted_as_handled_is_never_more_than_what_is_kept(tmp_path: Path) -> None:
    archive = Archive.open(tmp_path / "archive.sqlite")
    archive.write([OPENED])
    said = Message("m", JULIET, ROMEO, Direction.INCOMING, datetime(2026, 1, 1, tzinfo=UTC), "O")
    archive._connection.execute("DROP TABLE placed")
    with pytest.raises(ArchiveError):
        archive.write([e.MessageReceived(JULIET, said), e.StanzasHandled(JULIET, 1), e.MessagePlaced(JULIET, "k", 1)])
    assert archive.page(JULIET, ROMEO).messages == ()
    row = archive._connection.execute("SELECT handled FROM session").fetchone()
    assert row == (0,)
    archive.close()


def test_session_id_is_in_no_repr() -> None:
    assert OPENED.id not in repr(OPENED)
