"""A whole session, from login to goodbye, against each server over each kind of TLS."""

from __future__ import annotations

import pytest

from tests.support.account import logged_in
from tests.support.slixmpp_peer import Peers
from tests.support.xmpp_server import XmppServer
from tui_xmpp.core.commands import AddContact, ApproveSubscription, RemoveContact, SendMessage, SetPresence
from tui_xmpp.core.model import Delivery, OwnPresence, Phase, Show, Subscription
from tui_xmpp.jid import BareJID

PRESENCES = (
    OwnPresence(Show.CHAT, "Ask me anything", -128),
    OwnPresence(Show.AWAY, "", 127),
    OwnPresence(Show.XA, "Until Michaelmas", 0),
    OwnPresence(Show.DND, "讀信", 1),
    OwnPresence(Show.ONLINE, "Back", 0),
)


@pytest.mark.parametrize("direct_tls", [False, True], ids=["starttls", "direct-tls"])
async def test_a_session_from_login_to_goodbye(server: XmppServer, peers: Peers, *, direct_tls: bool) -> None:
    peer = await peers.login(server, direct_tls=direct_tls)
    await peer.send_presence(status="At Netherfield")
    jane = BareJID.parse(peer.bare_jid)
    async with logged_in(server, direct_tls=direct_tls) as user:
        me = str(user.account)
        assert user.connection.facts.is_direct_tls == direct_tls
        assert user.views.contacts(user.account) == ()

        # both ways
        await user.does(AddContact(user.account, jane, "Jane", ("Sisters",)))
        await peer.wait_for("presence", type="subscribe", sender=me)
        await peer.subscribed(me)
        await peer.subscribe(me)
        await user.until(lambda _: user.request(jane))
        await user.does(ApproveSubscription(user.account, jane))
        await user.until(lambda _: (item := user.item(jane)) and item.subscription is Subscription.BOTH)
        await user.until(lambda _: (contact := user.contact(jane)) and contact.status == "At Netherfield")
        await peer.wait_for("presence", type="", sender=user.jid)
        assert (await peer.roster())[me]["subscription"] == "both"

        # presence
        for own in PRESENCES:
            await user.does(SetPresence(user.account, own))
            seen = await peer.wait_for("presence", type="", sender=user.jid)
            show = "" if own.show is Show.ONLINE else own.show.value
            assert (seen.show, seen.status, seen.priority) == (show, own.status, own.priority)

        # chat
        await user.does(SendMessage(user.account, jane, "Is he handsome?\nAnd his friend?"))
        assert (await peer.wait_for("message", sender=user.jid)).body == "Is he handsome?\nAnd his friend?"
        await peer.send_message(user.jid, "Tolerable — but not handsome enough to tempt me 😐")
        await user.hears(jane, "Tolerable — but not handsome enough to tempt me 😐")
        nobody = BareJID.parse(f"nobody@{server.domain}")
        await user.does(SendMessage(user.account, nobody, "Hello?"))
        await user.until(lambda _: [m for m in user.messages(nobody) if m.delivery is Delivery.FAILED])

        # goodbye
        jid = user.jid
        await user.does(SetPresence(user.account, OwnPresence(Show.OFFLINE, "Gone to the ball")))
        assert (await peer.wait_for("presence", type="unavailable", sender=jid)).status == "Gone to the ball"
        assert user.connection.phase is Phase.OFFLINE
        assert user.connection.reason == ""
        await user.does(SetPresence(user.account, OwnPresence()))
        await user.online()
        await peer.wait_for("presence", type="", sender=user.jid)
        await user.does(RemoveContact(user.account, jane))
        await peer.wait_for("presence", type="unsubscribed", sender=me)
        await user.until(lambda _: user.item(jane) is None)
