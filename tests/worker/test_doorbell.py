from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.support.facts import DARCY, ELIZABETH
from tui_xmpp.core.changes import AccountChanged, ContactChanged
from tui_xmpp.core.commands import Answer, Connect
from tui_xmpp.worker.doorbell import BURST, STEADY, WINDOW, Doorbell

NEWS = ContactChanged(ELIZABETH, DARCY)


class TimedLoop(asyncio.SelectorEventLoop):
    """A loop whose time stands still until it is moved, and whose timers then run at once."""

    now = 1000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def loop() -> Iterator[TimedLoop]:
    loop = TimedLoop()
    yield loop
    loop.close()


class Listener:
    def __init__(self, loop: TimedLoop) -> None:
        self.loop = loop
        self.bell = Doorbell()
        self.rings: list[float] = []
        self.run(lambda: self.bell.listen(lambda: self.rings.append(loop.now)))

    def run(self, step: object) -> None:
        async def once() -> None:
            assert callable(step)
            step()
            await asyncio.sleep(0)
            await asyncio.sleep(0)

        self.loop.run_until_complete(once())

    def after(self, seconds: float) -> None:
        self.loop.now += seconds
        self.run(lambda: None)

    def note(self) -> None:
        self.run(lambda: self.bell.note([NEWS]))


def test_the_first_change_after_idle_rings_at_once(loop: TimedLoop) -> None:
    listener = Listener(loop)
    listener.note()
    assert listener.rings == [1000.0]
    assert listener.bell.take().changes == {NEWS}


def test_an_unanswered_ring_is_not_repeated_and_everything_merges(loop: TimedLoop) -> None:
    listener = Listener(loop)
    listener.note()
    listener.after(5)
    listener.note()
    listener.run(lambda: listener.bell.note([AccountChanged(ELIZABETH)]))
    listener.run(lambda: listener.bell.answer(Answer(1, Connect(ELIZABETH))))
    assert len(listener.rings) == 1
    batch = listener.bell.take()
    assert batch.changes == {NEWS, AccountChanged(ELIZABETH)}
    assert [answer.ticket for answer in batch.answers] == [1]


def test_a_few_rings_come_at_once_and_the_next_waits_for_its_frame(loop: TimedLoop) -> None:
    listener = Listener(loop)
    for _ in range(BURST + 1):
        listener.note()
        listener.bell.take()
    listener.note()
    assert len(listener.rings) == BURST
    listener.after(WINDOW / 2)
    assert len(listener.rings) == BURST
    listener.after(WINDOW / 2 + 0.001)
    assert len(listener.rings) == BURST + 1


def test_a_flood_rings_every_frame_and_after_a_while_every_other(loop: TimedLoop) -> None:
    listener = Listener(loop)
    step = 0.002
    while loop.now < 1000 + 3 * STEADY:
        listener.note()
        listener.bell.take()
        listener.after(step)
    gaps = [later - sooner for sooner, later in zip(listener.rings, listener.rings[1:], strict=False)]
    early = [gap for gap, at in zip(gaps, listener.rings[1:], strict=True) if 1000 + 4 * WINDOW < at < 1000 + STEADY]
    assert min(early) > WINDOW - 2 * step
    late = [gap for gap, at in zip(gaps, listener.rings[1:], strict=True) if at > 1000 + STEADY + 2 * WINDOW]
    assert max(early) < WINDOW + 2 * step
    assert min(late) > 2 * WINDOW - 2 * step
    # A pause makes it quick again.
    listener.after(1)
    listener.bell.take()
    listener.after(1)
    count = len(listener.rings)
    for _ in range(BURST):
        listener.note()
        listener.bell.take()
    assert listener.rings[count:] == [loop.now] * BURST


def test_a_closed_bell_is_silent(loop: TimedLoop) -> None:
    listener = Listener(loop)
    listener.run(listener.bell.close)
    listener.note()
    assert listener.rings == []
