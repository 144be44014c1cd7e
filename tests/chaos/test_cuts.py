"""A bad network between two of our clients: whatever it does, each message arrives once and in order.

A run is a seed: ``CHAOS_SEED=1234 pytest tests/chaos`` repeats one that failed.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Final

import pytest

from tests.support.account import User, settings_of, started
from tests.support.prosody import Prosody
from tests.support.proxy import Direction, Proxy
from tests.support.xmpp_server import XmppServer
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.model import Delivery, Message
from tui_xmpp.features import xep0199_ping, xep0313_archive
from tui_xmpp.storage.archive import Archive
from tui_xmpp.worker import link

DEADLINE: Final = 40.0
"""Seconds for one fault and all that follows from it."""
CORRECTION: Final = 10.0
"""Seconds until the archive was asked for the order of what was said."""
SAFE: Final = frozenset((Delivery.ACKNOWLEDGED, Delivery.DELIVERED, Delivery.DISPLAYED))
REACH: Final = 9000
"""Bytes within which a cut falls: anywhere from the login to some way into the conversation."""


@dataclass(slots=True)
class Pair:
    """Jane, whose network is bad, and Lizzy; each counts what she has sent."""

    jane: User
    lizzy: User
    proxy: Proxy
    lizzys: Proxy
    """What Lizzy, whose network is good, is connected by."""
    server: XmppServer
    random: Random
    sent: int = 0
    agreed: int = 0
    """Up to here both have all."""

    def talk(self, count: int) -> None:
        """Let both say their next numbers."""
        for _ in range(count):
            self.sent += 1
            self.jane.submit(SendMessage(self.jane.account, self.lizzy.account, f"jane {self.sent}"))
            self.lizzy.submit(SendMessage(self.lizzy.account, self.jane.account, f"lizzy {self.sent}"))

    async def agree(self) -> None:
        """Wait until all that was said has been acknowledged and has arrived; it must be there once, in order."""
        for own, other in ((self.jane, self.lizzy), (self.lizzy, self.jane)):
            try:
                await own.until(lambda _: self.has_all(own, other), deadline=DEADLINE)  # noqa: B023
            except TimeoutError as error:
                error.add_note(self.missing(own, other))
                error.add_note(other.picture())
                raise
        said = list(range(self.agreed + 1, self.sent + 1))
        for own, other in ((self.jane, self.lizzy), (self.lizzy, self.jane)):
            if self.heard(own, other) != said:
                # After a restart messages come by three ways, live, offline and archived, whose stamps may know no less
                # than a second, and ejabberd may change two around while it resumes: the archive has the last word.
                with suppress(TimeoutError):
                    await own.until(lambda _: self.heard(own, other) == said, deadline=CORRECTION)  # noqa: B023
            assert self.heard(own, other) == said
        self.agreed = self.sent

    def whole(self, folder: Path) -> None:
        """Look at all that is on their disks, of which the screen holds only the latest."""
        said = list(range(1, self.sent + 1))
        for own, other, name in ((self.jane, self.lizzy, "jane"), (self.lizzy, self.jane, "lizzy")):
            with closing(Archive.open(folder / name / "archive.sqlite")) as archive:
                messages = list(archive.all_messages(own.account, other.account))
            heard = [number(m) for m in messages if not m.is_outgoing]
            assert heard == said
            assert [number(m) for m in messages if m.is_outgoing] == said

    def heard(self, own: User, other: User) -> list[int]:
        return [number(m) for m in self.news(own, other) if not m.is_outgoing]

    def news(self, own: User, other: User) -> list[Message]:
        """Return what was said since both last had all."""
        return [m for m in own.messages(other.account) if number(m) > self.agreed]

    def has_all(self, own: User, other: User) -> bool:
        messages = self.news(own, other)
        heard = sum(not m.is_outgoing for m in messages)
        safe = sum(m.delivery in SAFE for m in messages if m.is_outgoing)
        return heard >= self.sent - self.agreed and safe == self.sent - self.agreed

    def missing(self, own: User, other: User) -> str:
        """Say what keeps one from having it all."""
        messages = self.news(own, other)
        name = "lizzy" if own is self.jane else "jane"
        heard = {m.body for m in messages if not m.is_outgoing}
        said = [f"{name} {count}" for count in range(self.agreed + 1, self.sent + 1)]
        unheard = [one for one in said if one not in heard]
        unsafe = [
            f"{m.body} ({m.key}) {m.delivery.name} {m.failure.sentence if m.failure else ''}"
            for m in messages
            if m.is_outgoing and m.delivery not in SAFE
        ]
        counts = Counter((m.direction.name, m.body) for m in messages)
        twice = [f"{direction} {body} {count} times" for (direction, body), count in counts.items() if count > 1]
        return f"{own.account} of {self.sent} has not heard {unheard}, has unsafe {unsafe}, has more than once {twice}"

    # -- faults -------------------------------------------------------------------------------------------------------

    async def cut(self) -> None:
        """Cut after some number of bytes one way, be it in the middle of the next login."""
        direction: Direction = self.random.choice(("up", "down"))
        self.proxy.cut_after(self.random.randrange(1, REACH if self.random.random() < 0.5 else 800), direction)
        self.talk(self.random.randrange(1, 8))
        if self.random.random() < 0.5:
            await self.proxy.cut()  # so that the other one falls into the login
        await self.agree()

    async def stall(self) -> None:
        """Let nothing through for a while, in one direction or both, then cut."""
        self.proxy.stall(self.random.choice(("up", "down", None)))
        self.talk(3)
        await asyncio.sleep(self.random.random() / 5)
        await self.proxy.cut()
        self.proxy.heal()
        self.talk(1)
        await self.agree()

    async def swallow(self) -> None:
        """Let everything vanish without a word until the client gives the link up."""
        seen = self.proxy.accepted
        self.proxy.swallow(self.random.choice(("up", "down", None)))
        self.talk(3)
        await self.proxy.wait_until_accepted(seen + 1)
        self.proxy.heal()
        await self.proxy.cut()
        self.talk(1)
        await self.agree()

    async def restart(self) -> None:
        """Restart the server, which forgets every session, in the middle of what is said.

        Nothing it acknowledges meanwhile comes through where it does not keep that word.
        """
        is_deaf = not self.server.keeps_its_word_when_stopped or self.random.random() < 0.5
        if is_deaf:
            for proxy in (self.proxy, self.lizzys):
                proxy.stall("down")
        self.talk(3)
        await asyncio.to_thread(self.server.restart)
        if is_deaf:
            for proxy in (self.proxy, self.lizzys):
                await proxy.cut()
                proxy.heal()
        self.talk(3)
        await self.agree()


def number(message: Message) -> int:
    """Return which of its author's messages it is."""
    return int(message.body.split()[1])


