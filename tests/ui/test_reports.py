from __future__ import annotations

import asyncio

from textual.app import App

from tests.support.scenes import DARCY, ELIZABETH, netherfield, received
from tests.ui.test_screen import app_of, running
from tui_xmpp.core import commands as c
from tui_xmpp.core import events as e
from tui_xmpp.ui.widgets import reports
from tui_xmpp.ui.widgets.reports import Reports


async def test_after_many_in_a_row_one_stands_for_all_that_follow() -> None:
    async with App[None]().run_test() as pilot:
        made: list[bool] = []
        was_made = asyncio.Event()

        def report() -> None:
            made.append(True)
            was_made.set()

        each = Reports(pilot.app.screen, report)
        for _ in range(reports.AT_ONCE + 3):
            each.make()
        assert len(made) == reports.AT_ONCE
        was_made.clear()
        async with asyncio.timeout(20):
            await was_made.wait()
        each.finish()
        assert len(made) == reports.AT_ONCE + 1


async def test_what_was_read_last_of_a_flood_is_read_also_when_one_leaves_at_once() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        app = app_of(pilot)
        app.main.open_chat(ELIZABETH, DARCY)
        scene.publish(e.HistoryLoaded(ELIZABETH, DARCY, (), is_latest=True, is_start=True))
        await pilot.pause()
        for number in range(reports.AT_ONCE + 3):
            scene.publish(received(DARCY, f"number {number}", -number))
            await pilot.pause()
        app.leave()
        assert len(scene.engine.of(c.MarkRead)) > reports.AT_ONCE
