"""Keys that come at once, as from a quick hand or over a line that stalled, are heeded one after the other."""

from __future__ import annotations

import asyncio

from textual import events
from textual.widgets import Checkbox, Input

from tests.support.scenes import DARCY, ELIZABETH, RecordingEngine, Scene, netherfield
from tests.support.ui import type_at_once
from tui_xmpp.core import commands as c
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.screens.contact import AddContactScreen


async def test_editing_keys_keep_their_place_among_the_letters() -> None:
    app = TuiXmppApp(netherfield().client)
    async with app.run_test() as pilot:
        app.main.open_chat(ELIZABETH, DARCY)
        await pilot.pause()
        await type_at_once(pilot, "a", "b", "backspace", "c", "left", "d")
        assert app.main.conversation.composer.text == "adc"


async def test_what_follows_a_choice_in_the_switcher_is_written_to_who_was_chosen() -> None:
    scene = netherfield()
    app = TuiXmppApp(scene.client)
    async with app.run_test() as pilot:
        await pilot.pause()
        await type_at_once(pilot, "ctrl+k", *"darcy", "enter", *"hello", "enter")
        assert app.main.chat == (ELIZABETH, DARCY)
        assert c.SendMessage(ELIZABETH, DARCY, "hello") in scene.engine.of(c.SendMessage)


async def test_what_follows_a_choice_in_the_list_is_written_to_who_was_chosen() -> None:
    scene = netherfield()
    app = TuiXmppApp(scene.client)
    async with app.run_test() as pilot:
        app.main.roster.focus()
        await pilot.pause()
        await type_at_once(pilot, "f", *"darcy", "enter", *"hello", "enter")
        assert c.SendMessage(ELIZABETH, DARCY, "hello") in scene.engine.of(c.SendMessage)


async def test_each_field_of_a_dialog_gets_the_keys_that_were_meant_for_it() -> None:
    app = TuiXmppApp(netherfield().client)
    async with app.run_test() as pilot:
        app.push_screen(AddContactScreen(app.desk, ELIZABETH))
        await pilot.pause()
        keys = (*"janex", "backspace", "tab", *"Janx", "backspace", "e", "tab", "tab", "space", "tab")
        await type_at_once(pilot, *keys)
        fields = {field.id: field.value for field in app.screen.query(Input)}
        assert (fields["address"], fields["name"]) == ("jane", "Jane")
        assert not app.screen.query_one(Checkbox).value


async def test_an_enter_presses_the_button_it_was_meant_for() -> None:
    app = TuiXmppApp(netherfield().client)
    async with app.run_test() as pilot:
        app.push_screen(AddContactScreen(app.desk, ELIZABETH))
        await pilot.pause()
        app.screen.query_one("#cancel").focus()
        await pilot.pause()
        await type_at_once(pilot, "enter", "tab")
        assert app.screen is app.main


class LeavingEngine(RecordingEngine):
    """Tell when the program is left."""

    def __init__(self) -> None:
        super().__init__()
        self.left = asyncio.Event()

    async def close(self) -> None:
        self.left.set()


async def test_the_program_is_left_though_the_work_of_a_key_does_not_end() -> None:
    engine = LeavingEngine()
    scene = Scene(engine=engine)
    scene.add_account()
    app = TuiXmppApp(scene.client)
    async with app.run_test() as pilot:
        app.main.open_chat(ELIZABETH, DARCY)
        await pilot.pause()
        is_over = asyncio.Event()
        app.main.conversation.composer.call_later(is_over.wait)
        for key in ("left", "ctrl+q"):
            app.post_message(events.Key(key, None))
        async with asyncio.timeout(20):
            await engine.left.wait()
        is_over.set()
