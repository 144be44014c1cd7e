"""The screen over a real engine and archive with a past, and no network: all that is stored can be looked at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass

from textual import events
from textual.pilot import Pilot

from tests.screenshots.drawing import rows_of, text_of
from tests.support.facts import ELIZABETH
from tui_xmpp.clock import ManualClock
from tui_xmpp.core import events as e
from tui_xmpp.core.model import OwnPresence, RosterItem, Subscription
from tui_xmpp.core.settings import AccountSettings, Settings
from tui_xmpp.core.store import Store
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.archive import Archive
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.bridge import Bridge
from tui_xmpp.worker.client import Client
from tui_xmpp.worker.engine import SessionEngine


@dataclass(frozen=True, eq=False)
class Past:
    """The screen, the hands at it, and what is stored."""

    app: TuiXmppApp
    pilot: Pilot[None]
    archive: Archive

    async def settle(self) -> None:
        """Return when the engine and the screen have nothing more to do."""
        for _ in range(3):
            await self.app.client.settle()
            taken = asyncio.Event()
            self.app.post_message(Bridge.Rung())
            self.app.call_later(taken.set)
            await taken.wait()
            await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        await self.pilot.press(*keys)
        await self.settle()

    async def type(self, text: str) -> None:
        """Put text where the cursor is."""
        self.app.post_message(events.Paste(text))
        await self.settle()

    async def do(self, action: str, text: str = "") -> None:
        """Carry out an action of the registry."""
        self.app.perform(action, text)
        await self.settle()

    @property
    def told(self) -> str:
        """The sentences that are shown for a while."""
        return "\n".join(toast.message for toast in self.app._notifications)

    @property
    def text(self) -> str:
        """What the screen shows."""
        return text_of(rows_of(self.app))


@asynccontextmanager
async def past(
    clock: ManualClock,
    facts: Sequence[e.Event],
    people: Sequence[tuple[BareJID, str]] = (),
    *,
    width: int = 100,
    height: int = 30,
    archive: Archive | None = None,
) -> AsyncIterator[Past]:
    """Give the screen of Elizabeth, who is offline, with these facts stored, in an archive of a past run or in none."""
    roster = tuple(RosterItem(jid, name, (), Subscription.BOTH) for jid, name in people)
    with closing(archive or Archive.in_memory()) as archive:
        archive.write([e.AccountAdded(ELIZABETH, OwnPresence()), e.RosterReplaced(ELIZABETH, roster, None), *facts])
        client = Client(Store(), Settings((AccountSettings(ELIZABETH, is_enabled=False),)))
        client.attach(lambda: SessionEngine(client, archive=archive, clock=clock))
        app = TuiXmppApp(client, clock=clock)
        async with app.run_test(size=(width, height)) as pilot:
            there = Past(app, pilot, archive)
            await there.settle()
            yield there
            await client.close()
