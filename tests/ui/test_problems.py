"""What was wrong at the start stays readable after its notice is gone."""

from __future__ import annotations

from textual.geometry import Offset
from textual.widgets import Static

from tests.support.scenes import netherfield
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.screens.problems import ProblemsScreen

NOTICES = (
    "settings.toml, line 3: accounts.prot is no setting; did you mean port?",
    "settings.toml, line 9: ui.theme: there is no theme called [red]blue[/].",
    "Another tui-xmpp is using this archive: messages of this one are shown but not kept.",
)


async def test_problems_are_counted_listed_and_shown_whole() -> None:
    scene = netherfield()
    app = TuiXmppApp(scene.client, clock=scene.clock, notices=NOTICES)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert any("/problems shows them all" in toast.message for toast in app._notifications)
        app.clear_notifications()
        await pilot.press("ctrl+t")
        await pilot.pause()
        pane = app.main.status_pane
        shown = "\n".join(pane.render_line(y).text for y in range(pane.size.height))
        assert "Wrong at the start" in shown
        assert "line 3: accounts.prot is no setting" in shown
        assert "[red]blue[/]" in shown
        await pilot.press("v")
        await pilot.pause()
        assert isinstance(app.screen, ProblemsScreen)
        told = [str(each.content) for each in app.screen.query(".words").results(Static)]
        assert [f"! {notice}" for notice in NOTICES] == [each for each in told if each.startswith("!")]
        await pilot.press("c", "escape")
        assert app.clipboard.splitlines() == list(NOTICES)
        badge = app.main.status_line.render_line(0).text.index("3 problems")
        await pilot.click(app.main.status_line, offset=Offset(badge, 0))
        await pilot.pause()
        assert isinstance(app.screen, ProblemsScreen)


async def test_without_problems_nothing_is_said_of_them() -> None:
    scene = netherfield()
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert "problem" not in app.main.status_line.render_line(0).text
        await pilot.click(app.main.status_line, offset=Offset(2, 0))
        assert app.main.status_pane.has_focus
        await pilot.press("v")
        await pilot.pause()
        assert app.screen is app.main


async def test_the_badge_of_requests_still_opens_them() -> None:
    scene = netherfield()
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        line = app.main.status_line
        await pilot.click(line, offset=Offset(line.render_line(0).text.index("1 request"), 0))
        await pilot.pause()
        assert type(app.screen).__name__ == "RequestsScreen"
