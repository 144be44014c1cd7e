"""Subscriptions between this program and slixmpp, through real servers: what users do, one after another."""

from __future__ import annotations

from tests.support.account import User, logged_in
from tests.support.slixmpp_peer import Peer, Peers
from tests.support.xmpp_server import XmppServer
from tui_xmpp.core.commands import (
    AddContact,
    ApproveSubscription,
    BlockPeer,
    DenySubscription,
    RemoveContact,
    RequestSubscription,
    Unsubscribe,
)
from tui_xmpp.core.model import Show, Subscription
from tui_xmpp.jid import BareJID


async def stands(user: User, peer: BareJID, subscription: Subscription, *, is_asking: bool = False) -> None:
    """Wait until the roster says so."""
    await user.until(
        lambda _: (item := user.item(peer)) and (item.subscription, item.is_ask_pending) == (subscription, is_asking)
    )


async def standing(peer: Peer, user: User) -> str:
    """Return what the peer's roster says of the user."""
    item = (await peer.roster()).get(str(user.account))
    return str(item["subscription"]) if item else "not there"


async def test_c_sub_a_life_of_a_subscription(server: XmppServer, peers: Peers) -> None:
    peer = await peers.login(server)
    await peer.send_presence(show="away", status="At Pemberley")
    darcy = BareJID.parse(peer.bare_jid)
    async with logged_in(server) as user:
        me = str(user.account)
        # ask, be denied, take it back, ask again, be approved
        await user.does(AddContact(user.account, darcy, "Mr. Darcy", ("Derbyshire",)))
        await stands(user, darcy, Subscription.NONE, is_asking=True)
        asked = await peer.wait_for("presence", type="subscribe", sender=me)
        assert asked.sender == me  # a bare address (C-SUB-01)
        assert asked.id
        await peer.unsubscribed(me)
        await stands(user, darcy, Subscription.NONE)
        await user.until(lambda _: f"{darcy} does not let you see their presence." in user.log)
        await user.does(RequestSubscription(user.account, darcy))
        await stands(user, darcy, Subscription.NONE, is_asking=True)
        await peer.wait_for("presence", type="subscribe", sender=me)
        await user.does(Unsubscribe(user.account, darcy))
        await stands(user, darcy, Subscription.NONE)
        await user.does(RequestSubscription(user.account, darcy, "Do you play?"))
        await peer.wait_for("presence", type="subscribe", sender=me)
        await peer.subscribed(me)
        await stands(user, darcy, Subscription.TO)
        await user.until(lambda _: f"{darcy} lets you see their presence." in user.log)
        shown = await user.until(lambda _: view if (view := user.contact(darcy)) and view.show is Show.AWAY else None)
        assert (shown.status, shown.name, shown.groups) == ("At Pemberley", "Mr. Darcy", ("Derbyshire",))

        # be asked, deny, be asked again, approve
        await peer.subscribe(me)
        await user.until(lambda _: user.request(darcy))
        await user.does(DenySubscription(user.account, darcy))
        assert user.request(darcy) is None
        await peer.wait_for("presence", type="unsubscribed", sender=me)
        await stands(user, darcy, Subscription.TO)
        await peer.subscribe(me)
        await user.until(lambda _: user.request(darcy))
        await user.does(ApproveSubscription(user.account, darcy))
        await stands(user, darcy, Subscription.BOTH)
        await peer.wait_for("presence", type="subscribed", sender=me)
        await peer.wait_for("presence", type="", sender=user.jid)
        assert await standing(peer, user) == "both"

        # cancel theirs, stop our own, be given both again, remove
        await user.does(DenySubscription(user.account, darcy))
        await stands(user, darcy, Subscription.TO)
        await peer.wait_for("presence", type="unsubscribed", sender=me)
        await peer.wait_for("presence", type="unavailable", sender=user.jid)
        await user.does(Unsubscribe(user.account, darcy))
        await stands(user, darcy, Subscription.NONE)
        await user.until(lambda _: (view := user.contact(darcy)) and view.show is Show.OFFLINE)
        await peer.wait_for("presence", type="unsubscribe", sender=me)
        assert await standing(peer, user) == "none"
        await peer.subscribe(me)
        await user.until(lambda _: user.request(darcy))
        await user.does(ApproveSubscription(user.account, darcy, is_asking_back=True))
        await peer.wait_for("presence", type="subscribe", sender=me)
        await peer.subscribed(me)
        await stands(user, darcy, Subscription.BOTH)
        await user.does(RemoveContact(user.account, darcy))
        await user.until(lambda _: user.item(darcy) is None)
        await peer.wait_for("presence", type="unsubscribe", sender=me)
        await peer.wait_for("presence", type="unsubscribed", sender=me)
        assert await standing(peer, user) == "none"


async def test_c_sub_02_a_stranger_is_approved_and_added_back(server: XmppServer, peers: Peers) -> None:
    peer = await peers.login(server)
    await peer.send_presence()
    bingley = BareJID.parse(peer.bare_jid)
    account = server.user("jane")
    async with logged_in(server, account) as user, logged_in(server, account) as phone:
        await peer.send_xml(
            f'<presence to="{user.account}" type="subscribe" id="s1"><status>We danced twice</status>'
            '<nick xmlns="http://jabber.org/protocol/nick">Charles</nick></presence>'
        )
        request = await user.until(lambda _: user.request(bingley))
        assert request.peer == bingley
        if request.text:  # a server may leave these out (C-SUB-05)
            assert request.text == "We danced twice"
        await phone.until(lambda _: phone.request(bingley))
        assert user.item(bingley) is None
        await user.does(ApproveSubscription(user.account, bingley, is_asking_back=True))
        await phone.until(lambda _: phone.request(bingley) is None)
        await peer.wait_for("presence", type="subscribed", sender=str(user.account))
        await peer.wait_for("presence", type="subscribe", sender=str(user.account))
        await stands(user, bingley, Subscription.FROM, is_asking=True)
        await peer.subscribed(str(user.account))
        for each in (user, phone):
            await stands(each, bingley, Subscription.BOTH)


async def test_c_sub_02_a_request_waits_for_the_next_login_and_is_asked_once(server: XmppServer, peers: Peers) -> None:
    peer = await peers.login(server)
    await peer.send_presence()
    account = server.user("mary")
    collins = BareJID.parse(peer.bare_jid)
    await peer.subscribe(account.jid)
    await peer.roster()  # the server has dealt with the request
    for _ in range(2):  # unanswered it comes again at each login
        async with logged_in(server, account) as user:
            await user.until(lambda _: user.request(collins))
            await peer.subscribe(account.jid)
            await user.settle()
            assert len(user.views.requests()) == 1
    async with logged_in(server, account) as user:
        await user.until(lambda _: user.request(collins))
        await user.does(DenySubscription(user.account, collins))
        await peer.wait_for("presence", type="unsubscribed", sender=account.jid)
    async with logged_in(server, account) as user:
        assert user.request(collins) is None


async def test_xep_0191_to_block_a_stranger_refuses_the_request(server: XmppServer, peers: Peers) -> None:
    peer = await peers.login(server)
    wickham = BareJID.parse(peer.bare_jid)
    async with logged_in(server) as user:
        await peer.subscribe(str(user.account))
        await user.until(lambda _: user.request(wickham))
        await user.does(BlockPeer(user.account, wickham))
        await user.until(lambda _: user.request(wickham) is None)
        assert user.item(wickham) is None
        await peer.subscribe(str(user.account))
        await peer.roster()
        await user.settle()
        assert user.request(wickham) is None
