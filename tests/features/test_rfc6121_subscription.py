"""RFC 6121 §3 as transcripts."""

from __future__ import annotations

import pytest

from tests.support.engine import ACCOUNT, ScriptedServer, canonical, online
from tui_xmpp.core.commands import (
    ApproveSubscription,
    Command,
    DenySubscription,
    PreApproveSubscription,
    RequestSubscription,
    Unsubscribe,
)
from tui_xmpp.features import rfc6121_subscription
from tui_xmpp.jid import BareJID

ROMEO = BareJID.parse("romeo@montague.example")
REQUEST = (
    "<presence type='subscribe' id='r1' from='romeo@montague.example'><status>It is I</status>"
    "<nick xmlns='http://jabber.org/protocol/nick'>Montague</nick></presence>"
)
PUSH = (
    "<iq type='set' id='p1'><query xmlns='jabber:iq:roster'>"
    "<item jid='romeo@montague.example' subscription='{}'/></query></iq>"
)


async def test_c_sub_02_request_waits_for_the_user_and_is_folded_when_repeated() -> None:
    async with online() as scene:
        assert await scene.hears(REQUEST) == []
        assert await scene.hears(REQUEST.replace("'romeo@montague.example'", "'romeo@montague.example/orchard'")) == []
        (request,) = scene.client.views.requests()
        assert (request.peer, request.text, request.nick) == (ROMEO, "It is I", "Montague")


async def test_c_sub_02_a_request_may_come_without_a_word() -> None:
    async with online() as scene:
        await scene.hears("<presence type='subscribe' from='romeo@montague.example'/>")
        (request,) = scene.client.views.requests()
        assert (request.text, request.nick) == ("", "")


async def test_c_sub_02_the_servers_and_ones_own_stanzas_ask_for_nothing() -> None:
    async with online() as scene:
        before = scene.log
        for kind in ("subscribe", "unsubscribe", "subscribed", "unsubscribed", "error"):
            await scene.hears(f"<presence type='{kind}' id='id3'/>")
            await scene.hears(f"<presence type='{kind}' from='{ACCOUNT}'/>")
        assert (scene.client.views.requests(), scene.log) == ((), before)


async def test_c_sub_01_words_go_with_a_request() -> None:
    async with online() as scene:
        assert await scene.does(RequestSubscription(ACCOUNT, ROMEO, "It is I")) == [
            canonical(f"<presence type='subscribe' id='id3' to='{ROMEO}'><status>It is I</status></presence>")
        ]


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (RequestSubscription(ACCOUNT, ROMEO), "subscribe"),
        (Unsubscribe(ACCOUNT, ROMEO), "unsubscribe"),
        (ApproveSubscription(ACCOUNT, ROMEO), "subscribed"),
        (DenySubscription(ACCOUNT, ROMEO), "unsubscribed"),
        (PreApproveSubscription(ACCOUNT, ROMEO), "subscribed"),
    ],
)
async def test_c_sub_01_each_stanza_goes_to_the_bare_address_with_an_id_of_its_own(command: Command, kind: str) -> None:
    async with online() as scene:
        assert await scene.does(command) == [canonical(f"<presence type='{kind}' id='id3' to='{ROMEO}'/>")]


@pytest.mark.parametrize("answer", [ApproveSubscription(ACCOUNT, ROMEO), DenySubscription(ACCOUNT, ROMEO)])
async def test_c_sub_02_answer_settles_the_request(answer: Command) -> None:
    async with online() as scene:
        await scene.hears(REQUEST)
        await scene.does(answer)
        assert scene.client.views.requests() == ()


async def test_approve_and_add_back_adds_asks_and_does_not_ask_who_is_seen_already() -> None:
    async with online() as scene:
        approved, added, asked = await scene.does(ApproveSubscription(ACCOUNT, ROMEO, is_asking_back=True))
        assert "subscribed" in approved
        assert '<item jid="romeo@montague.example"/>' in added
        assert 'type="subscribe"' in asked
        await scene.hears(PUSH.format("to"))
        assert len(await scene.does(ApproveSubscription(ACCOUNT, ROMEO, is_asking_back=True))) == 1


async def test_c_sub_03_withdrawn_request_is_settled() -> None:
    async with online() as scene:
        await scene.hears(REQUEST)
        await scene.hears("<presence type='unsubscribe' from='romeo@montague.example'/>")
        assert scene.client.views.requests() == ()


async def test_c_sub_04_pre_approval_needs_the_servers_word() -> None:
    server = ScriptedServer()
    server.features = ()
    async with online(server) as scene:
        failure = await scene.fails(PreApproveSubscription(ACCOUNT, ROMEO))
        assert failure == "capulet.example cannot approve a request before it comes."
        assert server.heard() == []


async def test_c_sub_06_approval_on_another_device_settles_the_request_here() -> None:
    async with online() as scene:
        await scene.hears(REQUEST)
        await scene.hears(PUSH.format("from"))
        assert scene.client.views.requests() == ()
        await scene.hears(REQUEST)  # who sees us already has nothing to ask
        assert scene.client.views.requests() == ()


async def test_news_of_subscriptions_reach_the_log() -> None:
    async with online() as scene:
        for kind in ("subscribe", "unsubscribe", "subscribed", "unsubscribed"):
            await scene.hears(f"<presence type='{kind}' from='romeo@montague.example'/>")
        assert [entry.text for entry in scene.client.views.log() if entry.peer == ROMEO] == [
            "romeo@montague.example asks to see when you are online.",
            "romeo@montague.example no longer wants to see your presence.",
            "romeo@montague.example lets you see their presence.",
            "romeo@montague.example does not let you see their presence.",
        ]


ERROR = (
    "<presence type='error' id='id3' from='{}'><error type='cancel'>"
    "<remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>"
)


@pytest.mark.parametrize(("remembered", "is_told"), [(2, True), (1, False)])
async def test_s_04_of_many_requests_the_oldest_is_forgotten(
    remembered: int, is_told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rfc6121_subscription, "_REMEMBERED", remembered)
    async with online() as scene:
        await scene.does(RequestSubscription(ACCOUNT, ROMEO))
        await scene.does(RequestSubscription(ACCOUNT, BareJID.parse("nurse@capulet.example")))
        before = len(scene.log)
        await scene.hears(ERROR.format(ROMEO))
        assert (len(scene.log) > before) is is_told


async def test_s_04_error_is_matched_by_id_and_sender() -> None:
    async with online() as scene:
        await scene.does(RequestSubscription(ACCOUNT, ROMEO, "Hello"))
        before = len(scene.log)
        await scene.hears(ERROR.format("tybalt@capulet.example"))
        await scene.hears(ERROR.format(ROMEO).replace("id='id3'", ""))
        await scene.hears(ERROR.format("").replace("from=''", ""))
        assert len(scene.log) == before
        await scene.hears(ERROR.format(ROMEO))
        assert scene.log[-1] == (
            "Your server cannot find montague.example; check the address (remote-server-not-found). "
            "Your request did not arrive."
        )
        told = len(scene.log)
        await scene.hears(ERROR.format(ROMEO))
        assert len(scene.log) == told, "it was told"
