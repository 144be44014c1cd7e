from __future__ import annotations

import pytest

from tests.support.engine import ACCOUNT, ScriptedServer, canonical, online
from tui_xmpp.core.commands import BlockPeer, UnblockPeer
from tui_xmpp.jid import BareJID

ROMEO = BareJID.parse("romeo@montague.example")
LIST = "<blocklist xmlns='urn:xmpp:blocking'><item jid='romeo@montague.example'/><item jid='@@'/></blocklist>"
PUSH = "<iq type='set' id='b1'{}><{} xmlns='urn:xmpp:blocking'>{}</{}></iq>"


def push(verb: str, items: str, sender: str = "") -> str:
    return PUSH.format(f" from='{sender}'" if sender else "", verb, items, verb)


def server_with_list() -> ScriptedServer:
    server = ScriptedServer()
    server.answers["{urn:xmpp:blocking}blocklist"] = LIST
    return server


async def test_x_191_01_list_is_fetched_after_login() -> None:
    async with online(server_with_list()) as scene:
        assert scene.client.views.conversation(ACCOUNT, ROMEO).contact.is_blocked


async def test_x_191_01_pushes_are_taken_and_answered() -> None:
    item = "<item jid='romeo@montague.example'/>"
    async with online() as scene:
        assert await scene.hears(push("block", item)) == [canonical("<iq type='result' id='b1'/>")]
        assert scene.client.views.conversation(ACCOUNT, ROMEO).contact.is_blocked
        await scene.hears(push("unblock", ""))
        assert not scene.client.views.conversation(ACCOUNT, ROMEO).contact.is_blocked


@pytest.mark.parametrize(("verb", "is_blocked"), [("block", False), ("unblock", True)])
async def test_s_03_forged_pushes_change_nothing(verb: str, is_blocked: bool) -> None:
    async with online(server_with_list() if is_blocked else ScriptedServer()) as scene:
        item = "<item jid='romeo@montague.example'/>"
        (answer,) = await scene.hears(push(verb, item, "tybalt@capulet.example/x"))
        assert "service-unavailable" in answer
        assert scene.client.views.conversation(ACCOUNT, ROMEO).contact.is_blocked is is_blocked


@pytest.mark.parametrize("items", ["", "<item jid='@@'/>", "<item/>"])
async def test_block_of_nobody_is_a_bad_request(items: str) -> None:
    async with online() as scene:
        (answer,) = await scene.hears(push("block", items))
        assert "bad-request" in answer


async def test_block_and_unblock_ask_the_server_and_settle_the_request() -> None:
    async with online() as scene:
        await scene.hears("<presence type='subscribe' from='romeo@montague.example'/>")
        assert await scene.does(BlockPeer(ACCOUNT, ROMEO)) == [
            canonical(
                "<iq type='set' id='id3'><block xmlns='urn:xmpp:blocking'>"
                "<item jid='romeo@montague.example'/></block></iq>"
            )
        ]
        assert scene.client.views.requests() == ()
        (sent,) = await scene.does(UnblockPeer(ACCOUNT, ROMEO))
        assert "unblock" in sent


async def test_server_that_cannot_block_says_so_in_a_sentence() -> None:
    server = ScriptedServer()
    server.answers["{urn:xmpp:blocking}block"] = (
        "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
    )
    async with online(server) as scene:
        failure = await scene.fails(BlockPeer(ACCOUNT, ROMEO))
        assert failure is not None
        assert failure.endswith("romeo@montague.example was not blocked.")


async def test_who_is_blocked_is_known_from_a_server_that_does_not_tell_of_it() -> None:
    async with online() as scene:
        await scene.does(BlockPeer(ACCOUNT, ROMEO))
        assert scene.client.views.conversation(ACCOUNT, ROMEO).contact.is_blocked
        await scene.does(UnblockPeer(ACCOUNT, ROMEO))
        assert not scene.client.views.conversation(ACCOUNT, ROMEO).contact.is_blocked
