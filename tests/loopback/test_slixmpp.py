"""The loopback as a client sees it that no one here wrote."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from tests.support.slixmpp_peer import Peer, PeerError, Peers
from tests.support.xmpp_server import Account, XmppServer
from tui_xmpp.loopback.server import LoopbackServer

JULIET = Account("juliet@capulet.example", "R0m30")
ROMEO = Account("romeo@capulet.example", "Jul13t")


@dataclass
class _Reachable:
    """What a peer needs to know of a server."""

    ca_file: Path
    starttls_port: int
    direct_port: int
    host: str = "127.0.0.1"


@pytest.fixture
async def reachable() -> AsyncGenerator[XmppServer]:
    async with LoopbackServer("capulet.example") as server:
        for account in (JULIET, ROMEO):
            server.add_user(account.jid.partition("@")[0], account.password)
        ports = await server.serve_socket(), await server.serve_socket(is_direct=True)
        yield cast(XmppServer, _Reachable(server.ca_file, *ports))


async def _together(peers: Peers, server: XmppServer) -> tuple[Peer, Peer]:
    juliet = await peers.login(server, JULIET, resource="balcony")
    romeo = await peers.login(server, ROMEO, resource="orchard", direct_tls=True)
    return juliet, romeo


async def test_friends_from_first_request_to_last_word(reachable: XmppServer, peers: Peers) -> None:
    juliet, romeo = await _together(peers, reachable)
    await juliet.send_presence()
    await romeo.send_presence(show="dnd", status="wooing", priority=3)
    await juliet.subscribe(ROMEO.jid)
    await romeo.wait_for("presence", type="subscribe", sender=JULIET.jid)
    await romeo.subscribed(JULIET.jid)
    seen = await juliet.wait_for("presence", type="", sender=romeo.jid)
    assert (seen.show, seen.status, seen.priority) == ("dnd", "wooing", 3)
    await romeo.subscribe(JULIET.jid)
    await juliet.wait_for("presence", type="subscribe", sender=ROMEO.jid)
    await juliet.subscribed(ROMEO.jid)
    await romeo.wait_for("presence", type="", sender=juliet.jid)
    assert (await juliet.roster())[ROMEO.jid]["subscription"] == "both"
    await juliet.send_message(ROMEO.jid, "Wherefore?", thread="t1")
    heard = await romeo.wait_for("message", sender=juliet.jid)
    assert (heard.body, heard.type, heard.thread) == ("Wherefore?", "chat", "t1")
    await romeo.abort()
    gone = await juliet.wait_for("presence", type="unavailable", sender=romeo.jid)
    assert gone.status == ""


async def test_a_removed_contact_is_gone_on_both_sides(reachable: XmppServer, peers: Peers) -> None:
    juliet, romeo = await _together(peers, reachable)
    await juliet.send_presence()
    await juliet.subscribe(ROMEO.jid)
    await romeo.send_presence()
    await romeo.wait_for("presence", type="subscribe", sender=JULIET.jid)
    await romeo.subscribed(JULIET.jid)
    await juliet.wait_for("presence", type="subscribed")
    await juliet.remove(ROMEO.jid)
    await romeo.wait_for("presence", type="unsubscribe", sender=JULIET.jid)
    assert (await romeo.roster())[JULIET.jid]["subscription"] == "none"


async def test_messages_that_cannot_arrive_say_why(reachable: XmppServer, peers: Peers) -> None:
    juliet = await peers.login(reachable, JULIET)
    for to, condition in (
        ("x@capulet.example", "service-unavailable"),
        ("x@france.example", "remote-server-not-found"),
    ):
        sent = await juliet.send_message(to, "?")
        error = await juliet.wait_for("message", type="error", id=sent)
        assert (error.condition, error.sender) == (condition, to)


async def test_messages_wait_with_their_time(reachable: XmppServer, peers: Peers) -> None:
    juliet = await peers.login(reachable, JULIET)
    await juliet.send_message(ROMEO.jid, "Hist!")
    romeo = await peers.login(reachable, ROMEO)
    await romeo.send_presence()
    assert "urn:xmpp:delay" in (await romeo.wait_for("message", body="Hist!")).xml


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"])
async def test_login_with_each_hash(reachable: XmppServer, peers: Peers, mechanism: str) -> None:
    assert (await peers.login(reachable, JULIET, mechanism=mechanism)).bare_jid == JULIET.jid


async def test_a_wrong_password(reachable: XmppServer, peers: Peers) -> None:
    with pytest.raises(PeerError, match="not authorized"):
        await peers.login(reachable, Account(JULIET.jid, "wrong"))
