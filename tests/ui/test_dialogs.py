"""What all dialogs promise."""

from __future__ import annotations

from tests.support.scenes import DARCY, ELIZABETH, netherfield
from tui_xmpp.core import events as e
from tui_xmpp.core.model import Prompt, PromptKind
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.screens.confirm import ConfirmScreen
from tui_xmpp.ui.screens.prompts import PasswordScreen


async def test_a_dialog_left_twice_is_left_once() -> None:
    app = TuiXmppApp(netherfield().client)
    answers: list[bool] = []
    async with app.run_test() as pilot:
        await pilot.pause()
        screen = ConfirmScreen("Really?", "It cannot be undone.", yes="Do it")
        app.desk.ask(screen, answers.append)
        await pilot.pause()
        screen.dismiss(True)
        screen.dismiss(True)
        await pilot.pause()
        assert answers == [True]
        assert app.screen is app.main


async def test_a_question_settled_under_another_dialog_is_gone_when_that_is_left() -> None:
    scene = netherfield()
    app = TuiXmppApp(scene.client)
    async with app.run_test() as pilot:
        await pilot.pause()
        scene.publish(e.PromptRaised(ELIZABETH, Prompt(ELIZABETH, PromptKind.PASSWORD, "No password is kept.")))
        await pilot.pause(0.1)
        app.desk.ask(ConfirmScreen("Really?", "Words.", yes="Do it"))
        await pilot.pause()
        scene.publish(e.PromptSettled(ELIZABETH, PromptKind.PASSWORD))
        await pilot.pause(0.1)
        await pilot.press("escape")
        await pilot.pause(0.1)
        assert not any(isinstance(screen, PasswordScreen) for screen in app.screen_stack)


async def test_a_list_is_paged_through_and_left_where_it_has_no_room() -> None:
    scene = netherfield()
    app = TuiXmppApp(scene.client)
    async with app.run_test(size=(4, 3)) as pilot:
        await pilot.pause()
        for open_dialog in ("accounts", "requests", "subscription"):
            app.main.open_chat(ELIZABETH, DARCY)
            app.perform(open_dialog)
            await pilot.pause()
            await pilot.press("pagedown", "pageup", "down", "end", "home")
            await pilot.press("escape")
            assert app.screen is app.main