@asynccontextmanager
async def pair(server: XmppServer, folder: Path, random: Random) -> AsyncGenerator[Pair]:
    janes, lizzys = server.user("jane"), server.user("lizzy")
    async with Proxy(server.starttls_port) as proxy, Proxy(server.starttls_port) as other:
        settings = replace(settings_of(server, janes), port=proxy.port)
        others = replace(settings_of(server, lizzys), port=other.port)
        async with (
            started(settings, janes.password, data=folder / "jane") as jane,
            started(others, lizzys.password, data=folder / "lizzy") as lizzy,
        ):
            await jane.online()
            await lizzy.online()
            made = Pair(jane, lizzy, proxy, other, server, random)
            made.talk(1)
            await made.agree()
            yield made


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    chosen = int(os.environ.get("CHAOS_SEED", Random().randrange(10**6)))
    print(f"CHAOS_SEED={chosen}")  # pytest shows it when the test fails
    return chosen


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Notice a silent link in a second, not in half a minute, and ask the archive as soon."""
    monkeypatch.setattr(xep0199_ping, "UNHEARD", 0.6)
    monkeypatch.setattr(xep0199_ping, "PATIENCE", 0.6)
    monkeypatch.setattr(xep0199_ping, "UNANSWERED", 1.5)
    monkeypatch.setattr(link, "SILENCE", 2.0)
    monkeypatch.setattr(xep0313_archive, "QUIET", 1.0)
    monkeypatch.setattr(xep0313_archive, "PULSE", 0.5)


async def faults(server: XmppServer, folder: Path, seed: int, *, cuts: int, others: int, restarts: int) -> None:
    random = Random(seed)
    kinds = [Pair.cut] * cuts + [Pair.stall, Pair.swallow] * others + [Pair.restart] * restarts
    random.shuffle(kinds)
    async with pair(server, folder, random) as both:
        for count, kind in enumerate(kinds):
            try:
                began = time.monotonic()
                await kind(both)
                print(f"{count} {kind.__name__} {time.monotonic() - began:.2f} s")
            except (AssertionError, TimeoutError) as error:
                error.add_note(f"fault {count} ({kind.__name__}) of CHAOS_SEED={seed}")
                print(error, *getattr(error, "__notes__", ()), sep="\n")  # a soak tells at once
                raise
        both.whole(folder)


@pytest.mark.timeout(120)
async def test_x_198_each_message_arrives_once_and_in_order(server: XmppServer, tmp_path: Path, seed: int) -> None:
    await faults(server, tmp_path, seed, cuts=16, others=1, restarts=0)


@pytest.mark.timeout(120)
async def test_x_198_each_message_arrives_once_and_in_order_though_the_server_restarts(
    server: XmppServer, tmp_path: Path, seed: int
) -> None:
    await faults(server, tmp_path, seed, cuts=2, others=0, restarts=1)


@pytest.mark.timeout(120)
async def test_x_198_each_message_arrives_once_and_in_order_where_resumption_is_part_of_the_login(
    instant_prosody: Prosody, tmp_path: Path, seed: int
) -> None:
    await faults(instant_prosody, tmp_path, seed, cuts=8, others=0, restarts=1)


@pytest.mark.soak
@pytest.mark.timeout(0)
async def test_x_198_each_message_arrives_once_and_in_order_over_many_cuts(
    any_server: XmppServer, tmp_path: Path, seed: int
) -> None:
    await faults(any_server, tmp_path, seed, cuts=500, others=10, restarts=0)


@pytest.mark.soak
@pytest.mark.timeout(0)
async def test_x_198_each_message_arrives_once_and_in_order_over_many_restarts(
    any_server: XmppServer, tmp_path: Path, seed: int
) -> None:
    await faults(any_server, tmp_path, seed, cuts=60, others=0, restarts=20)
