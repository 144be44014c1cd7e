"""How the tests wait for the screen: until it has nothing left to do, however busy the machine is.

Textual's own way takes little use of the processor for idleness. A process that gets no turn on a busy machine uses
little too, and a test goes on before what it pressed was heeded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import textual.app
import textual.pilot
from textual.pilot import Pilot

_SOON = 0.07
"""Seconds within which what is due belongs to what goes on: a frame, and the longest pause between two of a flood."""
_MOST_WAITS = 12
"""So many timers in a row are waited for: some never end, as the blinking of a cursor."""
_TURNS = 3
"""Nothing may be left so often in a row, as one turn of the loop may hold what begins the next."""

_pause = Pilot.pause


def be_patient() -> None:
    """Let every pilot wait so."""
    for module in (textual.app, textual.pilot):
        vars(module)["wait_for_idle"] = wait_for_idle
    setattr(Pilot, "pause", pause)  # noqa: B010 - type checkers let no method be replaced


async def wait_for_idle(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """Wait until nothing is left but what is due later, in another thread, or outside."""
    await asyncio.sleep(min_sleep)
    loop = asyncio.get_running_loop()
    turns = waits = 0
    while turns < _TURNS:
        await asyncio.sleep(0)
        if _ready(loop):
            turns = 0
            continue
        turns += 1
        due = _due(loop)
        if due - loop.time() < _SOON and waits < _MOST_WAITS:
            await asyncio.sleep(max(0.0, due - loop.time()))
            waits += 1
            turns = 0


async def pause(self: Pilot[object], delay: float | None = None) -> None:
    """Wait until nothing is left to do; for some seconds before, if that is said."""
    await _pause(self, delay)
    await wait_for_idle()
    self.app.screen._on_timer_update()


def _ready(loop: asyncio.AbstractEventLoop) -> Collection[asyncio.Handle]:
    ready: Collection[asyncio.Handle] = loop._ready  # type: ignore[attr-defined]  # no public word for what a loop has to do
    return ready


def _due(loop: asyncio.AbstractEventLoop) -> float:
    scheduled: Collection[asyncio.TimerHandle] = loop._scheduled  # type: ignore[attr-defined]
    return min((timer.when() for timer in scheduled if not timer.cancelled()), default=float("inf"))
