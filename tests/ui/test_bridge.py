"""From the doorbell to the screens: few messages, every answer once, nothing lost."""

from __future__ import annotations

from tests.support.scenes import BINGLEY, ELIZABETH, Scene, netherfield, presence, received
from tui_xmpp.core import commands as c
from tui_xmpp.core.model import Show
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.bridge import Bridge
from tui_xmpp.worker.doorbell import Batch


async def test_a_burst_of_facts_is_few_messages_to_the_screen() -> None:
    scene = netherfield()
    app = TuiXmppApp(scene.client, clock=scene.clock)
    rung = 0
    deliver = app.bridge.deliver

    def counted() -> Batch:
        nonlocal rung
        rung += 1
        return deliver()

    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        app.bridge.deliver = counted  # type: ignore[method-assign]
        for number in range(500):
            scene.publish(received(BINGLEY, f"line {number}", number))
        await pilot.pause(0.1)
        assert 1 <= rung <= 4
        view = scene.client.views.contact(ELIZABETH, BINGLEY)
        assert view is not None
        assert app.main.roster.rows.view(ELIZABETH, BINGLEY) is view
        assert view.unread == 500


async def test_an_answer_goes_to_who_asked_and_only_a_failure_to_the_user() -> None:
    scene = Scene()
    scene.add_account()
    complaints: list[str] = []
    answers: list[str | None] = []
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test() as pilot:
        await pilot.pause()
        bridge = Bridge(app, scene.client, complaints.append)
        bridge.submit(c.Connect(ELIZABETH), answers.append)
        scene.engine.failure = "The server did not answer."
        bridge.submit(c.Connect(ELIZABETH), answers.append)
        bridge.submit(c.Disconnect(ELIZABETH))
        bridge.deliver()
        assert answers == [None, "The server did not answer."]
        assert complaints == ["The server did not answer."]


async def test_facts_told_before_the_first_paint_are_on_it() -> None:
    scene = netherfield()
    scene.publish(presence(BINGLEY, Show.CHAT, "early"))
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        view = app.main.roster.rows.view(ELIZABETH, BINGLEY)
        assert view is not None
        assert view.status == "early"
