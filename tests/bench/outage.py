"""A link that is cut, falls silent or is dead: how soon one is back, and what of what was said arrives."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from tests.bench.figures import Row, at_least, at_most, median
from tests.bench.stage import Stage
from tests.support.account import User, settings_of, started
from tests.support.proxy import Proxy
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.model import Phase
from tui_xmpp.worker.backoff import Backoff

AWAY = 10.0
"""Seconds an outage lasts."""
SAID = 20
ENOUGH = 60.0
"""Seconds after which what has not arrived is taken for lost."""


@dataclass(slots=True)
class Pair:
    """Jane, whose link is at stake, and Lizzy."""

    jane: User
    lizzy: User
    proxy: Proxy

    async def type_on(self, *, is_answered: bool = False) -> None:
        """Let Jane say twenty things, spread over the outage; Lizzy too, if she is to be heard."""
        for number in range(SAID):
            self.jane.submit(SendMessage(self.jane.account, self.lizzy.account, f"jane {number}"))
            if is_answered:
                self.lizzy.submit(SendMessage(self.lizzy.account, self.jane.account, f"lizzy {number}"))
            await asyncio.sleep(AWAY / SAID)

    async def back(self) -> float:
        """Return the seconds until Jane is online again."""
        began = time.perf_counter()
        await self.jane.until(lambda _: self.jane.connection.phase is Phase.ONLINE, deadline=ENOUGH)
        return time.perf_counter() - began

    async def arrived(self, at: User, other: User) -> float:
        """Return how many of twenty have come, once and in order."""
        with suppress(TimeoutError):
            await at.until(lambda _: len(heard(at, other)) >= SAID, deadline=ENOUGH)
        numbers = heard(at, other)
        return float(len(numbers)) if numbers == sorted(set(numbers)) else 0.0


def heard(at: User, other: User) -> list[int]:
    return [int(m.body.split()[1]) for m in at.messages(other.account) if not m.is_outgoing]


@asynccontextmanager
async def pair(stage: Stage) -> AsyncGenerator[Pair]:
    janes, lizzys = stage.server.user("jane"), stage.server.user("lizzy")
    with tempfile.TemporaryDirectory(prefix="tui-xmpp-bench-") as folder:
        async with Proxy(stage.server.starttls_port) as proxy:
            settings = replace(settings_of(stage.server, janes), port=proxy.port)
            async with (
                started(settings, janes.password, data=Path(folder) / "jane", backoff=Backoff()) as jane,
                started(settings_of(stage.server, lizzys), lizzys.password, data=Path(folder) / "lizzy") as lizzy,
            ):
                for user in (jane, lizzy):
                    await user.online()
                    await user.settle()
                yield Pair(jane, lizzy, proxy)


def outage(stage: Stage, runs: int) -> list[Row]:
    """Measure three outages, with the program's own patience."""

    def repeat(measure: Callable[[Pair], Coroutine[None, None, tuple[float, ...]]], times: int) -> list[float]:
        async def run() -> tuple[float, ...]:
            async with pair(stage) as both:
                return await measure(both)

        return [median(one) for one in zip(*(asyncio.run(run()) for _ in range(times)), strict=True)]

    back, typed = repeat(_cut, runs)
    silent_typed, silent_heard = repeat(_silence, runs)
    (noticed,) = repeat(_death, min(runs, 3))
    return [
        Row("link cut for 10 s: back after, s", back, None, at_most(2)),
        Row("link cut for 10 s: typed meanwhile and arrived, of 20", typed, None, at_least(20), is_of_speed=False),
        Row("link silent for 10 s: typed and arrived, of 20", silent_typed, None, at_least(20), is_of_speed=False),
        Row("link silent for 10 s: sent to us and arrived, of 20", silent_heard, None, at_least(20), is_of_speed=False),
        Row("dead link noticed after, s", noticed, None, at_most(30)),
    ]


async def _cut(both: Pair) -> tuple[float, ...]:
    both.proxy.refuse()
    await both.proxy.cut()
    await both.type_on()
    both.proxy.heal()
    return await both.back(), await both.arrived(both.lizzy, both.jane)


async def _silence(both: Pair) -> tuple[float, ...]:
    both.proxy.swallow()
    await both.type_on(is_answered=True)
    await both.proxy.cut()
    both.proxy.heal()
    return await both.arrived(both.lizzy, both.jane), await both.arrived(both.jane, both.lizzy)


async def _death(both: Pair) -> tuple[float, ...]:
    both.proxy.swallow()
    both.jane.submit(SendMessage(both.jane.account, both.lizzy.account, "jane 0"))
    began = time.perf_counter()
    await both.jane.until(lambda _: any("no longer" in line for line in both.jane.log), deadline=ENOUGH)
    return (time.perf_counter() - began,)
