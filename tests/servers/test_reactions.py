"""Reactions through real servers: live, from other devices, missed while away, and chosen without a connection."""

from __future__ import annotations

from pathlib import Path

from tests.support.account import User, logged_in
from tests.support.slixmpp_peer import Peers
from tests.support.xmpp_server import XmppServer
from tui_xmpp.core.commands import (
    Connect,
    CorrectMessage,
    DiscardMessage,
    Disconnect,
    OpenConversation,
    React,
    SendMessage,
)
from tui_xmpp.core.model import Delivery, Direction
from tui_xmpp.core.reactions import emojis_by
from tui_xmpp.jid import BareJID

WAVE, TURTLE, HAT = "👋", "🐢", "🎩"
REACTIONS = (
    "<message xmlns='jabber:client' to='{to}' type='chat' id='{id}'><reactions xmlns='urn:xmpp:reactions:0' id='{of}'>"
    "{inner}</reactions><store xmlns='urn:xmpp:hints'/></message>"
)


def reactions(to: str, of: str, *emojis: str, id: str) -> str:  # noqa: A002 - the attribute's own name
    return REACTIONS.format(to=to, of=of, id=id, inner="".join(f"<reaction>{emoji}</reaction>" for emoji in emojis))


def under(user: User, peer: BareJID, side: Direction) -> list[tuple[str, ...]]:
    return [emojis_by(message, side) for message in user.messages(peer)]


async def test_x_444_each_side_sees_what_the_other_thinks_also_from_the_archive(
    server: XmppServer, peers: Peers, tmp_path: Path
) -> None:
    account = server.user("user")
    jane = await peers.login(server)
    await jane.send_presence()
    peer = BareJID.parse(jane.bare_jid)
    async with logged_in(server, account, data=tmp_path) as user:
        await user.does(OpenConversation(user.account, peer), SendMessage(user.account, peer, "Netherfield is let"))
        told = await jane.wait_for("message", body="Netherfield is let")
        await jane.send_message(account.jid, "What is his name?", id="question-0123456789abcdef")
        asked = await user.hears(peer, "What is his name?")
        await jane.send_xml(reactions(account.jid, told.id, WAVE, id="r-1"))
        await user.until(lambda _: under(user, peer, Direction.INCOMING) == [(WAVE,), ()])
        for emojis in ((HAT,), (HAT, TURTLE)):
            await user.does(React(user.account, peer, asked.key, emojis))
            stanza = await jane.wait_for("message", lambda one: "urn:xmpp:reactions:0" in one.xml)
            assert "question-0123456789abcdef" in stanza.xml
            assert [emoji for emoji in (HAT, TURTLE) if emoji in stanza.xml] == list(emojis)
        view = user.views.conversation(user.account, peer)
        assert (view.unread, len(view.messages)) == (1, 2)
    other = await peers.login(server, account, resource="other")
    await jane.send_xml(reactions(account.jid, told.id, TURTLE, id="r-2"))
    await jane.roster()  # the server answers when it has taken all before
    await other.send_xml(reactions(jane.bare_jid, "question-0123456789abcdef", WAVE, id="r-3"))
    await other.roster()
    for data in (tmp_path, None):
        async with logged_in(server, account, data=data) as user:
            await user.settle()
            await user.does(OpenConversation(user.account, peer))
            assert under(user, peer, Direction.INCOMING) == [(TURTLE,), ()]
            assert under(user, peer, Direction.OUTGOING) == [(), (WAVE,)]
            assert [message.body for message in user.messages(peer)] == ["Netherfield is let", "What is his name?"]


async def test_x_444_a_reaction_of_another_device_is_seen_at_once(server: XmppServer, peers: Peers) -> None:
    account = server.user("user")
    other = await peers.login(server, account, resource="other")
    await other.send_presence()
    jane = await peers.login(server)
    await jane.send_presence()
    peer = BareJID.parse(jane.bare_jid)
    async with logged_in(server, account) as user:
        await user.does(OpenConversation(user.account, peer))
        await jane.send_message(account.jid, "What is his name?", id="question-0123456789abcdef")
        await user.hears(peer, "What is his name?")
        await other.send_xml(reactions(jane.bare_jid, "question-0123456789abcdef", HAT, id="r-1"))
        await user.until(lambda _: under(user, peer, Direction.OUTGOING) == [(HAT,)])


async def test_what_is_chosen_and_corrected_without_a_connection_arrives_after_it(server: XmppServer) -> None:
    async with logged_in(server) as jane, logged_in(server) as lizzy:
        await jane.does(OpenConversation(jane.account, lizzy.account))
        await lizzy.does(OpenConversation(lizzy.account, jane.account))
        await lizzy.does(SendMessage(lizzy.account, jane.account, "Shall we dance?"))
        asked = await jane.hears(lizzy.account, "Shall we dance?")
        await jane.does(SendMessage(jane.account, lizzy.account, "With plaesure"))
        await lizzy.hears(jane.account, "With plaesure")
        await jane.does(Disconnect(jane.account))
        mine = jane.messages(lizzy.account)[-1].key
        await jane.does(
            React(jane.account, lizzy.account, asked.key, (WAVE,)),
            CorrectMessage(jane.account, lizzy.account, mine, "With pleasure"),
            React(jane.account, lizzy.account, asked.key, (HAT,)),
        )
        assert under(jane, lizzy.account, Direction.OUTGOING) == [(HAT,), ()]
        assert jane.messages(lizzy.account)[-1].versions[-1].delivery is Delivery.QUEUED
        await jane.does(Connect(jane.account))
        await lizzy.hears(jane.account, "With pleasure")
        await lizzy.until(lambda _: under(lizzy, jane.account, Direction.INCOMING) == [(HAT,), ()])
        await jane.until(lambda _: jane.messages(lizzy.account)[-1].versions[-1].delivery is None)
        assert len(lizzy.messages(jane.account)) == 2


async def test_what_a_server_refuses_is_taken_back_or_said_on_its_message(server: XmppServer, peers: Peers) -> None:
    account = server.user("user")
    jane = await peers.login(server)
    await jane.send_presence()
    peer = BareJID.parse(jane.bare_jid)
    async with logged_in(server, account) as user:
        await user.does(OpenConversation(user.account, peer), SendMessage(user.account, peer, "yonder airlock"))
        await jane.wait_for("message", body="yonder airlock")
        key = user.messages(peer)[0].key
        await user.does(React(user.account, peer, key, (WAVE,)))
        refused = await jane.wait_for("message", lambda one: "urn:xmpp:reactions:0" in one.xml)
        await user.does(CorrectMessage(user.account, peer, key, "yonder window"))
        corrected = await jane.wait_for("message", body="yonder window")
        for stanza in (refused, corrected):
            await jane.send_xml(
                f"<message xmlns='jabber:client' to='{user.jid}' type='error' id='{stanza.id}'><error type='modify'>"
                "<not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
            )
        failed = await user.until(lambda _: user.messages(peer)[0].failed_correction)
        assert under(user, peer, Direction.OUTGOING) == [()]
        assert any(f"Your reaction {WAVE} was not delivered." in text for text in user.log)
        await user.does(DiscardMessage(user.account, peer, failed.id))
        assert user.messages(peer)[0].body == "yonder airlock"
