"""Settings, themes and keys are changed on the screen, hold at once, and are handed on to be kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.support.scenes import DARCY, ELIZABETH, Scene, netherfield
from tui_xmpp.core import commands as c
from tui_xmpp.core.declaration import UnfitValueError
from tui_xmpp.core.settings import KeyChoice, settings_of
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.screens.catalogue import Catalogue
from tui_xmpp.ui.screens.confirm import ConfirmScreen
from tui_xmpp.ui.screens.keys import KeysScreen
from tui_xmpp.ui.screens.settings import SettingsScreen
from tui_xmpp.ui.screens.themes import ThemeScreen


@asynccontextmanager
async def at(
    action: str, text: str = "", size: tuple[int, int] = (100, 30)
) -> AsyncIterator[tuple[Scene, Pilot[None]]]:
    scene = netherfield()
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test(size=size) as pilot:
        app.main.open_chat(ELIZABETH, DARCY)
        await pilot.pause()
        app.perform(action, text)
        await pilot.pause()
        await pilot.pause()
        yield scene, pilot


def app_of(pilot: Pilot[None]) -> TuiXmppApp:
    assert isinstance(pilot.app, TuiXmppApp)
    return pilot.app


def value(scene: Scene, name: str) -> object:
    table, key = name.split(".")
    (setting,) = [each for each in settings_of(table) if each.key == key]
    return scene.client.settings.value(setting)


def told(pilot: Pilot[None]) -> str:
    problem = pilot.app.screen.query_one(".problem", Static)
    return str(problem.render()) if problem.has_class("-told") else ""


def row(pilot: Pilot[None]) -> str:
    screen = pilot.app.screen
    assert isinstance(screen, Catalogue)
    options = screen.query_one("#rows")
    highlighted = options.highlighted  # type: ignore[attr-defined]
    return " ".join(str(options.get_option_at_index(highlighted).prompt).split())  # type: ignore[attr-defined]


async def test_a_setting_is_found_by_typing_and_a_switch_turned_at_once() -> None:
    async with at("settings") as (scene, pilot):
        await pilot.press(*"typing")
        assert row(pilot) == "Send typing on"
        await pilot.press("enter")
        await pilot.pause()
        assert row(pilot) == "Send typing off"
        assert value(scene, "privacy.send_typing") is False
        assert scene.engine.adopted[-1] == scene.client.settings
        await pilot.press("escape")
        assert pilot.app.screen.query_one("#query", Input).value == ""
        await pilot.press("delete")
        await pilot.pause()
        assert value(scene, "privacy.send_typing") is True
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(pilot.app.screen, SettingsScreen)


async def test_a_choice_is_gone_through_both_ways_and_the_list_sorted_at_once() -> None:
    async with at("settings", "roster order") as (scene, pilot):
        await pilot.press("escape", "right")
        await pilot.pause()
        assert scene.client.settings.ui.roster_order == "name"
        assert not app_of(pilot).main.roster.rows.is_ordered_by_state
        await pilot.press("left")
        await pilot.pause()
        assert app_of(pilot).main.roster.rows.is_ordered_by_state


async def test_what_is_typed_is_checked_in_words_and_holds_at_once() -> None:
    async with at("settings", "roster width") as (scene, pilot):
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press(*"5000", "enter")
        await pilot.pause()
        assert told(pilot) == "Roster width must be a whole number from 16 to 200."
        await pilot.press(*["backspace"] * 2, "enter")
        await pilot.pause()
        assert scene.client.settings.ui.roster_width == 50
        assert app_of(pilot).main.roster.size.width == 50
        await pilot.press("enter", *["backspace"] * 2, "enter")
        await pilot.pause()
        assert scene.client.settings.ui.roster_width is None


async def test_times_are_written_anew_at_once() -> None:
    async with at("set", "time_format %I.%M") as (_, pilot):
        log = app_of(pilot).main.conversation.log_lines
        assert log.time_format == "%I.%M"
        app_of(pilot).perform("set", "ui.seconds on")
        assert log.time_format == "%I.%M:%S"


async def test_quiet_hours_and_rules_hold_at_once() -> None:
    async with at("set", "quiet_hours 00:00-23:59") as (_, pilot):
        assert app_of(pilot).main.status_line.is_quiet
        app_of(pilot).perform("set", "quiet_hours -")
        assert not app_of(pilot).main.status_line.is_quiet
        app_of(pilot).perform("set", "default_rule never")
        assert app_of(pilot).desk.marks.of(ELIZABETH, DARCY).is_muted


async def test_an_accounts_settings_are_written_and_dialled_anew() -> None:
    async with at("settings", "port at that") as (scene, pilot):
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press(*"5299", "enter")
        await pilot.pause()
        assert row(pilot) == "Port 5299"
        (added,) = scene.engine.of(c.AddAccount)
        (saved,) = scene.engine.of(c.SaveAccount)
        assert isinstance(added, c.AddAccount)
        assert isinstance(saved, c.SaveAccount)
        assert (added.account, added.settings.port, saved.settings.port) == (ELIZABETH, 5299, 5299)
        await pilot.press("escape", *"enabled")
        await pilot.press("enter")
        await pilot.pause()
        assert len(scene.engine.of(c.AddAccount)) == 1


@pytest.mark.parametrize("size", [(60, 20), (40, 12)])
async def test_settings_are_all_reached_in_any_terminal(size: tuple[int, int]) -> None:
    async with at("settings", size=size) as (_, pilot):
        screen = pilot.app.screen
        assert isinstance(screen, SettingsScreen)
        seen = {row(pilot)}
        for _ in range(60):
            screen.action_move(1)
            seen.add(row(pilot))
        assert {"Theme auto", "Quiet hours –", "Send typing on", "Enabled on"} <= seen
        inside = screen.query_one("#rows").region
        assert inside.height >= 2
        assert screen.region.contains_region(screen.query_one("#about").region)


async def test_set_says_what_is_set_and_what_is_wrong() -> None:
    async with at("set", "ui.keys") as (scene, pilot):
        app = app_of(pilot)

        def said(sentence: str) -> bool:
            return sentence in [toast.message for toast in app._notifications]

        assert said("ui.keys: standard.")
        app.perform("set", "keys emacs")
        await pilot.pause()
        assert said("ui.keys must be one of standard, vi.")
        app.perform("set", "keys vi")
        assert value(scene, "ui.keys") == "vi"
        app.perform("set", "keys -")
        assert value(scene, "ui.keys") == "standard"
        app.perform("set", "colour blue")
        await pilot.pause()
        assert said("There is no setting colour: /settings shows all.")


async def test_set_offers_settings_and_their_values() -> None:
    async with at("write") as (_, pilot):
        complete = app_of(pilot).main.complete
        assert "/set ui.roster_order " in [each.replacement for each in complete("/set ui.ros", 11)]
        assert [each.replacement for each in complete("/set ui.keys ", 13)] == [
            "/set ui.keys standard",
            "/set ui.keys vi",
        ]
        assert "/theme contrast" in [each.replacement for each in complete("/theme c", 8)]


TYPED = [
    "0",
    "-1",
    "9" * 50,
    "²",
    "%",
    "%Q%",
    "%H",
    "\x00",
    "\ud800",
    "😀",
    "off",
    "22:00-07:00",
    "[b]",
    "nord",
    "x" * 3000,
]


async def test_nothing_typed_for_a_setting_breaks_the_screen() -> None:
    async with at("set", "ui.theme dark") as (_, pilot):
        preferences = app_of(pilot).desk.preferences
        for setting in preferences.all():
            for typed in TYPED:
                with suppress(UnfitValueError):
                    preferences.set(setting, setting.parse(typed))
            await pilot.pause()


async def test_a_theme_is_shown_while_choosing_and_kept_only_when_chosen() -> None:
    async with at("theme") as (scene, pilot):
        before = pilot.app.theme
        assert isinstance(pilot.app.screen, ThemeScreen)
        await pilot.press("down", "down")
        await pilot.pause()
        assert pilot.app.theme == "tui-xmpp-light"
        assert scene.client.settings.ui.theme == "auto"
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.theme == before
        app_of(pilot).perform("theme")
        await pilot.pause()
        await pilot.press("down", "down", "down", "enter")
        await pilot.pause()
        assert pilot.app.theme == "tui-xmpp-contrast"
        assert scene.client.settings.ui.theme == "contrast"


async def test_textuals_sixteen_colours_are_ours() -> None:
    async with at("theme", "ansi-light") as (scene, pilot):
        assert pilot.app.theme == "tui-xmpp-terminal"
        assert value(scene, "ui.theme") == "terminal"


async def test_a_key_is_pressed_to_be_taken() -> None:
    async with at("keys", "inbox all chats") as (scene, pilot):
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("f17")
        await pilot.pause()
        assert row(pilot) == "Inbox F17"
        assert scene.client.settings.keys == (KeyChoice("inbox", ("f17",)),)
        await pilot.press("escape", "insert")
        await pilot.pause()
        await pilot.press("f18")
        await pilot.pause()
        assert row(pilot) == "Inbox F17 F18"
        await pilot.press("backspace")
        await pilot.pause()
        assert row(pilot) == "Inbox –"
        await pilot.press("delete")
        await pilot.pause()
        assert row(pilot) == "Inbox F5"
        assert not scene.client.settings.keys


async def test_the_key_to_leave_can_be_given_away_and_another_leads_out() -> None:
    async with at("keys", "say goodbye on all") as (scene, pilot):
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("f17")
        await pilot.pause()
        assert row(pilot) == "Quit F17"
        pilot.app.screen.query_one("#query", Input).value = "status-pane"
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert row(pilot) == "Status Ctrl+Q"
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert not scene.engine.is_closed
        await pilot.press("f17")
        await pilot.pause()
        assert scene.engine.is_closed


async def test_a_key_that_is_taken_is_offered_in_exchange() -> None:
    async with at("keys", "status-pane") as (_, pilot):
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("f5")
        await pilot.pause()
        assert isinstance(pilot.app.screen, ConfirmScreen)
        await pilot.press("y")
        await pilot.pause()
        assert isinstance(pilot.app.screen, KeysScreen)
        assert app_of(pilot).desk.keymap.keys("status-pane") == ("f5",)
        assert app_of(pilot).desk.keymap.keys("inbox") == ("ctrl+t",)
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("tab")
        await pilot.pause()
        assert "Tab is for moving or writing" in told(pilot)
        assert app_of(pilot).desk.keymap.keys("status-pane") == ("f5",)


async def test_settings_are_changed_with_the_mouse() -> None:
    async with at("settings", "typing") as (scene, pilot):
        rows = pilot.app.screen.query_one("#rows")
        await pilot.click(rows, offset=(4, 1))
        await pilot.pause()
        assert not scene.client.settings.privacy.sends_typing
