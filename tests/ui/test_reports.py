from __future__ import annotations

import asyncio

from textual.app import App

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
        async with asyncio.timeout(10):
            await was_made.wait()
        each.finish()
        assert len(made) == reports.AT_ONCE + 1
