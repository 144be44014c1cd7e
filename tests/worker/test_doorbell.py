from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.support.facts import DARCY, ELIZABETH
from tui_xmpp.core.changes import AccountChanged, Change, ContactChanged, ConversationChanged
from tui_xmpp.core.commands import Answer, Connect
from tui_xmpp.worker.doorbell import FLOOD, FRAME, Doorbell

NEWS = ContactChanged(ELIZABETH, DARCY)
A_MESSAGE = (ConversationChanged(ELIZABETH, DARCY), NEWS, AccountChanged(ELIZABETH))


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

    def note(self, *changes: Change) -> None:
        self.run(lambda: self.bell.note(changes or [NEWS]))


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


def test_the_next_ring_waits_for_its_frame(loop: TimedLoop) -> None:
    listener = Listener(loop)
    for _ in range(3):
        listener.note()
        listener.bell.take()
    assert listener.rings == [1000.0]
    listener.after(FRAME / 2)
    assert listener.rings == [1000.0]
    listener.after(FRAME / 2 + 0.001)
    assert len(listener.rings) == 2


def test_in_a_lively_talk_each_message_and_that_it_was_read_are_told_within_a_frame(loop: TimedLoop) -> None:
    listener = Listener(loop)
    for _ in range(100):
        listener.note(*A_MESSAGE)
        assert listener.rings[-1] == loop.now
        listener.bell.take()
        listener.after(0.005)
        listener.note(*A_MESSAGE)
        listener.after(FRAME)
        assert listener.bell.take().changes
        listener.after(0.055 - FRAME)
    assert len(listener.rings) == 200


def test_a_flood_rings_ever_less_often_and_after_a_pause_at_once_again(loop: TimedLoop) -> None:
    listener = Listener(loop)
    step = 0.005
    while loop.now < 1003:
        listener.note(*A_MESSAGE, *A_MESSAGE)
        listener.bell.take()
        listener.after(step)
    gaps = [later - sooner for sooner, later in zip(listener.rings, listener.rings[1:], strict=False)]
    assert min(gaps) > FRAME - step
    late = [gap for gap, at in zip(gaps, listener.rings[1:], strict=True) if at > 1002]
    assert FLOOD * FRAME - step < min(late) <= max(late) < FLOOD * FRAME + 2 * step
    listener.after(2)
    listener.bell.take()
    for _ in range(2):
        listener.after(FRAME + 0.001)
        listener.note()
        assert listener.rings[-1] == loop.now
        listener.bell.take()


def test_a_closed_bell_is_silent(loop: TimedLoop) -> None:
    listener = Listener(loop)
    listener.run(listener.bell.close)
    listener.note()
    assert listener.rings == []
