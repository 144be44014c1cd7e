"""Going to a day, catching up, exporting and deleting, through the screen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from textual.widgets import Checkbox, Input

from tests.support.facts import DARCY, ELIZABETH, NOON, incoming, outgoing
from tests.support.past import past
from tests.support.scenes import ELIZABETH as LIZZY
from tests.support.scenes import netherfield
from tui_xmpp.clock import ManualClock
from tui_xmpp.core import commands as c
from tui_xmpp.core import events as e
from tui_xmpp.core.model import CatchUp
from tui_xmpp.ui.actions import BY_ID
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.screens.confirm import ConfirmScreen
from tui_xmpp.ui.screens.history import DateScreen, ExportScreen

DAY = 24 * 60
PEOPLE = ((DARCY, "Fitzwilliam Darcy"),)
NOW = NOON + timedelta(days=20)
"""Wednesday 9 December 2026; messages are of 19 November to 8 December, none of the 28th."""
FACTS: Sequence[e.Event] = tuple(
    e.MessageReceived(ELIZABETH, incoming(f"d{day}-{n}", minute=day * DAY + n, body=f"day {day} number {n}"))
    for day in range(20)
    for n in range(30)
    if day != 9
)


async def test_a_chat_is_shown_as_it_was_on_a_day() -> None:
    async with past(ManualClock(NOW), FACTS, PEOPLE) as there:
        await there.do("jump-date", "yesterday")
        assert there.app.main.chat is None, "without a chat there is no day to go to"
        await there.do("chat", str(DARCY))
        await there.type("/date last week")
        await there.press("enter")
        log = there.app.main.conversation.log_lines
        assert log.cursor == "d11-0", "Monday 30 November"
        await there.do("jump-date", "someday")
        assert "someday is not a day" in there.told
        assert "day 11 number 0" in there.text
        await there.press("alt+d")
        assert isinstance(there.app.screen, DateScreen)
        await there.type("someday")
        await there.press("enter")
        assert "That is no day" in there.text
        await there.press("ctrl+u")
        await there.type("2026-11-28")
        assert "Saturday 28 November 2026" in there.text
        await there.press("enter")
        assert log.cursor == "d10-0"
        assert "Nothing was said on Saturday 28 November 2026" in there.told
        await there.press("alt+d")
        await there.pilot.click("#day-5")
        await there.settle()
        assert log.cursor == "d0-0"
        assert "The beginning of your conversation" in there.text
        await there.do("jump-date", "today")
        assert log.cursor == "d19-29"
        assert "the last is of Tuesday 8 December 2026" in there.told


async def test_a_chat_is_written_into_a_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    facts = (*FACTS[:2], e.MessageQueued(ELIZABETH, outgoing("mine", minute=60, body="Yes, always.")))
    async with past(ManualClock(NOW), facts, PEOPLE) as there:
        await there.do("chat", str(DARCY))
        await there.type("/export")
        await there.press("enter")
        assert isinstance(there.app.screen, ExportScreen)
        wanted = tmp_path / f"{DARCY} 2026-12-09.txt"
        assert there.app.screen.query_one(Input).value == str(wanted)
        await there.press("enter")
        assert "3 messages of the chat with darcy@pemberley.lit written to" in there.told
        assert "elizabeth@longbourn.lit: Yes, always." in wanted.read_text()
        assert any(str(wanted) in entry.text for entry in there.app.client.views.log())

        await there.do("export")
        assert there.app.screen.query_one(Input).value.endswith("2026-12-09 2.txt"), "the name of a file that is free"
        there.app.screen.query_one(Input).value = str(wanted)
        await there.press("enter")
        assert "is not written over" in " ".join(there.text.split())
        there.app.screen.query_one(Checkbox).value = True
        await there.settle()
        await there.press("enter")
        lines = wanted.with_suffix(".jsonl").read_text().splitlines()
        assert [json.loads(line)["direction"] for line in lines] == ["in", "in", "out"]

        await there.do("export", str(wanted))
        assert "nothing was written" in there.told


async def test_what_is_stored_of_a_chat_is_deleted_after_a_question() -> None:
    async with past(ManualClock(NOW), FACTS[:40], PEOPLE, width=60, height=24) as there:
        await there.do("chat", str(DARCY))
        assert "day 1 number 9" in there.text
        await there.do("purge")
        assert isinstance(there.app.screen, ConfirmScreen)
        assert "What the server keeps in its archive stays there" in " ".join(there.text.split())
        await there.press("escape")
        assert "day 1 number 9" in there.text
        await there.do("purge")
        await there.press("y")
        assert "is deleted" in there.told
        assert not there.archive.page(ELIZABETH, DARCY).messages
        assert "No messages yet" in there.text


async def test_catching_up_is_told_and_can_be_broken_off() -> None:
    scene = netherfield()
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.pause()
        assert not BY_ID["stop-catch-up"].applies(app.desk)
        scene.publish(e.CatchUpProgressed(LIZZY, CatchUp(400, 1200, is_running=True)))
        await pilot.pause(0.1)
        assert "catching up 400 of 1,200" in app.main.status_line.render_line(0).text
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        await pilot.press("alt+right")
        assert "Status ⇣" in app.main.title_bar.render_line(0).text
        await pilot.resize_terminal(120, 30)
        await pilot.press("ctrl+t")
        await pilot.pause()
        pane = app.main.status_pane
        assert any("(x: stop)" in pane.render_line(y).text for y in range(pane.size.height))
        await pilot.press("x")
        await pilot.pause()
        assert c.StopCatchUp(LIZZY) in scene.engine.commands
        scene.publish(e.CatchUpProgressed(LIZZY, CatchUp(650, None, is_running=False)))
        await pilot.pause(0.1)
        assert "catching up" not in app.main.status_line.render_line(0).text
