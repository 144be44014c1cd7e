"""What is missing in a chat: where it is drawn, how it is asked for, what is said when it cannot be loaded."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from textual.geometry import Offset
from textual.pilot import Pilot

from tests.support.scenes import DARCY, ELIZABETH, NOW, RecordingEngine, Scene, netherfield
from tui_xmpp.core import commands as c
from tui_xmpp.core import events as e
from tui_xmpp.core.model import Direction, Gap, Message
from tui_xmpp.core.order import microseconds
from tui_xmpp.ui.app import TuiXmppApp


def said(number: int, at: datetime) -> Message:
    return Message(f"m{number}", ELIZABETH, DARCY, Direction.INCOMING, at, f"message {number}", place=place(at))


def place(at: datetime) -> int:
    return microseconds(at) * 1000


LONG_AGO, NOON = NOW - timedelta(days=7), NOW - timedelta(hours=8)
OLD = [said(n, LONG_AGO + timedelta(minutes=n)) for n in range(3)]
NEW = [said(n, NOON + timedelta(minutes=n)) for n in range(3, 6)]
HOLE = Gap(place(LONG_AGO) + 10**12, place(NOON) - 10**9, "a1", "b1")
END = Gap(place(NOON) + 10**12, place(NOW), "c1", "d1")


@dataclass
class SlowEngine(RecordingEngine):
    """Leave what is asked of the server without an answer until told how it ends."""

    finish: Callable[[str | None], None] | None = None

    def perform(self, command: c.Command, finish: Callable[[str | None], None]) -> None:
        if isinstance(command, c.FillGap):
            self.commands.append(command)
            self.finish = finish
        else:
            super().perform(command, finish)


@asynccontextmanager
async def chat(*gaps: Gap, width: int = 100) -> AsyncIterator[tuple[Pilot[None], TuiXmppApp, Scene, SlowEngine]]:
    scene = netherfield()
    engine = SlowEngine()
    scene.client.attach(lambda: engine)
    scene.publish(
        e.HistoryLoaded(ELIZABETH, DARCY, (*OLD, *NEW), is_latest=True, is_start=True), e.GapsChanged(ELIZABETH, gaps)
    )
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test(size=(width, 30)) as pilot:
        app.main.open_chat(ELIZABETH, DARCY)
        await pilot.pause()
        yield pilot, app, scene, engine


def rows(app: TuiXmppApp) -> list[str]:
    log = app.main.conversation.log_lines
    return [log.render_line(y).text.rstrip() for y in range(log.size.height)]


def when(at: int) -> str:
    moment = datetime.fromtimestamp(at / 10**9).astimezone()
    return f"{moment.day} {moment:%b %H:%M}"


async def test_a_gap_is_a_row_of_its_own_that_enter_fills() -> None:
    async with chat(HOLE) as (pilot, app, scene, engine):
        shown = rows(app)
        line = next(n for n, row in enumerate(shown) if "Messages between" in row)
        assert f"between {when(HOLE.after)} and {when(HOLE.before)}" in shown[line]
        assert any("message 2" in row for row in shown[:line])
        assert any("message 3" in row for row in shown[line:])

        log = app.main.conversation.log_lines
        await pilot.press("up", "up", "up", "up")
        assert log.cursor == "m3"
        await pilot.press("up")
        assert log.chosen is None, "the cursor stands on the gap"
        assert rows(app)[line].startswith("▌")
        await pilot.press("up", "down", "down", "up", "enter")
        await pilot.pause()
        assert engine.of(c.FillGap) == [c.FillGap(ELIZABETH, DARCY, HOLE)]
        assert any("Loading what was said between" in row for row in rows(app))
        await pilot.press("enter")
        assert len(engine.of(c.FillGap)) == 1, "what is being loaded is not asked for twice"

        assert engine.finish is not None
        engine.finish("elizabeth@longbourn.lit is not connected.")
        await pilot.pause(0.1)
        assert any("is not connected. Enter tries again." in row for row in rows(app))
        await pilot.press("enter")
        scene.publish(e.GapsChanged(ELIZABETH, ()))
        engine.finish(None)
        await pilot.pause(0.1)
        assert not any("between" in row for row in rows(app))
        assert log.cursor == "m3", "the cursor goes on below what is filled"


async def test_a_gap_below_all_goes_on_being_below_and_a_click_fills_it() -> None:
    async with chat(HOLE, END, width=60) as (pilot, app, scene, engine):
        assert "Enter loads them" in " ".join(rows(app)).rstrip()[-120:]
        later = replace(said(6, NOW - timedelta(minutes=1)), direction=Direction.OUTGOING)
        scene.publish(e.MessageQueued(ELIZABETH, later))
        await pilot.pause(0.1)
        shown = rows(app)
        last = max(n for n, row in enumerate(shown) if "message 6" in row)
        line = max(n for n, row in enumerate(shown) if "Messages between" in row)
        assert line > last
        log = app.main.conversation.log_lines
        await pilot.click(log, offset=Offset(20, line))
        await pilot.pause()
        assert engine.of(c.FillGap) == [c.FillGap(ELIZABETH, DARCY, END)]
        await pilot.press("up")
        assert log.cursor == "m6"
        await pilot.press("down")
        assert log.chosen is None
        await pilot.press("down")
        assert app.main.conversation.composer.has_focus


async def test_by_command_the_newest_gap_is_filled_first() -> None:
    async with chat(HOLE, END) as (pilot, app, scene, engine):
        assert app.main.run_text(ELIZABETH, DARCY, "/fill")
        await pilot.pause()
        assert engine.of(c.FillGap) == [c.FillGap(ELIZABETH, DARCY, END)]
        scene.publish(e.GapsChanged(ELIZABETH, ()))
        await pilot.pause(0.1)
        assert not app.main.run_text(ELIZABETH, DARCY, "/fill"), "nothing is missing any more"
