"""What the app does to every event before a widget sees it."""

from __future__ import annotations

import pytest
from rich.color import ColorParseError
from rich.style import Style
from textual.events import AppBlur, AppFocus, Key
from textual.widgets import Input

from tests.support.scenes import DARCY, ELIZABETH, JANE, netherfield, received
from tests.ui.test_screen import cells
from tui_xmpp.core import events as e
from tui_xmpp.core.commands import SetActivity
from tui_xmpp.core.model import Connection, Phase
from tui_xmpp.ui.app import TuiXmppApp


async def test_x_352_the_servers_are_told_when_the_terminal_loses_the_focus_and_gets_it_back() -> None:
    scene = netherfield()
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        for event in (AppBlur(), AppFocus()):
            app.post_message(event)
            await pilot.pause()
        accounts = [view.account for view in scene.client.views.accounts()]
        assert scene.engine.of(SetActivity) == [
            SetActivity(account, is_active) for is_active in (False, True) for account in accounts
        ]


async def test_a_fault_in_a_test_is_told_as_it_was_although_no_picture_can_be_made_of_it() -> None:
    app = TuiXmppApp(netherfield().client)
    with pytest.raises(ColorParseError):  # noqa: PT012 - the whole app ends with it
        async with app.run_test() as pilot:
            # What is half made when it fails cannot be shown among the variables.
            app.call_later(lambda: Style(color="no colour"))
            await pilot.pause()


async def test_s_31_s_32_what_a_server_says_as_it_closes_the_stream_is_shown_as_cells_only() -> None:
    scene = netherfield()
    reason = "The server is shutting down. It says: “[b]so\x1b[2J\x9b it\x07 is\u202e”"
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        scene.publish(e.ConnectionChanged(ELIZABETH, Connection(Phase.STOPPED, reason)))
        for keys in ((), ("ctrl+t",)):
            await pilot.press(*keys)
            await pilot.pause(0.1)
            seen = cells(pilot)
            assert "The server is shutting down. It says: “[b]so" in " ".join(seen.split())
            assert not set(seen) & set("\x1b\x07\x9b\u202e")


async def test_a_chord_with_alt_is_never_text() -> None:
    scene = netherfield()
    scene.publish(received(JANE, "Do not walk here.", 1))
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test(size=(100, 30)) as pilot:
        app.main.open_chat(ELIZABETH, DARCY)
        await pilot.pause()
        app.post_message(Key("alt+a", "a"))  # as ESC a comes out of Textual
        await pilot.pause(0.1)
        assert app.main.conversation.composer.text == ""
        assert app.main.chat == (ELIZABETH, JANE)
        app.perform("add")
        await pilot.pause()
        app.post_message(Key("alt+w", "w"))
        await pilot.pause(0.1)
        assert app.screen.query_one("#address", Input).value == ""
