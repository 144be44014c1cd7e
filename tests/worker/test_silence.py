"""How soon a dead link is noticed, by the loop's own time, which passes at once where all only wait (C-STR-15)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from tests.support.account import User
from tests.support.virtual_time import VirtualLoop
from tests.worker.test_acknowledgement import JANE, LIZZY, jane_at
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.model import Delivery
from tui_xmpp.loopback.server import LoopbackServer
from tui_xmpp.storage.archive import Archive

LONG = 900.0
"""Seconds."""


Deed = Callable[[User, LoopbackServer], Awaitable[None]]


def measure(folder: Path, befall: Deed, then: Deed | None = None) -> tuple[float, list[str]]:
    """Return the seconds until a session goes on after what befalls its link, LONG at most, and the log."""

    async def run() -> tuple[float, list[str]]:
        loop = asyncio.get_running_loop()
        async with LoopbackServer("longbourn.lit", is_instant=True) as server:
            server.add_user("lizzy", "secret")
            user, client = await jane_at(server, Archive.open(folder / "a.db"))
            await asyncio.sleep(60)  # nothing waits any more
            began = loop.time()
            happening = asyncio.ensure_future(befall(user, server))
            with suppress(TimeoutError):
                await user.until(lambda _: user.connection.facts.is_resumed, deadline=LONG)
            took = loop.time() - began
            happening.cancel()
            if then is not None:
                await then(user, server)
            await client.close()
            return took, user.log

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(run())


async def freeze(user: User, server: LoopbackServer) -> None:
    server.stream(JANE).freeze()


async def freeze_and_type(user: User, server: LoopbackServer) -> None:
    server.stream(JANE).freeze()
    user.submit(SendMessage(JANE, LIZZY, "Are you there?"))


async def hear_no_more(user: User, server: LoopbackServer) -> None:
    """Let the server speak on and on, but nothing reach it."""
    stream = server.stream(JANE)
    stream._may_go_on.clear()
    user.submit(SendMessage(JANE, LIZZY, "Do you hear me?"))
    while True:
        stream.send_raw(b" ")
        await asyncio.sleep(2)


def test_c_str_15_a_silent_link_is_given_up_within_thirty_seconds_when_something_waits(tmp_path: Path) -> None:
    took, log = measure(tmp_path, freeze_and_type)
    assert "longbourn.lit no longer answers." in log
    assert 10 < took <= 30


def test_c_str_15_a_link_that_carries_nothing_up_is_given_up_within_thirty_seconds(tmp_path: Path) -> None:
    took, log = measure(tmp_path, hear_no_more)
    assert "longbourn.lit no longer hears us." in log
    assert 20 < took <= 31


def test_c_str_15_a_silent_link_is_given_up_within_two_minutes_when_idle(tmp_path: Path) -> None:
    took, log = measure(tmp_path, freeze)
    assert "longbourn.lit no longer answers." in log
    assert 30 < took <= 120


def test_c_str_15_a_quiet_link_that_lives_is_kept_and_left_in_peace(tmp_path: Path) -> None:
    written: list[int] = []

    async def watch(user: User, server: LoopbackServer) -> None:
        stream = server.stream(JANE)
        flush = stream._flush

        def count() -> None:
            written.append(len(stream._connection._outgoing))
            flush()

        stream._flush = count  # type: ignore[method-assign]

    took, log = measure(tmp_path, watch)
    assert took >= LONG
    assert not [line for line in log if "no longer" in line]
    # One question in a minute and a half at most: whoever is idle wakes nobody.
    assert 8 <= len([one for one in written if one]) <= 15


def test_x_198_what_was_typed_into_a_dead_link_arrives_once(tmp_path: Path) -> None:
    waiting: list[str | None] = []

    async def look(user: User, server: LoopbackServer) -> None:
        await user.until(lambda _: user.messages(LIZZY)[-1].delivery is Delivery.ACKNOWLEDGED, deadline=LONG)
        waiting.extend(message.body() for message in server.realm.account(LIZZY).waiting)

    measure(tmp_path, freeze_and_type, look)
    assert waiting == ["Are you there?"]
