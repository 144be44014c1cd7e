"""Reading: what comes often and in small pieces is read together."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.engine import ACCOUNT, Scene, online
from tui_xmpp.core.commands import BlockPeer
from tui_xmpp.jid import BareJID
from tui_xmpp.net.transport import MemoryTransport
from tui_xmpp.worker.link import GATHER, OFTEN

ROMEO = BareJID.parse("romeo@montague.example")
HI = "<message from='romeo@montague.example/orchard' type='chat'><body/></message>"
PING = "<iq type='get' id='p' from='capulet.example'><ping xmlns='urn:xmpp:ping'/></iq>"


@pytest.fixture
def gathered(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made before reading."""
    pauses: list[float] = []

    async def gather(transport: MemoryTransport, seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(MemoryTransport, "gather", gather)
    return pauses


async def talk(scene: Scene, messages: int) -> None:
    """Let the client read messages, and then once more."""
    async with asyncio.timeout(20):
        for xml in (HI * messages + PING, PING):
            scene.server.says(xml)
            await scene.server.heard_more()


async def test_a_flood_of_little_reads_is_gathered(gathered: list[float]) -> None:
    async with online() as scene:
        await talk(scene, OFTEN)
        assert gathered[:1] == [GATHER]


async def test_a_few_messages_wait_for_nothing(gathered: list[float]) -> None:
    async with online() as scene:
        await talk(scene, 2)
        assert gathered == []


async def test_an_answer_somebody_waits_for_is_read_at_once(gathered: list[float]) -> None:
    async with online() as scene:
        scene.server.answers["{urn:xmpp:blocking}block"] = None
        scene.client.submit(BlockPeer(ACCOUNT, ROMEO))
        await scene.server.heard_more()
        await talk(scene, OFTEN)
        assert gathered == []
