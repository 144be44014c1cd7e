"""Away when the user is, and back with the first key."""

from __future__ import annotations

from dataclasses import replace

from textual.pilot import Pilot

from tests.support.scenes import ELIZABETH, Scene
from tui_xmpp.core import commands as c
from tui_xmpp.core import events as e
from tui_xmpp.core.model import OwnPresence, Show
from tui_xmpp.core.settings import Settings, UiSettings
from tui_xmpp.ui.app import TuiXmppApp

OWN = OwnPresence(Show.CHAT, "free", 5)


def scene_with(own: OwnPresence = OWN, ui: UiSettings | None = None) -> Scene:
    scene = Scene(Settings(ui=ui or UiSettings(away_after=10, xa_after=30)))
    scene.add_account(own=own)
    scene.engine.on_command = lambda command: (
        scene.publish(e.OwnPresenceChanged(command.account, command.presence))
        if isinstance(command, c.SetPresence)
        else None
    )
    return scene


def shows(scene: Scene) -> list[tuple[Show, bool]]:
    return [(s.presence.show, s.is_automatic) for s in scene.engine.of(c.SetPresence) if isinstance(s, c.SetPresence)]


async def idle(pilot: Pilot[None], scene: Scene, minutes: float) -> None:
    scene.clock.advance(minutes * 60)
    assert isinstance(pilot.app, TuiXmppApp)
    pilot.app._idleness.check()
    await pilot.pause()


async def test_away_then_extended_away_then_back_as_chosen() -> None:
    scene = scene_with()
    async with TuiXmppApp(scene.client, clock=scene.clock).run_test() as pilot:
        await pilot.pause()
        await idle(pilot, scene, 9)
        assert shows(scene) == []
        await idle(pilot, scene, 1)
        assert shows(scene) == [(Show.AWAY, True)]
        await idle(pilot, scene, 5)
        assert len(shows(scene)) == 1
        await idle(pilot, scene, 15)
        assert shows(scene)[1:] == [(Show.XA, True)]
        await pilot.press("down")
        assert scene.engine.of(c.SetPresence)[-1] == c.SetPresence(ELIZABETH, OWN, is_automatic=True)
        await pilot.press("down")
        assert len(shows(scene)) == 3


async def test_what_the_user_chose_is_left_alone() -> None:
    for show in (Show.DND, Show.AWAY, Show.XA):
        scene = scene_with(OwnPresence(show))
        async with TuiXmppApp(scene.client, clock=scene.clock).run_test() as pilot:
            await pilot.pause()
            await idle(pilot, scene, 60)
            await pilot.press("down")
            assert shows(scene) == []


async def test_a_presence_chosen_meanwhile_is_not_undone() -> None:
    scene = scene_with()
    async with TuiXmppApp(scene.client, clock=scene.clock).run_test() as pilot:
        await pilot.pause()
        await idle(pilot, scene, 12)
        scene.publish(e.OwnPresenceChanged(ELIZABETH, replace(OWN, show=Show.DND)))
        await pilot.press("down")
        assert shows(scene) == [(Show.AWAY, True)]


async def test_never_means_never() -> None:
    scene = scene_with(ui=UiSettings(away_after=0, xa_after=0))
    async with TuiXmppApp(scene.client, clock=scene.clock).run_test() as pilot:
        await pilot.pause()
        await idle(pilot, scene, 600)
        assert shows(scene) == []
