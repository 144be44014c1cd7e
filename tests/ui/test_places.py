"""A chat opens where it was left, in this run and in later ones."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.facts import DARCY, ELIZABETH, JANE, NOON, incoming
from tests.support.past import Past, past
from tui_xmpp.clock import ManualClock
from tui_xmpp.core import events as e
from tui_xmpp.core.settings import Settings
from tui_xmpp.core.store import Store
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.archive import Archive
from tui_xmpp.ui.widgets import conversation_log
from tui_xmpp.ui.widgets.message_window import Standpoint
from tui_xmpp.ui.widgets.pane_memory import MOST_PLACES, Places
from tui_xmpp.worker.client import Client

PEOPLE = ((DARCY, "Fitzwilliam Darcy"), (JANE, "Jane"))
SAID = tuple(
    e.MessageReceived(ELIZABETH, incoming(f"n{number}", minute=number, body=f"number {number}"))
    for number in range(600)
)
READ = e.ConversationRead(ELIZABETH, DARCY)
CLOCK = ManualClock(NOON + timedelta(days=1))


def seen(there: Past) -> list[str]:
    """Return the keys of the messages in the window."""
    return list(dict.fromkeys(message.key for message in there.app.main.conversation.log_lines._window.shown()))


async def scroll_far_up(there: Past) -> list[str]:
    for _ in range(14):
        await there.press("shift+pageup")
    shown = seen(there)
    newest_page = {message.key for message in there.archive.page(ELIZABETH, DARCY).messages}
    assert shown
    assert newest_page.isdisjoint(shown), "it must be further up than what a chat opens with"
    return shown


async def test_a_chat_opens_where_it_was_left_however_far_up_that_is(tmp_path: Path) -> None:
    path = tmp_path / "archive.sqlite"
    async with past(CLOCK, (*SAID, READ), PEOPLE, archive=Archive.open(path)) as there:
        await there.do("chat", str(DARCY))
        shown = await scroll_far_up(there)
        await there.do("chat", str(JANE))
        assert seen(there) == []
        await there.do("chat", str(DARCY))
        assert seen(there) == shown
        await there.do("chat", str(JANE))
    async with past(CLOCK, (), PEOPLE, archive=Archive.open(path)) as there:
        await there.do("chat", str(DARCY))
        assert seen(there) == shown
        await there.press("shift+pagedown")
        await there.press("shift+pageup")
        assert seen(there) == shown, "it goes on in both directions"
        there.app.main.conversation.log_lines.action_newest()
        await there.settle()
        assert seen(there)[-1] == "n599"
        await there.do("chat", str(JANE))
        await there.do("chat", str(DARCY))
        assert seen(there)[-1] == "n599", "a chat left at its end opens there"


async def test_what_came_since_is_below_and_unread(tmp_path: Path) -> None:
    path = tmp_path / "archive.sqlite"
    async with past(CLOCK, (*SAID[:100], READ), PEOPLE, archive=Archive.open(path)) as there:
        await there.do("chat", str(DARCY))
        await there.press("shift+pageup", "shift+pageup")
        shown = seen(there)
        await there.do("chat", str(JANE))
    async with past(CLOCK, SAID[100:103], PEOPLE, archive=Archive.open(path)) as there:
        await there.do("chat", str(DARCY))
        assert seen(there) == shown
        assert "↓ 3 new messages" in there.text
        assert there.app.client.views.conversation(ELIZABETH, DARCY).unread == 3
        there.app.main.conversation.log_lines.action_newest()
        await there.settle()
        assert "3 unread" in there.text, "the unread line"
        assert there.app.client.views.conversation(ELIZABETH, DARCY).unread == 0
    async with past(CLOCK, SAID[103:104], PEOPLE, archive=Archive.open(path)) as there:
        await there.do("next-unread")
        assert seen(there)[-1] == "n103", "who goes to what is new sees what is new"


async def test_a_chat_that_was_deleted_opens_at_its_end() -> None:
    async with past(CLOCK, (*SAID[:100], READ), PEOPLE) as there:
        await there.do("chat", str(DARCY))
        await there.press("shift+pageup", "shift+pageup")
        await there.do("chat", str(JANE))
        there.archive.write([e.ConversationPurged(ELIZABETH, DARCY), SAID[300]])
        await there.do("chat", str(DARCY))
        assert seen(there) == ["n300"]
        assert there.app.main.conversation.log_lines.is_following


async def test_a_program_that_is_killed_has_kept_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation_log, "KEPT_AFTER", 0.01)
    async with past(CLOCK, (*SAID[:100], READ), PEOPLE) as there:
        await there.do("chat", str(DARCY))
        await there.press("shift+pageup", "shift+pageup")
        async with asyncio.timeout(20):
            while not there.app.client.recall("places"):
                await there.pilot.pause()
        place = Places(there.app.client).of(ELIZABETH, DARCY)
        assert place is not None
        assert place.key == seen(there)[0]


def test_places_are_bounded_and_what_is_kept_may_be_odd() -> None:
    client = Client(Store(), Settings())
    client.remember("places", ["", "a b", f"{ELIZABETH} {DARCY} ² key", f"{ELIZABETH} {JANE} -2 a key with spaces"])
    places = Places(client)
    assert places.of(ELIZABETH, JANE) == Standpoint("a key with spaces", -2)
    assert places.of(ELIZABETH, DARCY) is None
    for number in range(MOST_PLACES + 10):
        places.leave(ELIZABETH, BareJID(f"x{number}", "pemberley.lit"), Standpoint("key", 0))
    kept = client.recall("places")
    assert isinstance(kept, list)
    assert len(kept) == MOST_PLACES
    assert Places(client).of(ELIZABETH, JANE) is None
