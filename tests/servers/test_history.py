"""History with real servers: other devices, absences, and the archive, each message once and in order."""

from __future__ import annotations

from pathlib import Path

from tests.support.account import User, logged_in
from tests.support.slixmpp_peer import Peers
from tests.support.xmpp_server import XmppServer
from tui_xmpp.core.commands import LoadOlder, MarkRead, OpenConversation, SearchMessages, SendMessage
from tui_xmpp.core.model import Delivery
from tui_xmpp.jid import BareJID


def said(user: User, peer: BareJID) -> list[str]:
    return [message.body for message in user.messages(peer)]


async def test_x_280_what_another_device_sends_and_receives_is_here_at_once(server: XmppServer, peers: Peers) -> None:
    account = server.user("user")
    other = await peers.login(server, account, resource="other")
    await other.send_presence()
    jane = await peers.login(server)
    await jane.send_presence()
    async with logged_in(server, account) as user:
        peer = BareJID.parse(jane.bare_jid)
        await user.does(OpenConversation(user.account, peer))
        await other.send_message(jane.jid, "from the other device")
        await user.until(lambda _: said(user, peer) == ["from the other device"])
        sent = user.messages(peer)[0]
        assert (sent.is_outgoing, sent.delivery) == (True, Delivery.ACKNOWLEDGED)
        assert user.views.conversation(user.account, peer).unread == 0
        await jane.send_message(other.jid, "to the other device")
        await user.hears(peer, "to the other device")
        assert user.views.conversation(user.account, peer).unread == 1


async def test_x_313_what_was_missed_is_there_once_in_the_archive_s_order(
    server: XmppServer, peers: Peers, tmp_path: Path
) -> None:
    account = server.user("user")
    jane = await peers.login(server)
    await jane.send_presence()
    peer = BareJID.parse(jane.bare_jid)
    async with logged_in(server, account, data=tmp_path) as user:
        for number in range(3):
            await user.does(SendMessage(user.account, peer, f"out {number}"))
            await jane.wait_for("message", body=f"out {number}")
            await jane.send_message(account.jid, f"in {number}")
            await user.hears(peer, f"in {number}")
        await user.does(MarkRead(user.account, peer))
    expected = [f"{way} {number}" for number in range(3) for way in ("out", "in")]
    other = await peers.login(server, account, resource="other")
    for number in range(120):
        await jane.send_message(account.jid, f"missed {number}")
        expected.append(f"missed {number}")
    await jane.roster()  # the server answers when it has taken all before
    await other.send_message(jane.jid, "answered elsewhere")
    await jane.wait_for("message", body="answered elsewhere")
    expected.append("answered elsewhere")
    await other.send_presence()  # takes the offline messages, where the server keeps them apart
    async with logged_in(server, account, data=tmp_path) as user:
        view = user.views.conversation
        assert view(user.account, peer).unread == 0  # who answers has read
        await user.does(OpenConversation(user.account, peer))
        assert said(user, peer) == expected
        assert all(message.archive_id for message in user.messages(peer))
        assert user.views.account(user.account).catch_up.received >= 121  # type: ignore[union-attr]
        await jane.send_message(account.jid, "and now")
        await user.hears(peer, "and now")
        assert view(user.account, peer).gaps == ()
    async with logged_in(server, account, data=tmp_path) as user:
        await user.does(OpenConversation(user.account, peer))
        assert said(user, peer) == [*expected, "and now"]
        assert user.views.conversation(user.account, peer).unread == 1


async def test_x_313_a_new_installation_has_the_history_and_reads_further_back(
    server: XmppServer, peers: Peers
) -> None:
    account = server.user("user")
    jane = await peers.login(server)
    for number in range(30):
        await jane.send_message(account.jid, f"old {number}")
    other = await peers.login(server, account, resource="other")
    await other.send_presence()
    await other.wait_for("message", body="old 29")
    async with logged_in(server, account) as user:
        peer = BareJID.parse(jane.bare_jid)
        await user.does(OpenConversation(user.account, peer))
        assert said(user, peer) == [f"old {number}" for number in range(30)]
        assert user.views.conversation(user.account, peer).unread == 0
        await user.does(LoadOlder(user.account, peer))
        assert not user.views.conversation(user.account, peer).has_older
        await user.does(SearchMessages(user.account, 'from:peer "old 17"'))
        assert [found.message.body for found in user.views.search().found] == ["old 17"]


async def test_offline_messages_are_no_second_copies(server: XmppServer, peers: Peers, tmp_path: Path) -> None:
    account = server.user("user")
    jane = await peers.login(server)
    peer = BareJID.parse(jane.bare_jid)
    async with logged_in(server, account, data=tmp_path) as user:
        await user.settle()
    for number in range(20):
        await jane.send_message(account.jid, f"late {number}")
    await jane.roster()
    async with logged_in(server, account, data=tmp_path) as user:
        await user.until(lambda _: user.views.conversation(user.account, peer).unread >= 20)
        await user.settle()
        await user.does(OpenConversation(user.account, peer))
        assert said(user, peer) == [f"late {number}" for number in range(20)]
        assert user.views.conversation(user.account, peer).unread == 20


async def test_x_490_what_is_read_on_one_device_is_read_on_the_other(server: XmppServer, peers: Peers) -> None:
    account = server.user("user")
    jane = await peers.login(server)
    await jane.send_presence()
    peer = BareJID.parse(jane.bare_jid)
    async with logged_in(server, account, resource="one") as one, logged_in(server, account, resource="two") as two:
        for number in range(3):
            await jane.send_message(account.jid, f"hello {number}")
        for user in (one, two):
            await user.until(lambda _, user=user: user.views.conversation(user.account, peer).unread == 3)  # type: ignore[misc]
        await one.does(MarkRead(one.account, peer))
        await two.until(lambda _: two.views.conversation(two.account, peer).unread == 0)
        await jane.send_message(account.jid, "one more")
        await one.until(lambda _: one.views.conversation(one.account, peer).unread == 1)
        await two.until(lambda _: two.views.conversation(two.account, peer).unread == 1)
    async with logged_in(server, account, resource="three") as three:
        assert three.views.conversation(three.account, peer).unread == 1
