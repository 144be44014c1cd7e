"""Durable before acknowledged: the server keeps what this program has not stored (XEP-0198 §4)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.account import KnownPassword, User
from tui_xmpp.core.events import Event
from tui_xmpp.core.settings import AccountSettings, Settings
from tui_xmpp.core.store import Store
from tui_xmpp.features import xep0199_ping
from tui_xmpp.jid import BareJID
from tui_xmpp.loopback.dial import LoopbackDialer
from tui_xmpp.loopback.server import LoopbackServer
from tui_xmpp.storage.archive import Archive, ArchiveError
from tui_xmpp.worker.client import Client
from tui_xmpp.worker.engine import SessionEngine
from tui_xmpp.xmpp.stanza import Body, Message, MessageType

JANE = BareJID.parse("jane@longbourn.lit")
LIZZY = BareJID.parse("lizzy@longbourn.lit")


class FullDisk(Archive):
    is_full = False

    def write(self, events: Sequence[Event]) -> list[Event]:
        if self.is_full:
            raise ArchiveError("The archive could not be written: no space left on device.")
        return super().write(events)


async def jane_at(server: LoopbackServer, archive: Archive) -> tuple[User, Client]:
    server.add_user("jane", "secret")
    client = Client(Store(), Settings((AccountSettings(JANE),)))
    dial = LoopbackDialer(server)
    client.attach(lambda: SessionEngine(client, dial=dial, archive=archive, passwords=KnownPassword("secret")))
    user = User(client, JANE)
    client.start()
    await user.online()
    await user.settle()
    return user, client


def say(server: LoopbackServer, text: str) -> None:
    """Let Lizzy say something, straight into Jane's stream."""
    message = Message(to=JANE, from_=LIZZY, id=text, type=MessageType.CHAT).with_payloads(Body(text))
    server.stream(JANE)._deliver(message)


def unacked(server: LoopbackServer) -> list[str | None]:
    return [one.stanza.id for one in server.stream(JANE)._connection.unacked if isinstance(one.stanza, Message)]


async def heard(user: User, text: str) -> None:
    await user.until(lambda _: any(message.body == text for message in user.messages(LIZZY)))
    await user.settle()


async def test_x_198_02_only_what_is_on_disk_is_acknowledged(tmp_path: Path) -> None:
    archive = FullDisk.open(tmp_path / "a.db")
    assert isinstance(archive, FullDisk)
    async with LoopbackServer("longbourn.lit", is_instant=True) as server:
        user, client = await jane_at(server, archive)
        say(server, "kept")
        await heard(user, "kept")
        assert unacked(server) == []
        archive.is_full = True
        say(server, "lost on disk")
        await heard(user, "lost on disk")  # it is shown, and the session goes on
        archive.is_full = False
        say(server, "after it")
        await heard(user, "after it")
        # What follows is kept, but to acknowledge it would acknowledge what is not.
        assert unacked(server) == ["lost on disk", "after it"]
        await client.close()


async def test_a_silent_server_is_asked_and_given_up_and_the_session_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xep0199_ping, "QUIET", 0.01)
    monkeypatch.setattr(xep0199_ping, "UNHEARD", 0.02)
    monkeypatch.setattr(xep0199_ping, "PATIENCE", 0.05)
    async with LoopbackServer("longbourn.lit", is_instant=True) as server:
        user, client = await jane_at(server, Archive.open(tmp_path / "a.db"))
        first = server.stream(JANE)
        first.freeze()
        async with asyncio.timeout(20):
            await user.until(lambda _: user.connection.facts.is_resumed)
        assert "longbourn.lit no longer answers." in user.log
        assert server.stream(JANE) is not first
        first.thaw()
        await client.close()
