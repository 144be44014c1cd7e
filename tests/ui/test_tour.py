"""The tour: every step is done by doing what it says, and it is never in the way."""

from __future__ import annotations

import pytest

from tests.support.scenes import DARCY, ELIZABETH, Scene, netherfield
from tui_xmpp.core.commands import Command, OpenConversation, SendMessage
from tui_xmpp.core.events import HistoryLoaded, MessageQueued
from tui_xmpp.core.model import Delivery, Direction, Message
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.tour import STEPS


def lively() -> Scene:
    scene = netherfield()

    def answer(command: Command) -> None:
        if isinstance(command, OpenConversation):
            scene.publish(HistoryLoaded(command.account, command.peer, (), is_latest=True, is_start=True))
        elif isinstance(command, SendMessage):
            message = Message(
                "sent",
                command.account,
                command.peer,
                Direction.OUTGOING,
                scene.clock.now(),
                command.body,
                delivery=Delivery.SENT,
            )
            scene.publish(MessageQueued(command.account, message))

    scene.engine.on_command = answer
    return scene


async def test_each_step_is_done_by_what_it_says() -> None:
    scene = lively()
    app = TuiXmppApp(scene.client, clock=scene.clock, is_demo=True)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        app.perform("tour")
        await pilot.pause()
        bar = app.main.tour_bar
        assert bar is not None
        assert "Enter opens the chat" in bar.render_line(0).text
        app.main.roster.select(ELIZABETH, DARCY)
        ways = (
            ("enter",),
            (*"Hello", "enter"),
            ("up",),
            ("escape", "ctrl+k"),
            ("escape", "ctrl+r"),
            ("escape", "ctrl+o"),
            ("escape", "f1"),
        )
        assert len(ways) == len(STEPS)
        for number, keys in enumerate(ways):
            assert bar.step == number
            await pilot.press(*keys)
            await pilot.pause()
            await pilot.pause()
        assert bar.step == len(STEPS)
        await pilot.press("escape")
        await pilot.pause()
        assert "That was the tour" in bar.render_line(0).text
        await pilot.click(type(bar))
        await pilot.pause()
        assert app.main.tour_bar is None
        assert not app.main.query(type(bar))


async def test_the_demo_offers_the_tour_and_nothing_else_does() -> None:
    for is_demo in (True, False):
        scene = netherfield()
        app = TuiXmppApp(scene.client, clock=scene.clock, is_demo=is_demo)
        async with app.run_test(size=(100, 30)) as pilot:
            await pilot.pause()
            assert (("/tour", "a tour of one minute") in app.main.conversation.log_lines.welcome) is is_demo


@pytest.mark.parametrize(("width", "height"), [(120, 40), (80, 24), (60, 20), (40, 12)])
async def test_each_step_is_told_whole_in_every_terminal(width: int, height: int) -> None:
    scene = lively()
    app = TuiXmppApp(scene.client, clock=scene.clock, is_demo=True)
    async with app.run_test(size=(width, height)) as pilot:
        app.perform("tour")
        await pilot.pause()
        bar = app.main.tour_bar
        assert bar is not None
        for number, step in enumerate(STEPS):
            bar._at = number
            bar._take_room()
            await pilot.pause()
            shown = " ".join(bar.render_line(line).text for line in range(bar.size.height)).split()
            *count_and_words, way_out, ends, it = shown
            assert [way_out, ends, it] == ["/tour", "ends", "it"]
            assert len(count_and_words) == 1 + len(step.words.split())
            assert bar.region.bottom <= height
