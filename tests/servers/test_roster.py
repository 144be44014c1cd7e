"""The roster on real servers: kept there, cached here, pushed to every device."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from tests.support.account import logged_in
from tests.support.prosody import Prosody, RosterItem
from tests.support.slixmpp_peer import Peers
from tests.support.xmpp_server import XmppServer
from tui_xmpp.core.commands import AddContact, BlockPeer, RemoveContact, SendMessage, UnblockPeer, UpdateContact
from tui_xmpp.core.model import Delivery, Show, Subscription
from tui_xmpp.core.model import RosterItem as Item
from tui_xmpp.jid import BareJID


async def test_c_ros_every_device_sees_who_is_added_renamed_moved_and_removed(server: XmppServer) -> None:
    account = server.user("elizabeth")
    jane = BareJID.parse(server.user("jane").jid)
    async with logged_in(server, account) as desk, logged_in(server, account) as phone:
        both = (desk, phone)
        await desk.does(AddContact(desk.account, jane, "Jane", ("Sisters", "Longbourn"), is_asking=False))
        for user in both:
            added = await user.until(lambda _: user.item(jane))  # noqa: B023 - awaited in the loop's own turn
            assert (added.name, sorted(added.groups)) == ("Jane", ["Longbourn", "Sisters"])
            assert (added.subscription, added.is_ask_pending) == (Subscription.NONE, False)
        await phone.does(UpdateContact(phone.account, jane, "Mrs. Bingley", ("Netherfield & Co. <3",)))
        for user in both:
            await user.until(lambda _: user.item(jane) == Item(jane, "Mrs. Bingley", ("Netherfield & Co. <3",)))  # noqa: B023
        await desk.does(UpdateContact(desk.account, jane, "", ()))
        for user in both:
            await user.until(lambda _: user.item(jane) == Item(jane))  # noqa: B023
        await phone.does(RemoveContact(phone.account, jane))
        for user in both:
            await user.until(lambda _: user.item(jane) is None)  # noqa: B023


async def test_c_ros_versioning_saves_the_second_login_from_the_whole_roster(
    server: XmppServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    account = server.user("charlotte")
    names = {BareJID.parse(f"contact{number}@{server.domain}"): f"Contact {number}" for number in range(5)}
    async with logged_in(server, account, data=tmp_path) as user:
        for jid, name in names.items():
            await user.does(AddContact(user.account, jid, name, ("Kept",), is_asking=False))
        await user.until(lambda views: len(views.contacts(user.account)) == len(names))
    caplog.set_level(logging.DEBUG, "tui_xmpp.wire")
    async with logged_in(server, account, data=tmp_path, is_wire_logged=True) as user:
        assert {view.peer: view.name for view in user.views.contacts(user.account)} == names
        wire = [record.getMessage().split(" ", 2)[1:] for record in caplog.records if record.name == "tui_xmpp.wire"]
        received = "".join(json.loads(text) for direction, text in wire if direction == "in")
        assert "<message" not in received
        assert "Contact 1" not in received
        # What changed while this device was away comes as a push, and only that.
        async with logged_in(server, account) as other:
            renamed = BareJID.parse(f"contact3@{server.domain}")
            await other.does(UpdateContact(other.account, renamed, "Someone else", ()))
        await user.until(lambda _: (item := user.item(renamed)) and item.name == "Someone else")
    async with logged_in(server, account) as other:
        await other.does(RemoveContact(other.account, renamed))
    async with logged_in(server, account, data=tmp_path) as user:
        assert user.item(renamed) is None
        assert len(user.views.contacts(user.account)) == len(names) - 1


async def test_a_roster_of_two_thousand_is_shown_as_the_server_keeps_it(prosody: Prosody) -> None:
    account = prosody.user("wholesale")
    contacts = [RosterItem(f"c{n}@{prosody.domain}", f"Contact {n}", (f"Group {n % 7}",), "none") for n in range(2000)]
    prosody.write_roster(account.jid, contacts)
    async with logged_in(prosody, account) as user:
        seen = {str(view.peer): (view.name, view.groups) for view in user.views.contacts(user.account)}
        assert seen == {item.jid: (item.name, item.groups) for item in contacts}


async def test_xep_0191_whoever_is_blocked_is_not_heard_until_unblocked(server: XmppServer, peers: Peers) -> None:
    account = server.user("elizabeth")
    peer = await peers.login(server)
    await peer.send_presence()
    async with logged_in(server, account) as user, logged_in(server, account) as other:
        collins = BareJID.parse(peer.bare_jid)
        await user.does(AddContact(user.account, collins, "Mr. Collins", is_asking=False))
        await user.does(BlockPeer(user.account, collins))
        for each in (user, other):
            await each.until(lambda _: (view := each.contact(collins)) and view.is_blocked)  # noqa: B023
        await peer.send_message(user.jid, "Almost from the first moment")
        await peer.roster()  # the server has dealt with the message: ejabberd bounces it, Prosody drops it
        await user.does(SendMessage(user.account, collins, "No."))
        failed = await user.until(lambda _: [m for m in user.messages(collins) if m.delivery is Delivery.FAILED])
        assert failed[0].failure is not None
        assert failed[0].failure.condition == "not-acceptable"
        await other.does(UnblockPeer(other.account, collins))
        for each in (user, other):
            await each.until(lambda _: (view := each.contact(collins)) and not view.is_blocked)  # noqa: B023
        await peer.send_message(user.jid, "I am not to be discouraged")
        await user.hears(collins, "I am not to be discouraged")
        assert [m.body for m in user.messages(collins)] == ["No.", "I am not to be discouraged"]
        assert user.contact(collins).show is Show.OFFLINE  # type: ignore[union-attr]
