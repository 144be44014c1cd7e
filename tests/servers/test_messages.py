"""Messages between this program and slixmpp, through real servers."""

from __future__ import annotations

from tests.support.account import User, logged_in
from tests.support.slixmpp_peer import Peers
from tests.support.xmpp_server import XmppServer
from tui_xmpp.core.commands import DiscardMessage, ResendMessage, SendMessage
from tui_xmpp.core.model import Delivery, Message, MessageKind
from tui_xmpp.jid import BareJID, FullJID

TEXTS = (
    "It is a truth universally acknowledged",
    "Zażółć gęślą jaźń — 伊丽莎白 · عزيزتي إليزابيث · 👩‍👧‍👧 e\u0301",
    "My dear Mr. Bennet,\n\n  have you heard\tthat Netherfield Park\nis let at last?\n",
    "<b>\"&'</b> ]]> &amp; &#0; [bold]",
    "   ",
)


async def test_c_msg_01_texts_arrive_as_they_were_written_in_both_directions(server: XmppServer, peers: Peers) -> None:
    peer = await peers.login(server)
    await peer.send_presence()
    async with logged_in(server) as user:
        jane = BareJID.parse(peer.bare_jid)
        for text in TEXTS:
            await user.does(SendMessage(user.account, jane, text))
            received = await peer.wait_for("message", type="chat", sender=user.jid)
            assert received.body == text
            assert received.id == user.messages(jane)[-1].key
            await peer.send_message(user.jid, text)
            said = await user.until(lambda _: last_heard(user, jane, text))  # noqa: B023 - awaited in the same turn
            assert (said.author, said.kind) == (FullJID.parse(peer.jid), MessageKind.CHAT)


def last_heard(user: User, peer: BareJID, text: str) -> Message | None:
    last = user.messages(peer)[-1]
    return last if not last.is_outgoing and last.body == text else None


async def test_fifty_messages_each_way_keep_their_order(server: XmppServer, peers: Peers) -> None:
    peer = await peers.login(server)
    await peer.send_presence()
    async with logged_in(server) as user:
        jane = BareJID.parse(peer.bare_jid)
        user.submit(*(SendMessage(user.account, jane, f"out {number}") for number in range(50)))
        for number in range(50):
            await peer.send_message(str(user.account), f"in {number}")
        outgoing = [(await peer.wait_for("message", type="chat")).body for _ in range(50)]
        assert outgoing == [f"out {number}" for number in range(50)]
        await user.hears(jane, "in 49")
        await user.until(lambda _: len(user.messages(jane)) == 100)
        assert [m.body for m in user.messages(jane) if not m.is_outgoing] == [f"in {number}" for number in range(50)]
        assert [m.body for m in user.messages(jane) if m.is_outgoing] == outgoing
        await user.until(
            lambda _: {m.delivery for m in user.messages(jane) if m.is_outgoing} == {Delivery.ACKNOWLEDGED}
        )


async def test_rfc_6121_5_2_kind_subject_thread_and_languages_of_what_arrives(server: XmppServer, peers: Peers) -> None:
    peer = await peers.login(server)
    async with logged_in(server) as user:
        jane = BareJID.parse(peer.bare_jid)
        await peer.send_message(user.jid, "Rain", type="headline", subject="Weather")
        await user.until(lambda _: any("announces: Weather · Rain" in line for line in user.log))
        await peer.send_message(user.jid, "A letter", type="normal", subject="From Hunsford", thread="e0ffe42b28561960")
        said = await user.hears(jane, "A letter")
        assert (said.kind, said.subject, said.thread) == (MessageKind.NORMAL, "From Hunsford", "e0ffe42b28561960")
        await peer.send_xml(f'<message to="{user.jid}"><body>No kind at all</body></message>')
        assert (await user.hears(jane, "No kind at all")).kind is MessageKind.NORMAL
        await peer.send_xml(
            f'<message to="{user.jid}" type="chat"><body xml:lang="cs">Dobrý den</body>'
            '<body xml:lang="en">Good day</body><subject xml:lang="en">Greeting</subject></message>'
        )
        said = await user.hears(jane, "Good day")
        assert (dict(said.bodies), said.subject) == ({"cs": "Dobrý den", "en": "Good day"}, "Greeting")


async def test_c_msg_07_what_carries_no_text_opens_no_conversation(server: XmppServer, peers: Peers) -> None:
    peer = await peers.login(server)
    async with logged_in(server) as user:
        jane = BareJID.parse(peer.bare_jid)
        state = "<composing xmlns='http://jabber.org/protocol/chatstates'/>"
        await peer.send_xml(f"<message to='{user.jid}' type='chat'>{state}</message>")
        await peer.send_message(user.jid, "and now the text")
        await user.hears(jane, "and now the text")
        assert len(user.messages(jane)) == 1


async def test_a_subject_and_one_device_can_be_written_to(server: XmppServer, peers: Peers) -> None:
    account = server.user("jane")
    one = await peers.login(server, account, resource="one")
    two = await peers.login(server, account, resource="two")
    await one.send_presence(priority=5)
    await two.send_presence(priority=5)
    async with logged_in(server) as user:
        jane = BareJID.parse(account.jid)
        resource = FullJID.parse(two.jid).resource
        await user.does(SendMessage(user.account, jane, "just here", subject="To one", to_resource=resource))
        received = await two.wait_for("message")
        assert (received.body, received.subject, received.to) == ("just here", "To one", two.jid)
        await user.does(SendMessage(user.account, jane, "to all"))
        assert (await one.wait_for("message")).body == "to all"  # and nothing came before it


async def test_c_msg_01_a_message_to_nobody_fails_with_a_sentence_and_can_be_sent_again_or_given_up(
    server: XmppServer,
) -> None:
    async with logged_in(server) as user:
        nobody = BareJID.parse(f"nobody@{server.domain}")
        await user.does(SendMessage(user.account, nobody, "Is anyone there?"))
        failed = await user.until(lambda _: failed_message(user, nobody))
        assert failed.failure is not None
        assert failed.failure.condition == "service-unavailable"
        assert "cannot be reached" in failed.failure.sentence
        assert "not delivered" in failed.failure.sentence
        quoted = "“Is anyone there?” was not delivered."
        assert len([text for text in user.log if quoted in text]) == 1
        await user.does(ResendMessage(user.account, nobody, failed.key))
        await user.until(lambda _: len([text for text in user.log if quoted in text]) == 2)
        again = await user.until(lambda _: failed_message(user, nobody))
        assert (again.key, again.body) == (failed.key, failed.body)
        await user.does(DiscardMessage(user.account, nobody, failed.key))
        assert user.messages(nobody) == ()


def failed_message(user: User, peer: BareJID) -> Message | None:
    return next((m for m in user.messages(peer) if m.delivery is Delivery.FAILED), None)
