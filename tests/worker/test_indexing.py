"""A search index that is behind is filled while the program runs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.engine import ACCOUNT, ScriptedServer, engine_of
from tests.support.facts import incoming
from tui_xmpp.core.commands import SearchMessages
from tui_xmpp.core.events import MessageReceived
from tui_xmpp.core.model import Message
from tui_xmpp.storage.archive import Archive


def said(number: int) -> Message:
    message = incoming(f"m{number}", minute=number, body="books")
    return Message(message.key, ACCOUNT, message.peer, message.direction, message.stamp, message.body)


async def test_what_is_not_indexed_at_the_start_is_found_a_moment_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.db"
    with closing(Archive.open(path)) as archive:
        archive.write([MessageReceived(ACCOUNT, said(number)) for number in range(50)])
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO message_text (message_text) VALUES ('delete-all')")
        connection.execute("UPDATE message_indexed SET last = 0")
    monkeypatch.setattr("tui_xmpp.storage.search.PART", 5)
    async with engine_of(ScriptedServer(), archive=Archive.open(path)) as scene:
        await scene.client.settle()
        view = scene.client.views.account(ACCOUNT)
        assert view is not None
        assert view.indexed == 100
        await scene.does(SearchMessages(ACCOUNT, "books"))
        assert len(scene.client.views.search().found) == 50
