"""An evening at Longbourn: server, cast, client and screen on one clock, so that every run draws the same cells."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from unittest.mock import patch

from textual import events
from textual.pilot import Pilot

from tests.screenshots.road import STRANGE_CERTIFICATE, RoadDialer
from tests.support.account import KnownPassword
from tui_xmpp.clock import ManualClock
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.model import Phase
from tui_xmpp.core.settings import AccountSettings, Settings, UiSettings
from tui_xmpp.core.store import Store
from tui_xmpp.jid import BareJID
from tui_xmpp.loopback import DOMAIN, ELIZABETH
from tui_xmpp.loopback.actors import Actor, Character, Refusal
from tui_xmpp.loopback.cast import DARCY, DOMAINS, JANE, Cast, make_cast
from tui_xmpp.loopback.schedule import StoryTime
from tui_xmpp.loopback.server import LoopbackServer
from tui_xmpp.storage.archive import Archive
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.bridge import Bridge
from tui_xmpp.worker.client import Client
from tui_xmpp.worker.engine import SessionEngine
from tui_xmpp.xmpp.stanza import Show
from tui_xmpp.xmpp.stanza_errors import ErrorCondition

BEGINNING = datetime(2026, 11, 18, 21, 5, tzinfo=UTC)
PASSWORD = "a-truth-universally-acknowledged"
OTHER = BareJID.parse("lizzy@meryton.lit")


@dataclass(frozen=True, eq=False)
class Evening:
    """The stage, the people, and the hands at the keyboard."""

    clock: ManualClock
    schedule: StoryTime
    cast: Cast
    client: Client
    app: TuiXmppApp
    pilot: Pilot[None]

    async def begin(self, is_first_run: bool) -> None:
        """Wait until Elizabeth is online, or the wizard is there; from here on the scenes say who does what."""
        async with asyncio.timeout(20):
            while not (is_first_run or self._is_online):
                await self.settle()
        await self.settle()
        self.schedule.close()

    @property
    def _is_online(self) -> bool:
        view = self.client.views.account(ELIZABETH)
        return view is not None and view.connection.phase is Phase.ONLINE

    # -- the hands ------------------------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Return when the server, the sessions and the screen have nothing more to do."""
        for _ in range(2):  # what is shown is told back: that it was read
            await self.client.settle()
            taken = asyncio.Event()
            self.app.post_message(Bridge.Rung())  # now, and not when a frame has passed
            self.app.call_later(taken.set)
            await taken.wait()
            await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        await self.pilot.press(*keys)
        await self.settle()

    async def type(self, text: str) -> None:
        """Put text where the cursor is, as a terminal's paste does."""
        self.app.post_message(events.Paste(text))
        await self.settle()

    async def say(self, to: Character, text: str) -> None:
        """Send a message; nobody answers of their own accord."""
        self.client.submit(SendMessage(ELIZABETH, to.jid, text))
        await self.client.settle()
        self.schedule.close()

    async def do(self, action: str, text: str = "") -> None:
        """Carry out an action of the registry, as its key or slash command does."""
        self.app.perform(action, text)
        await self.settle()

    # -- the others -----------------------------------------------------------------------------------------------

    async def hear(self, actor: Actor, text: str) -> None:
        """Let somebody write."""
        actor.write(ELIZABETH, text)
        await self.settle()

    def pass_time(self, *, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Let time go by in which nothing happens."""
        self.clock.advance(3600 * hours + 60 * minutes + seconds)

    async def clear(self) -> None:
        """Wait for no passing notice: take it away."""
        self.app.clear_notifications()
        await self.settle()


@asynccontextmanager
async def evening(
    width: int = 120, height: int = 40, *, theme: str = "dark", is_first_run: bool = False, has_other: bool = False
) -> AsyncIterator[Evening]:
    """Begin on the eve of the ball, with Elizabeth at her desk; ``has_other`` gives her a second account."""
    clock = ManualClock(BEGINNING)
    schedule = StoryTime(clock)
    with anywhere(), TemporaryDirectory() as folder, closing(Archive.open(Path(folder) / "archive.sqlite")) as archive:
        async with LoopbackServer(
            DOMAIN, other_domains=DOMAINS[1:], clock=clock, random=Random(1), is_instant=True
        ) as server:
            server.add_user(ELIZABETH.local or "", PASSWORD)
            cast = make_cast(server.realm, schedule, Random(1))
            dial = RoadDialer(server, {OTHER.domain: STRANGE_CERTIFICATE})
            numbers = count(1)
            accounts = [] if is_first_run else [AccountSettings(ELIZABETH)]
            accounts += [AccountSettings(OTHER)] * has_other
            client = Client(Store(), Settings(tuple(accounts), UiSettings(theme=theme)))
            client.attach(
                lambda: SessionEngine(
                    client,
                    dial=dial,
                    archive=archive,
                    passwords=None if is_first_run else KnownPassword(PASSWORD),
                    clock=clock,
                    random=Random(1),
                    make_id=lambda: f"id-{next(numbers)}",
                )
            )
            app = TuiXmppApp(
                client, is_first_run=is_first_run, check_keyring=_has_keyring, start_demo=_no_demo, clock=clock
            )
            async with app.run_test(size=(width, height)) as pilot:
                tonight = Evening(clock, schedule, cast, client, app, pilot)
                await tonight.begin(is_first_run)
                yield tonight
                await client.close()


async def _has_keyring() -> str | None:
    return None


async def _no_demo() -> None:
    raise AssertionError("no scene starts the demo")


@contextmanager
def anywhere() -> Iterator[None]:
    """Show times as Greenwich has them, and in colour, wherever the picture is drawn."""
    try:
        with patch.dict(os.environ, TZ="UTC"):
            os.environ.pop("NO_COLOR", None)
            time.tzset()
            yield
    finally:
        time.tzset()


async def play(tonight: Evening) -> None:
    """Play until half past eight on the evening of the ball, with Darcy's chat open."""
    cast, darcy = tonight.cast, tonight.cast.darcy
    await tonight.do("chat", "darcy@pemberley.lit")
    await tonight.do("status", "touring the countryside")
    await tonight.do("priority", "10")
    await tonight.say(DARCY, "I cannot talk of books in a ball-room; my head is always full of something else.")
    tonight.pass_time(minutes=2)
    await tonight.hear(darcy, "The present always occupies you in such scenes, does it?")
    await tonight.say(DARCY, "Yes, always.")
    tonight.pass_time(minutes=3)
    await tonight.hear(darcy, "Then I shall write to you on a morning, when nobody plays the fiddle.")

    tonight.pass_time(hours=23)
    await tonight.hear(darcy, "It is a morning somewhere. The catalogue of my library: https://pemberley.lit/library")
    await tonight.hear(darcy, "It has been the work of many generations, and of one man with a ladder.")
    tonight.pass_time(minutes=1)
    await tonight.say(DARCY, "I am sure we never read the same, or not with the same feelings.")
    await tonight.say(
        DARCY,
        "And yet I should like to know of that shelf:\n"
        "the one behind the globe, which you walked past twice, and would not name.",
    )
    tonight.pass_time(minutes=2)
    await tonight.hear(darcy, "Sermons.")
    await tonight.say(DARCY, "Sermons have no need to be hidden behind a globe, Mr. Darcy.")
    darcy.character = replace(
        DARCY,
        refusal=Refusal(ErrorCondition.RECIPIENT_UNAVAILABLE, "Mr. Darcy's carriage is between two villages."),
    )
    tonight.pass_time(minutes=4)
    await tonight.say(DARCY, "Is it novels?")
    darcy.character = DARCY
    tonight.pass_time(minutes=2)

    await tonight.do("chat", "jane@longbourn.lit")
    await tonight.say(JANE, "Is he come?")
    tonight.pass_time(minutes=3)
    cast.bingley.come_online("dancing", show=Show.DND)
    cast.charlotte.come_online("asleep, sensibly", show=Show.XA)
    cast.lydia.come_online("officers!!!", show=Show.CHAT)
    darcy.come_online("at the ball", show=Show.AWAY, priority=5)
    await tonight.hear(
        darcy,
        "I am sorry you think so; but if that be the case, there can at least be no want of subject. "
        "We may compare our different opinions.",
    )
    tonight.pass_time(minutes=1)
    await tonight.hear(darcy, "It is novels.")

    await tonight.do("chat", "darcy@pemberley.lit")
    tonight.pass_time(seconds=20)
    await tonight.hear(cast.jane, "Lizzy! He is come back. I am perfectly calm.")
    await tonight.hear(cast.jane, "I have dropped the teapot.")
    cast.wickham.ask(ELIZABETH, "We met at Mrs. Phillips's.")
    await tonight.settle()
    await tonight.type("You astonish me")
    await tonight.clear()
