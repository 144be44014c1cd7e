"""Corrections through real servers: live, missed while away, and in the history of a new installation."""

from __future__ import annotations

from pathlib import Path

from tests.support.account import User, logged_in
from tests.support.slixmpp_peer import Peers
from tests.support.xmpp_server import XmppServer
from tui_xmpp.core.commands import CorrectMessage, OpenConversation, SendMessage
from tui_xmpp.jid import BareJID

CORRECTION = (
    "<message xmlns='jabber:client' to='{to}' type='chat' id='{id}'><body>{body}</body>"
    "<replace xmlns='urn:xmpp:message-correct:0' id='{of}'/></message>"
)


def versions(user: User, peer: BareJID) -> list[list[str]]:
    return [[version.body for version in message.versions] or [message.body] for message in user.messages(peer)]


async def test_x_308_each_side_sees_what_the_other_corrected_also_from_the_archive(
    server: XmppServer, peers: Peers, tmp_path: Path
) -> None:
    account = server.user("user")
    jane = await peers.login(server)
    await jane.send_presence()
    peer = BareJID.parse(jane.bare_jid)
    async with logged_in(server, account, data=tmp_path) as user:
        await user.does(OpenConversation(user.account, peer))
        await user.does(SendMessage(user.account, peer, "yonder airlock"))
        first = await jane.wait_for("message", body="yonder airlock")
        await user.does(CorrectMessage(user.account, peer, user.messages(peer)[0].key, "yonder window"))
        second = await jane.wait_for("message", body="yonder window")
        assert first.id in second.xml.partition("<replace ")[2].partition(">")[0]
        await jane.send_message(account.jid, "the sun is Juliett", id="typo-0123456789abcdef")
        await user.hears(peer, "the sun is Juliett")
        await jane.send_xml(
            CORRECTION.format(to=account.jid, id="good-1", body="the sun is Juliet", of="typo-0123456789abcdef")
        )
        await user.hears(peer, "the sun is Juliet")
    expected = [["yonder airlock", "yonder window"], ["the sun is Juliett", "the sun is Juliet"]]
    await jane.send_xml(
        CORRECTION.format(to=account.jid, id="good-2", body="and the sun is Juliet", of="typo-0123456789abcdef")
    )
    await jane.roster()  # the server answers when it has taken all before
    expected[1].append("and the sun is Juliet")
    async with logged_in(server, account, data=tmp_path) as user:
        await user.does(OpenConversation(user.account, peer))
        await user.until(lambda _: user.messages(peer)[-1].body == "and the sun is Juliet")
        await user.settle()
        assert versions(user, peer) == expected
    async with logged_in(server, account) as user:
        await user.settle()
        await user.does(OpenConversation(user.account, peer))
        assert versions(user, peer) == expected
