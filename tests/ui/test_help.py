"""Help: the keys of where one stands, and a search through all of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from tests.support.scenes import DARCY, ELIZABETH, netherfield
from tui_xmpp.core.settings import Settings
from tui_xmpp.ui import handbook
from tui_xmpp.ui.actions import ACTIONS
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.keymap import Keymap
from tui_xmpp.ui.manual import manual
from tui_xmpp.ui.screens.help import HelpScreen


@asynccontextmanager
async def at_help(width: int = 100, height: int = 30, *, chat: bool = False) -> AsyncGenerator[Pilot[None]]:
    scene = netherfield()
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test(size=(width, height)) as pilot:
        if chat:
            app.main.open_chat(ELIZABETH, DARCY)
        await pilot.pause()
        await pilot.press("f1")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        yield pilot


def shown(pilot: Pilot[None]) -> list[str]:
    options = pilot.app.screen.query_one(OptionList)
    return [str(options.get_option_at_index(index).prompt) for index in range(options.option_count)]


@pytest.mark.parametrize(
    ("is_chatting", "title"), [(False, "Here: in the list of people"), (True, "Here: while writing")]
)
async def test_the_keys_of_where_one_stands_come_first(is_chatting: bool, title: str) -> None:
    async with at_help(chat=is_chatting) as pilot:
        assert shown(pilot)[0] == title


async def test_typing_narrows_to_what_says_it_and_enter_begins_the_command() -> None:
    async with at_help(chat=True) as pilot:
        await pilot.press(*"priority")
        assert any("/priority" in row for row in shown(pilot))
        assert not any("/remove" in row for row in shown(pilot))
        for _ in shown(pilot):
            await pilot.press("down")
        pilot.app.screen.query_one(Input).value = "/priority"
        await pilot.pause()
        assert "Example: /priority 10" in str(pilot.app.screen.query_one(".more").render())
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app, TuiXmppApp)
        assert pilot.app.screen is pilot.app.main
        assert pilot.app.main.conversation.composer.text == "/priority "


async def test_enter_on_a_key_does_what_the_key_does() -> None:
    async with at_help() as pilot:
        pilot.app.screen.query_one(Input).value = "open or close the status pane"
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.screen.has_class("-status")


async def test_nothing_found_says_so_and_enter_then_does_nothing() -> None:
    async with at_help() as pilot:
        await pilot.press(*"zzz", "enter")
        assert shown(pilot) == ["Nothing says that. Fewer letters may."]
        assert isinstance(pilot.app.screen, HelpScreen)


@pytest.mark.parametrize("size", [(40, 12), (60, 20), (80, 24), (120, 40)])
async def test_line_and_last_row_are_on_the_screen_at_every_size(size: tuple[int, int]) -> None:
    async with at_help(*size) as pilot:
        await pilot.press("ctrl+end")
        await pilot.pause()
        screen = pilot.app.screen
        options = screen.query_one(OptionList)
        assert options.highlighted == options.option_count - 1
        for widget in (screen.query_one(Input), options, screen.query_one(".more")):
            assert screen.region.contains_region(widget.region)
        assert options.size.height >= 3


def test_every_command_and_key_is_in_the_manual() -> None:
    page = manual([("--demo", "try it")], "The password comes from the keyring.")
    plain = page.replace("\\-", "-").replace("\\(aq", "'").replace("\\&", "")
    for action in ACTIONS:
        if action.slash:
            assert f"\\fB{action.usage}\\fR" in plain
    for _, rows in handbook.keys(Keymap(Settings())):
        assert all(row.words.replace("\\", "\\e") in plain for row in rows)
    assert "password_command" in plain
    assert not any(line.startswith("'") for line in page.splitlines())


def test_the_manual_is_printed_without_a_terminal() -> None:
    page = subprocess.run([sys.executable, "-m", "tui_xmpp", "--man"], capture_output=True, text=True, check=True)
    assert page.stdout.startswith(".TH TUI-XMPP 1")
    assert r"\fB\-\-config FILE\fR" in page.stdout
