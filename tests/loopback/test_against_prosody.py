"""The loopback beside Prosody: the same stanzas, sent by slixmpp, must have the same effect on both."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from tests.support.prosody import Prosody
from tests.support.slixmpp_peer import Peer, Peers
from tests.support.xmpp_server import Account, XmppServer
from tui_xmpp.loopback.server import LoopbackServer
from tui_xmpp.xmpp.element import parse_element

# Who sends what so that juliet is in each state of C-SUB-07 with romeo.
_WAYS = {
    "N": (),
    "N+O": ("juliet subscribe",),
    "N+I": ("romeo subscribe",),
    "N+O+I": ("juliet subscribe", "romeo subscribe"),
    "T": ("juliet subscribe", "romeo subscribed"),
    "T+I": ("juliet subscribe", "romeo subscribed", "romeo subscribe"),
    "F": ("romeo subscribe", "juliet subscribed"),
    "F+O": ("romeo subscribe", "juliet subscribed", "juliet subscribe"),
    "B": ("romeo subscribe", "juliet subscribed", "juliet subscribe", "romeo subscribed"),
}
_KINDS = ("subscribe", "unsubscribe", "subscribed", "unsubscribed")


@dataclass
class _Reachable:
    """What a peer needs to know of a server."""

    ca_file: Path
    starttls_port: int
    direct_port: int = 0
    host: str = "127.0.0.1"


@pytest.fixture
async def loopback() -> AsyncGenerator[XmppServer]:
    async with LoopbackServer("capulet.example") as server:
        for name in ("juliet", "romeo"):
            server.add_user(name, name)
        yield cast(XmppServer, _Reachable(server.ca_file, await server.serve_socket()))


class _Stage:
    """Two clients on one server."""

    def __init__(self, juliet: Peer, romeo: Peer) -> None:
        self.peers = {"juliet": juliet, "romeo": romeo}
        self._ids = (f"q{number}" for number in itertools.count(1))

    async def act(self, deeds: Iterable[str]) -> None:
        """Let "juliet subscribe" happen, and be over."""
        for deed in deeds:
            name, kind = deed.split()
            await self.peers[name].send_presence(to=self._other(name).bare_jid, type=kind)
            await self.roster(name)
            await self.roster("romeo" if name == "juliet" else "juliet")

    def _other(self, name: str) -> Peer:
        return self.peers["romeo" if name == "juliet" else "juliet"]

    async def roster(self, name: str) -> list[tuple[str, str | None]]:
        """Return each item's subscription and ask; whatever came before the answer has come by then.

        Prosody keeps pre-approvals but does not tell them in the roster, so ``approved`` is left out.
        """
        peer, number = self.peers[name], next(self._ids)
        await peer.send_xml(
            f"<iq xmlns='jabber:client' type='get' id='{number}'><query xmlns='jabber:iq:roster'/></iq>"
        )
        answer = parse_element((await peer.wait_for("iq", id=number, type="result")).xml)
        return [(item.get("subscription", "none"), item.get("ask")) for item in answer.iter("{jabber:iq:roster}item")]

    async def part(self) -> None:
        """Make strangers of the two."""
        for name, peer in self.peers.items():
            if await self.roster(name):
                await peer.remove(self._other(name).bare_jid)
            await peer.send_presence(to=self._other(name).bare_jid, type="unsubscribed")
        assert [await self.roster(name) for name in self.peers] == [[], []]

    def told(self, name: str, seen: int) -> list[str]:
        """Return the subscription stanzas that ``name`` received after the first ``seen`` stanzas."""
        received = self.peers[name].received[seen:]
        return [one.type for one in received if one.kind == "presence" and one.type in _KINDS]


async def _effects(server: XmppServer, peers: Peers, accounts: tuple[Account, Account]) -> dict[str, object]:
    juliet, romeo = [await peers.login(server, account) for account in accounts]
    for peer in (juliet, romeo):
        await peer.send_presence()
    stage = _Stage(juliet, romeo)
    effects: dict[str, object] = {}
    for (state, way), actor, kind in itertools.product(_WAYS.items(), stage.peers, _KINDS):
        await stage.part()
        await stage.act(way)
        seen = {name: len(peer.received) for name, peer in stage.peers.items()}
        await stage.act([f"{actor} {kind}"])
        effects[f"{state}: {actor} {kind}"] = [
            (name, await stage.roster(name), stage.told(name, seen[name])) for name in stage.peers
        ]
    return effects


@pytest.mark.timeout(150)  # 72 cases on two servers, a dozen requests each
async def test_c_sub_07_has_the_same_effects_as_on_prosody(
    loopback: XmppServer, prosody: Prosody, peers: Peers
) -> None:
    ours = Account("juliet@capulet.example", "juliet"), Account("romeo@capulet.example", "romeo")
    theirs = prosody.user("juliet"), prosody.user("romeo")
    here = await _effects(loopback, peers, ours)
    there = await _effects(prosody, peers, theirs)
    different = [f"{case}\n  here  {here[case]}\n  there {there[case]}" for case in here if here[case] != there[case]]
    assert not different, "\n".join(different)
