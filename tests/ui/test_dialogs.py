"""What all dialogs promise."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta

import pytest
from textual import events
from textual.geometry import Offset
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from tests.support.scenes import DARCY, ELIZABETH, NOW, netherfield
from tests.ui.test_screen import cells
from tui_xmpp.core import commands as c
from tui_xmpp.core import events as e
from tui_xmpp.core.model import Connection, Delivery, Direction, Failure, Message, Phase, Prompt, PromptKind
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.screens.confirm import ConfirmScreen
from tui_xmpp.ui.screens.details import MessageScreen
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


async def test_very_many_dialogs_over_each_other_are_drawn_without_very_many_nested_calls() -> None:
    app = TuiXmppApp(netherfield().client)
    limit = sys.getrecursionlimit()
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        for _ in range(24):
            app.push_screen(ModalScreen())
        await pilot.pause()
        sys.setrecursionlimit(450)
        try:
            await pilot.resize_terminal(40, 12)
        finally:
            sys.setrecursionlimit(limit)
        assert "Jane" in cells(pilot)


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


def _failed() -> Message:
    why = Failure("item-not-found", "There is no such account at pemberley.lit.", "Nobody " * 30)
    return Message(
        "m1", ELIZABETH, DARCY, Direction.OUTGOING, NOW, "Is it novels?", delivery=Delivery.FAILED, failure=why
    )


async def test_all_that_is_known_of_a_message_is_told_whole() -> None:
    scene = netherfield()
    scene.publish(e.HistoryLoaded(ELIZABETH, DARCY, (_failed(),), is_latest=True, is_start=True))
    app = TuiXmppApp(scene.client)
    async with app.run_test(size=(100, 40)) as pilot:
        app.main.open_chat(ELIZABETH, DARCY)
        await pilot.pause()
        await pilot.press("up", "i")
        assert isinstance(app.screen, MessageScreen)
        facts = app.screen.query_one(".facts", Static)
        rows = "\n".join(facts.render_line(y).text.rstrip() for y in range(facts.size.height))
        assert f"{NOW.astimezone():%A %d %B %Y, %H:%M:%S}" in rows
        assert "no such account" in rows
        assert "item-not-found" in rows
        assert rows.count("Nobody") == 30
        scene.publish(e.DeliveryChanged(ELIZABETH, DARCY, "m1", Delivery.DELIVERED, NOW))
        await pilot.pause(0.1)
        rows = "\n".join(facts.render_line(y).text.rstrip() for y in range(facts.size.height))
        assert "delivered to a device of theirs" in rows


async def test_the_details_tell_when_each_state_came_and_by_which_ids_a_message_is_known() -> None:
    scene = netherfield()
    said = Message("m1", ELIZABETH, DARCY, Direction.OUTGOING, NOW, "Books?", delivery=Delivery.QUEUED)
    said = replace(said, stanza_id="m1", archive_id="28482-98726")
    scene.publish(e.HistoryLoaded(ELIZABETH, DARCY, (said,), is_latest=True, is_start=True))
    for seconds, rung in ((1, Delivery.SENT), (2, Delivery.ACKNOWLEDGED), (86400, Delivery.DELIVERED)):
        at = NOW + timedelta(seconds=seconds)
        scene.publish(e.DeliveryChanged(ELIZABETH, DARCY, "m1", rung, at))
    app = TuiXmppApp(scene.client)
    async with app.run_test(size=(100, 40)) as pilot:
        app.main.open_chat(ELIZABETH, DARCY)
        await pilot.pause()
        message = app.desk.views.conversation(ELIZABETH, DARCY).messages[0]
        app.push_screen(MessageScreen(app.desk, message))
        await pilot.pause()
        facts = app.screen.query_one(".facts", Static)
        rows = "\n".join(facts.render_line(y).text.rstrip() for y in range(facts.size.height))
        local = NOW.astimezone()
        assert f"{local:%H:%M:%S}  written" in rows
        assert f"{NOW.astimezone() + timedelta(seconds=1):%H:%M:%S}  sent" in rows
        assert f"{NOW.astimezone() + timedelta(days=1):%a %d %b %H:%M:%S}  delivered" in rows
        assert "28482-98726" in rows


async def test_on_a_message_the_foot_tells_its_keys_and_a_paste_goes_where_one_writes() -> None:
    scene = netherfield()
    scene.publish(e.HistoryLoaded(ELIZABETH, DARCY, (_failed(),), is_latest=True, is_start=True))
    app = TuiXmppApp(scene.client)
    async with app.run_test(size=(100, 40)) as pilot:
        app.main.open_chat(ELIZABETH, DARCY)
        await pilot.pause()
        await pilot.press("up")
        bar = app.main.key_bar.render_line(0).text
        await pilot.click(app.main.key_bar, offset=Offset(bar.index("Write"), 0))
        assert app.main.conversation.composer.has_focus
        await pilot.press("up")
        app.main.conversation.log_lines.post_message(events.Paste("two\r\nlines"))
        await pilot.pause()
        assert app.main.conversation.composer.text == "two\nlines"
        assert app.main.conversation.composer.has_focus


@pytest.mark.parametrize(
    ("typed", "command"), [("/forget-login", c.AllowWeakerLogin(ELIZABETH)), ("/unpin", c.UnpinCertificate(ELIZABETH))]
)
async def test_trust_is_changed_only_after_a_question(typed: str, command: c.Command) -> None:
    scene = netherfield()
    app = TuiXmppApp(scene.client)
    async with app.run_test() as pilot:
        await pilot.pause()
        app.main.run_text(None, None, typed)
        await pilot.pause()
        assert isinstance(app.screen, ConfirmScreen)
        await pilot.press("escape")
        assert command not in scene.engine.commands
        app.main.run_text(None, None, typed)
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        assert command in scene.engine.commands


async def test_an_account_is_connected_or_disconnected_by_a_button_that_says_which() -> None:
    scene = netherfield()
    app = TuiXmppApp(scene.client)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("f3")
        await pilot.pause()
        button = app.screen.query_one("#connect", Button)
        assert str(button.label) == "C disconnect"
        assert button.content_region.width >= len("C disconnect")
        scene.publish(e.ConnectionChanged(ELIZABETH, Connection(Phase.STOPPED)))
        await pilot.pause(0.1)
        assert str(button.label) == "C connect"
