"""The whole engine against the loopback: through memory, and into the demo over TLS with no question asked."""

from __future__ import annotations

import asyncio

from tests.support.account import KnownPassword
from tui_xmpp.clock import ManualClock
from tui_xmpp.core.commands import SendMessage
from tui_xmpp.core.model import Phase, Show
from tui_xmpp.core.settings import AccountSettings, Settings
from tui_xmpp.core.store import Store
from tui_xmpp.loopback import ELIZABETH
from tui_xmpp.loopback.cast import DARCY
from tui_xmpp.loopback.demo import start_demo
from tui_xmpp.loopback.dial import LoopbackDialer
from tui_xmpp.loopback.schedule import StoryTime
from tui_xmpp.loopback.server import LoopbackServer
from tui_xmpp.worker.client import Client
from tui_xmpp.worker.engine import SessionEngine


async def test_a_session_through_memory() -> None:
    async with asyncio.timeout(20), LoopbackServer("capulet.example") as server:
        juliet = server.add_user("juliet", "R0m30")
        dial = LoopbackDialer(server)
        client = Client(Store(), Settings(accounts=(AccountSettings(juliet),)))
        client.attach(lambda: SessionEngine(client, dial=dial, passwords=KnownPassword("R0m30")))
        client.start()
        await client.settle()
        view = client.views.account(juliet)
        assert view is not None
        assert view.connection.phase is Phase.ONLINE
        assert len(dial.transports) == 1
        await client.close()


async def test_a_server_that_is_down() -> None:
    async with asyncio.timeout(20), LoopbackServer("capulet.example") as server:
        juliet = server.add_user("juliet", "R0m30")
        dial = LoopbackDialer(server)
        dial.is_down = True
        client = Client(Store(), Settings(accounts=(AccountSettings(juliet),)))
        client.attach(lambda: SessionEngine(client, dial=dial, passwords=KnownPassword("R0m30")))
        client.start()
        await client.settle()
        view = client.views.account(juliet)
        assert view is not None
        assert "does not answer" in view.connection.reason
        await client.close()


async def test_the_demo_asks_nothing_and_answers() -> None:
    demo = await start_demo(schedule=StoryTime(ManualClock()))
    client = Client(Store(), Settings(accounts=(demo.account,)))
    client.attach(lambda: SessionEngine(client, passwords=KnownPassword(demo.password)))
    client.start()
    async with asyncio.timeout(20):
        await demo.cast.wait_for(f"jane saw {ELIZABETH}")
        client.submit(SendMessage(ELIZABETH, DARCY.jid, "What think you of balls?"))
        await demo.cast.wait_for("darcy heard")
        await demo.cast.play_until("darcy answered")
    await client.settle()
    last = client.views.conversation(ELIZABETH, DARCY.jid).messages[-1]
    assert last.body in DARCY.answers
    contacts = {contact.peer: contact for contact in client.views.contacts(ELIZABETH)}
    assert contacts[DARCY.jid].show is Show.ONLINE
    assert contacts[DARCY.jid].groups == ("Friends",)
    await client.close()
    await demo.close()
