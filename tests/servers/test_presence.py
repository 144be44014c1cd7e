"""Presence between this program and slixmpp, through real servers."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tests.support.account import User, logged_in
from tests.support.slixmpp_peer import Peer, Peers
from tests.support.xmpp_server import XmppServer
from tui_xmpp.core.commands import (
    AddContact,
    ApproveSubscription,
    Connect,
    Disconnect,
    SendDirectedPresence,
    SetPresence,
)
from tui_xmpp.core.model import OwnPresence, Phase, Show, Subscription
from tui_xmpp.jid import BareJID, FullJID

PRESENCES = (
    OwnPresence(Show.CHAT, "Ask me anything", -128),
    OwnPresence(Show.ONLINE, "", 127),
    OwnPresence(Show.AWAY, "Walking to Meryton", 0),
    OwnPresence(Show.XA, "In Hertfordshire\nuntil May", 5),
    OwnPresence(Show.DND, "Lisant · 讀信 ✉", -1),
    OwnPresence(Show.ONLINE, "", 0),
)


@asynccontextmanager
async def friends(server: XmppServer, peer: Peer) -> AsyncGenerator[tuple[User, BareJID]]:
    """Give a user who sees the peer's presence and is seen by it."""
    async with logged_in(server) as user:
        jane = BareJID.parse(peer.bare_jid)
        await befriend(user, peer)
        yield user, jane


async def befriend(user: User, peer: Peer) -> None:
    jane = BareJID.parse(peer.bare_jid)
    await user.does(AddContact(user.account, jane))
    await peer.wait_for("presence", type="subscribe", sender=str(user.account))
    await peer.subscribed(str(user.account))
    await peer.subscribe(str(user.account))
    await user.until(lambda _: user.request(jane))
    await user.does(ApproveSubscription(user.account, jane))
    await user.until(lambda _: (item := user.item(jane)) and item.subscription is Subscription.BOTH)


async def test_c_pre_each_show_status_and_priority_is_seen_by_both(server: XmppServer, peers: Peers) -> None:
    peer = await peers.login(server)
    await peer.send_presence()
    async with friends(server, peer) as (user, jane):
        await peer.wait_for("presence", type="", sender=user.jid)
        for own in PRESENCES:
            await user.does(SetPresence(user.account, own))
            seen = await peer.wait_for("presence", type="", sender=user.jid)
            show = "" if own.show is Show.ONLINE else own.show.value
            assert (seen.show, seen.status, seen.priority) == (show, own.status, own.priority)

            await peer.send_presence(show=show or None, status=own.status or None, priority=own.priority)
            await user.until(lambda _: shown(user, jane) == [own])  # noqa: B023 - awaited in the loop's own turn
            contact = user.contact(jane)
            assert contact is not None
            assert (contact.show, contact.status) == (own.show, own.status)


def shown(user: User, peer: BareJID) -> list[OwnPresence]:
    """What each device of a contact shows, the one that would get a message first."""
    contact = user.contact(peer)
    presences = [resource.presence for resource in contact.resources] if contact else []
    return [OwnPresence(each.show, each.status, each.priority) for each in presences]


async def test_c_pre_several_resources_of_a_contact_come_and_go(server: XmppServer, peers: Peers) -> None:
    account = server.user("jane")
    desk = await peers.login(server, account, resource="desk")
    await desk.send_presence(show="away", priority=1)
    async with friends(server, desk) as (user, jane):
        await user.until(lambda _: shown(user, jane) == [OwnPresence(Show.AWAY, "", 1)])
        phone = await peers.login(server, account, resource="phone")
        await phone.send_presence(status="on the phone", priority=10)
        await user.until(
            lambda _: shown(user, jane) == [OwnPresence(Show.ONLINE, "on the phone", 10), OwnPresence(Show.AWAY, "", 1)]
        )
        contact = user.contact(jane)
        assert contact is not None
        assert [each.resource for each in contact.resources] == ["phone", "desk"]
        assert (contact.show, contact.status) == (Show.ONLINE, "on the phone")
        await desk.send_presence(show="chat", priority=20)
        await user.until(lambda _: shown(user, jane)[0] == OwnPresence(Show.CHAT, "", 20))
        await desk.send_presence(type="unavailable", status="Good night")
        await user.until(lambda _: len(shown(user, jane)) == 1)
        await phone.disconnect()
        await user.until(lambda _: shown(user, jane) == [])
        assert user.contact(jane).show is Show.OFFLINE  # type: ignore[union-attr]


async def test_c_pre_08_whoever_leaves_says_so_and_comes_back_as_before(server: XmppServer, peers: Peers) -> None:
    peer = await peers.login(server)
    await peer.send_presence()
    async with friends(server, peer) as (user, jane):
        own = OwnPresence(Show.DND, "Reading", 3)
        await user.does(SetPresence(user.account, own))
        await peer.wait_for("presence", type="", status="Reading")
        await user.does(SetPresence(user.account, OwnPresence(Show.OFFLINE, "Gone to Brighton", 3)))
        assert (await peer.wait_for("presence", type="unavailable", sender=user.jid)).status == "Gone to Brighton"
        assert user.connection.phase is Phase.OFFLINE
        assert shown(user, jane) == []
        await user.does(SetPresence(user.account, own))
        await user.online()
        seen = await peer.wait_for("presence", type="", sender=user.jid)
        assert (seen.show, seen.status, seen.priority) == ("dnd", "Reading", 3)
        await user.does(Disconnect(user.account))
        assert (await peer.wait_for("presence", type="unavailable", sender=user.jid)).sender == user.jid
        await user.does(Connect(user.account))
        await user.online()
        seen = await peer.wait_for("presence", type="", sender=user.jid)
        assert (seen.show, seen.status, seen.priority) == ("dnd", "Reading", 3)
        jid = user.jid
    assert (await peer.wait_for("presence", type="unavailable", sender=jid)).sender == jid


async def test_rfc_6121_4_6_directed_presence_is_for_one_stranger(server: XmppServer, peers: Peers) -> None:
    stranger = await peers.login(server)
    await stranger.send_presence()
    async with logged_in(server) as user:
        to = FullJID.parse(stranger.jid)
        await user.does(SendDirectedPresence(user.account, to, OwnPresence(Show.AWAY, "for you only")))
        seen = await stranger.wait_for("presence", type="", sender=user.jid)
        assert (seen.show, seen.status) == ("away", "for you only")
        await user.does(SendDirectedPresence(user.account, to, OwnPresence(Show.OFFLINE)))
        await stranger.wait_for("presence", type="unavailable", sender=user.jid)
        await user.does(SendDirectedPresence(user.account, to, OwnPresence(Show.ONLINE)))
        await stranger.wait_for("presence", type="", sender=user.jid)
        await user.does(Disconnect(user.account))
        # RFC 6121 §4.6.3: whoever was shown presence is told of its end as well.
        await stranger.wait_for("presence", type="unavailable", sender=user.jid)
