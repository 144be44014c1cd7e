"""What the doorbell has the main screen draw: no more than looks other than before."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from unittest.mock import patch

from textual.pilot import Pilot
from textual.strip import Strip

from tests.support.scenes import DARCY, ELIZABETH, JANE, Scene, netherfield, received
from tui_xmpp.core import events as e
from tui_xmpp.core.model import Presence, Show
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.widgets.lines import DrawnLines


def drawn_by(app: TuiXmppApp, scene: Scene, *events: e.Event) -> set[str]:
    """Publish facts and name the parts of the main screen that draw at the ring for them."""
    main, drawn = app.main, set()

    def watched(name: str, widget: DrawnLines) -> None:
        draw = widget.draw_lines

        def draw_lines(lines: Sequence[int]) -> list[Strip]:
            drawn.add(name)
            return draw(lines)

        stack.enter_context(patch.object(widget, "draw_lines", draw_lines))

    with ExitStack() as stack:
        watched("people", main.roster)
        watched("header", main.conversation.header)
        watched("status", main.status_line)
        watched("keys", main.key_bar)
        watched("messages", main.conversation.log_lines)
        scene.publish(*events)
        app.bridge.deliver()
    return drawn


async def at_rest(pilot: Pilot[None]) -> TuiXmppApp:
    app = pilot.app
    assert isinstance(app, TuiXmppApp)
    app.main.open_chat(ELIZABETH, DARCY)
    await pilot.pause()
    await pilot.pause()
    return app


async def test_a_message_read_at_once_draws_nothing_but_itself() -> None:
    scene = netherfield()
    async with TuiXmppApp(scene.client, clock=scene.clock).run_test(size=(120, 40)) as pilot:
        app = await at_rest(pilot)
        read = e.ConversationRead(ELIZABETH, DARCY)
        drawn_by(app, scene, read)
        assert drawn_by(app, scene, received(DARCY, "I did not know before.", -1), read) == {"messages"}


async def test_whatever_looks_other_is_drawn() -> None:
    scene = netherfield()
    async with TuiXmppApp(scene.client, clock=scene.clock).run_test(size=(120, 40)) as pilot:
        app = await at_rest(pilot)
        drawn_by(app, scene, e.ConversationRead(ELIZABETH, DARCY))
        assert drawn_by(app, scene, received(JANE, "Lizzy!", -1)) >= {"people", "status", "keys"}
        busy = e.PresenceChanged(ELIZABETH, DARCY.with_resource("library"), Presence(Show.DND))
        assert drawn_by(app, scene, busy) >= {"people", "header"}
        view = scene.client.views.account(ELIZABETH)
        assert view is not None
        own = replace(view.own, status="reading")
        assert drawn_by(app, scene, e.OwnPresenceChanged(ELIZABETH, own)) >= {"people", "status"}
