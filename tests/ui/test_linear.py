"""The conversation for who listens to it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.support.scenes import BINGLEY, CHARLOTTE, DARCY, ELIZABETH, JANE, netherfield, received
from tests.ui.test_messages import TALK
from tests.ui.test_render import ACCOUNT, PALETTE, PEER, STYLED, message
from tests.ui.test_screen import app_of, cells, running, toasts
from tui_xmpp.core import events as e
from tui_xmpp.core.model import Delivery, Failure, MessageKind
from tui_xmpp.core.settings import Settings, UiSettings
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.blocks import speakers
from tui_xmpp.ui.chat_marks import Notify
from tui_xmpp.ui.linear import LinearRenderer, announcement
from tui_xmpp.ui.plain_signs import DECORATION
from tui_xmpp.ui.screens.message import MessageMenu
from tui_xmpp.ui.widgets.announcer import MOST_WAITING

FAILURE = Failure("item-not-found", "This account does not exist.")


def told(body: str, time: str = "", **fields: Any) -> str:
    return announcement(message(body, **fields), "Darcy", time)


def test_each_message_says_who_said_what_and_what_became_of_it() -> None:
    assert told("What think you of books?", "20:14") == "20:14 Darcy: What think you of books?"
    assert told("Yes", outgoing=True, delivery=Delivery.DISPLAYED) == "Darcy: Yes (read)"
    assert told("Yes", outgoing=True, delivery=Delivery.QUEUED) == "Darcy: Yes (waiting to be sent)"
    assert told("No", outgoing=True, delivery=Delivery.FAILED, failure=FAILURE) == (
        "Darcy: No (not delivered)\nThis account does not exist."
    )
    assert told("/me bows", "20:14") == "20:14 Darcy bows"
    assert told("late", is_delayed=True) == "Darcy: late (late)"
    assert told("At noon", kind=MessageKind.NORMAL, subject="Maintenance") == "Darcy: ✉ Maintenance. At noon"


def test_links_are_whole_and_a_file_is_named_first() -> None:
    url = "https://pemberley.lit/" + "library/" * 20
    assert told(f"See {url}") == f"Darcy: See {url}"
    photo = "https://upload.pemberley.lit/4f1e/The%20lake.jpg"
    assert told(photo) == f"Darcy: File The lake.jpg at upload.pemberley.lit: {photo}"
    assert told("Here", files=((photo, "The lake"),)) == f"Darcy: Here\nFile The lake: {photo}"


@settings(max_examples=60)
@given(body=STYLED, width=st.integers(1, 100), outgoing=st.booleans())
def test_any_text_fills_its_rows_exactly(body: str, width: int, outgoing: bool) -> None:
    own, peer = speakers(ACCOUNT, PEER, "Darcy")
    made = LinearRenderer(width, PALETTE, own, peer, zone=UTC)
    one = message(body, outgoing=outgoing, delivery=Delivery.SENT, files=(("x", body),))
    for block in made.blocks((one,), 0, 1, first_unread=one.key, unread=1):
        for index in range(len(block.rows)):
            strip = made.draw(block, index, 0, has_cursor=outgoing)
            assert strip.cell_length == made.width == cell_len(strip.text)


async def test_the_setting_turns_it_on_and_off() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        app = app_of(pilot)
        app.main.open_chat(ELIZABETH, DARCY)
        scene.publish(e.HistoryLoaded(ELIZABETH, DARCY, TALK, is_latest=True, is_start=True))
        await pilot.pause()
        assert "✓✓" in cells(pilot)
        app.desk.preferences.set_named("ui.linear", True)
        await pilot.pause()
        assert "elizabeth: What think you? (delivered)" in cells(pilot)
        assert "✓✓" not in cells(pilot)
        app.desk.preferences.set_named("ui.linear", False)
        await pilot.pause()
        assert "✓✓" in cells(pilot)


# -- the whole screen ---------------------------------------------------------------------------------------------

LISTENING = Settings(ui=UiSettings(is_linear=True))
WAYS = ("", "f5", "ctrl+t", "ctrl+k", "ctrl+p", "f1", "f3", "ctrl+r", "ctrl+o", "ctrl+n", "ctrl+f", "f10")


@pytest.mark.parametrize(("theme", "size"), [("dark", (120, 40)), ("terminal", (40, 12))])
async def test_nothing_on_any_screen_is_decoration(theme: str, size: tuple[int, int]) -> None:
    scene = netherfield(replace(LISTENING, ui=replace(LISTENING.ui, theme=theme)))
    async with running(scene, *size) as pilot:
        app = app_of(pilot)
        app.desk.marks.pin(ELIZABETH, BINGLEY, is_pinned=True)
        app.desk.marks.notify(ELIZABETH, JANE, Notify.NEVER)
        app.main.open_chat(ELIZABETH, DARCY)
        scene.publish(e.HistoryLoaded(ELIZABETH, DARCY, TALK, is_latest=True, is_start=True))
        for way in WAYS if theme == "dark" else WAYS[::2]:
            await pilot.press(*filter(None, (way,)))
            await pilot.pause()
            assert re.findall(DECORATION, cells(pilot)) == [], way
            await pilot.press("escape", "escape")
        app.main.roster.focus()
        app.main.roster.select(ELIZABETH, JANE)
        await pilot.press("m")
        await pilot.pause()
        assert re.findall(DECORATION, cells(pilot)) == []


def in_sight(app: TuiXmppApp) -> tuple[bool, ...]:
    return tuple(pane.is_on_screen for pane in (app.main.roster, *app.main.splits.panes))


async def test_one_pane_at_a_time_and_each_row_a_sentence() -> None:
    scene = netherfield(LISTENING)
    async with running(scene, 160, 40) as pilot:
        app = app_of(pilot)
        app.desk.marks.pin(ELIZABETH, BINGLEY, is_pinned=True)
        app.main.follow_marks()
        await pilot.pause()
        rows = [row.strip() for row in cells(pilot).splitlines()]
        assert rows[0] == "People, 3 unread, 1 request; right: Chat"
        for words in (
            "elizabeth@longbourn.lit, online",
            "Friends, 3 of 4 online, 3 unread",
            "Fitzwilliam Darcy, away, 1 unread, at the ball",
            "Bingley, busy, dancing, pinned, chat 1",
            "Charlotte, offline, they do not see you",
            "Mr. Collins, offline, asked, no answer yet",
        ):
            assert words in rows
        app.main.open_chat(ELIZABETH, DARCY)
        app.main.open_beside((ELIZABETH, JANE))
        await pilot.pause()
        rows = [row.strip() for row in cells(pilot).splitlines()]
        assert rows[0] == "Jane, online 2/2; left: People, 3 unread, 1 request; right: Status"
        assert in_sight(app) == (False, False, True)
        app.desk.preferences.set_named("ui.linear", False)
        await pilot.pause()
        assert in_sight(app) == (True, True, True)
        assert "● Jane" in cells(pilot)


async def test_what_is_new_is_said_in_the_last_line_one_after_the_other() -> None:
    scene = netherfield(LISTENING)
    async with running(scene, 80, 24) as pilot:
        app = app_of(pilot)
        announcer = app.main.announcer
        assert announcer is not None

        def last_line() -> str:
            return cells(pilot).splitlines()[-1].strip()

        app.desk.marks.notify(ELIZABETH, CHARLOTTE, Notify.NEVER)
        scene.publish(
            received(JANE, "Lizzy!\nCome down."), received(CHARLOTTE, "Tea?"), received(BINGLEY, "Dance?", 0.5)
        )
        scene.publish(received(JANE, "Now.", 0.2))
        await pilot.pause()
        said = [last_line()]
        for _ in range(2):
            announcer._go_on()
            await pilot.pause()
            said.append(last_line())
        assert said == ["Jane: Lizzy! Come down.", "Bingley: Dance?", "Jane: Now."]
        announcer._go_on()
        app.say("Copied")
        await pilot.pause()
        assert last_line() == "Copied"
        assert toasts(pilot) == []
        for number in range(MOST_WAITING + 3):
            scene.publish(received(JANE, f"message {number}", -number))
        await pilot.pause()
        for _ in range(MOST_WAITING + 1):
            announcer._go_on()
        await pilot.pause()
        assert last_line() == "3 more, to be read in the chats"


async def test_what_comes_below_a_dialog_is_said_when_that_is_left_and_what_is_said_in_one_is_shown_there() -> None:
    scene = netherfield(LISTENING)
    async with running(scene, 80, 24) as pilot:
        app = app_of(pilot)
        await pilot.press("f5")
        scene.publish(received(JANE, "Lizzy!"))
        await pilot.pause()
        await pilot.press("p")
        await pilot.pause()
        assert toasts(pilot) == ["Jane is pinned."]
        await pilot.press("escape")
        await pilot.pause()
        assert app.main.announcer is not None
        assert app.main.announcer.shown == "Jane: Lizzy!"


async def test_the_terminal_cursor_stands_on_what_has_the_focus() -> None:
    scene = netherfield(LISTENING)
    async with running(scene, 80, 24) as pilot:
        app = app_of(pilot)

        def row_at_cursor() -> str:
            return cells(pilot).splitlines()[app.cursor_position.y].strip()

        async def press(*keys: str) -> str:
            await pilot.press(*keys)
            await pilot.pause()
            return row_at_cursor()

        app.main.roster.select(ELIZABETH, BINGLEY)
        assert (await press()).startswith("Bingley, busy")
        assert (await press("up")).startswith("Fitzwilliam Darcy, away")
        assert await press("ctrl+k", *"jane") == "jane"
        assert (await press("down", "up")).startswith("Jane, online")
        await press("escape", "f5")
        assert row_at_cursor().startswith("Jane, online, 2 unread. 20:30: He asked me to dance again!")
        assert (await press("down")).startswith("Fitzwilliam Darcy")
        await press("escape")
        app.main.open_chat(ELIZABETH, DARCY)
        scene.publish(e.HistoryLoaded(ELIZABETH, DARCY, TALK, is_latest=True, is_start=True))
        await press("ctrl+up", "up")
        assert app.main.conversation.log_lines.chosen is TALK[-2]
        assert TALK[-2].body[:10] in row_at_cursor()
        await press("m", "down")
        assert isinstance(app.screen, MessageMenu)
        assert row_at_cursor().startswith(app.screen.verbs[1].title)
        await press("escape", "escape", *"hop")
        assert row_at_cursor() == "hop"
        assert app.cursor_position == app.main.conversation.composer.cursor_screen_offset
        app.perform("remove")
        await press("tab")
        assert "Remove (y)" in row_at_cursor()
        assert app.screen.focused is not None
        assert app.cursor_position == app.screen.focused.region.offset
