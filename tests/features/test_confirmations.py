"""XEP-0085, XEP-0184, XEP-0333, XEP-0352: what is told of messages and of who writes them, and what is believed."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from tests.support.engine import ACCOUNT, Scene, ScriptedServer, canonical, online
from tui_xmpp.core.commands import (
    Connect,
    Disconnect,
    MarkRead,
    NotifyTyping,
    OpenConversation,
    SendMessage,
    SetActivity,
)
from tui_xmpp.core.model import ChatState, Delivery
from tui_xmpp.core.settings import PrivacySettings
from tui_xmpp.features import xep0085_chat_states, xep0333_markers
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.archive import Archive
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.element import build

ROMEO = BareJID.parse("romeo@montague.example")
TYBALT = BareJID.parse("tybalt@capulet.example")
FROM = "from='romeo@montague.example/orchard'"
REQUEST = "<request xmlns='urn:xmpp:receipts'/>"
MARKABLE = "<markable xmlns='urn:xmpp:chat-markers:0'/>"
STATE = "<{} xmlns='http://jabber.org/protocol/chatstates'/>"


def server_of(subscription: str = "both") -> ScriptedServer:
    server = ScriptedServer()
    item = f"<item jid='romeo@montague.example' subscription='{subscription}'/>"
    server.answers["{jabber:iq:roster}query"] = f"<query xmlns='jabber:iq:roster' ver='v1'>{item}</query>"
    return server


def delivery(scene: Scene, peer: BareJID = ROMEO) -> Delivery:
    return scene.client.views.conversation(ACCOUNT, peer).messages[-1].delivery


def receipts(heard: list[str]) -> list[str]:
    return [each for each in heard if "urn:xmpp:receipts" in each]


# -- receipts -----------------------------------------------------------------------------------------------------


async def test_x_184_receipt_is_asked_for_of_a_contact() -> None:
    async with online(server_of()) as scene:
        [sent] = await scene.does(SendMessage(ACCOUNT, ROMEO, "O"))
        assert REQUEST.replace("'", '"') in sent
        [sent] = await scene.does(SendMessage(ACCOUNT, TYBALT, "Peace"))
        assert not receipts([sent])
        [sent] = await scene.does(SendMessage(ACCOUNT, ROMEO, "O", to_resource="orchard"))
        assert not receipts([sent])


async def test_x_184_example_2_message_is_confirmed() -> None:
    async with online(server_of()) as scene:
        [sent] = await scene.hears(f"<message type='chat' id='m1' {FROM}><body>O</body>{REQUEST}</message>")
        assert 'to="romeo@montague.example/orchard"' in canonical(sent)
        assert '<received xmlns="urn:xmpp:receipts" id="m1"/>' in sent


OLD = "<delay xmlns='urn:xmpp:delay' from='capulet.example' stamp='2001-01-01T00:00:00Z'/>"


CARBON = (
    "<message from='juliet@capulet.example'><received xmlns='urn:xmpp:carbons:2'>"
    "<forwarded xmlns='urn:xmpp:forward:0'>"
    f"<message xmlns='jabber:client' type='chat' id='m1' to='juliet@capulet.example' {FROM}>"
    "<body>O</body>{}</message></forwarded></received></message>"
)


@pytest.mark.parametrize(
    ("subscription", "message"),
    [
        ("to", f"<message type='chat' id='m1' {FROM}><body>O</body>{REQUEST}</message>"),
        ("none", f"<message type='chat' id='m1' {FROM}><body>O</body>{REQUEST}</message>"),
        ("both", f"<message type='chat' id='m1' from='tybalt@capulet.example'><body>O</body>{REQUEST}</message>"),
        ("both", f"<message type='chat' {FROM}><body>O</body>{REQUEST}</message>"),
        ("both", f"<message type='chat' id='m1' {FROM}><body>O</body>{REQUEST}{OLD}</message>"),
        ("both", f"<message type='error' id='m1' {FROM}><body>O</body>{REQUEST}</message>"),
        ("both", f"<message type='chat' id='m1' {FROM}>{REQUEST}</message>"),
        ("both", CARBON.format(REQUEST)),
    ],
    ids=["does-not-see-us", "stranger", "another", "no-id", "old", "error", "no-body", "carbon"],
)
async def test_x_184_333_01_x_280_02_s_16_no_receipt_for(subscription: str, message: str) -> None:
    async with online(server_of(subscription)) as scene:
        assert not receipts(await scene.hears(message))


async def test_x_184_receipt_is_believed_of_whom_the_message_went_to() -> None:
    async with online(server_of()) as scene:
        await scene.does(SendMessage(ACCOUNT, ROMEO, "O"))
        key = scene.client.views.conversation(ACCOUNT, ROMEO).messages[-1].key
        received = f"<received xmlns='urn:xmpp:receipts' id='{key}'/>"
        await scene.hears(f"<message id='x' from='tybalt@capulet.example/x'>{received}</message>")
        assert delivery(scene) is Delivery.SENT
        await scene.hears(f"<message id='x' {FROM}>{received}</message>")
        assert delivery(scene) is Delivery.DELIVERED


async def test_s_04_forged_receipt_changes_nothing_on_disk(tmp_path: Path) -> None:
    async with online(server_of(), archive=Archive.open(tmp_path / "a.db")) as scene:
        await scene.does(SendMessage(ACCOUNT, ROMEO, "O"))
        key = scene.client.views.conversation(ACCOUNT, ROMEO).messages[-1].key
        received = f"<received xmlns='urn:xmpp:receipts' id='{key}'/>"
        await scene.hears(f"<message id='x' from='tybalt@capulet.example/x'>{received}</message>")
    archive = Archive.open(tmp_path / "a.db")
    assert archive.page(ACCOUNT, ROMEO).messages[-1].delivery is Delivery.SENT
    archive.close()


async def test_receipts_can_be_switched_off() -> None:
    async with online(server_of(), privacy=PrivacySettings(sends_receipts=False)) as scene:
        assert not receipts(await scene.does(SendMessage(ACCOUNT, ROMEO, "O")))
        assert not receipts(await scene.hears(f"<message type='chat' id='m1' {FROM}><body>O</body>{REQUEST}</message>"))


# -- markers ------------------------------------------------------------------------------------------------------


async def test_x_333_displayed_is_told_once_when_the_conversation_is_read() -> None:
    async with online(server_of()) as scene:
        for number in (1, 2):
            assert not await scene.hears(
                f"<message type='chat' id='m{number}' {FROM}><body>O</body>{MARKABLE}</message>"
            )
        assert await scene.does(MarkRead(ACCOUNT, ROMEO)) == [
            canonical(
                "<message type='chat' id='id5' to='romeo@montague.example'>"
                "<displayed xmlns='urn:xmpp:chat-markers:0' id='m2'/><store xmlns='urn:xmpp:hints'/>"
                "<origin-id xmlns='urn:xmpp:sid:0' id='id5'/></message>"
            )
        ]
        assert await scene.does(MarkRead(ACCOUNT, ROMEO)) == []


async def test_x_333_whom_the_user_tells_nothing_is_told_nothing() -> None:
    async with online(server_of()) as scene:
        await scene.hears(f"<message type='chat' id='m1' {FROM}><body>O</body>{MARKABLE}</message>")
        assert await scene.does(MarkRead(ACCOUNT, ROMEO, is_told=False)) == []
        assert scene.client.views.conversation(ACCOUNT, ROMEO).unread == 0


@pytest.mark.parametrize(
    ("subscription", "message"),
    [
        ("to", f"<message type='chat' id='m1' {FROM}><body>O</body>{MARKABLE}</message>"),
        ("none", f"<message type='chat' id='m1' {FROM}><body>O</body>{MARKABLE}</message>"),
        ("both", f"<message type='chat' {FROM}><body>O</body>{MARKABLE}</message>"),
        ("both", f"<message type='chat' id='m1' {FROM}><body>O</body></message>"),
        ("both", f"<message type='chat' id='m1' {FROM}><body>O</body>{MARKABLE}{OLD}</message>"),
        ("both", CARBON.format(MARKABLE)),
    ],
    ids=["does-not-see-us", "stranger", "no-id", "not-markable", "old", "carbon"],
)
async def test_x_184_333_01_s_16_no_marker_for(subscription: str, message: str) -> None:
    async with online(server_of(subscription)) as scene:
        await scene.hears(message)
        assert scene.client.views.conversation(ACCOUNT, ROMEO).unread == 1
        assert await scene.does(MarkRead(ACCOUNT, ROMEO)) == []
        assert scene.client.views.conversation(ACCOUNT, ROMEO).unread == 0


@pytest.mark.parametrize(
    "message",
    [
        f"<message type='chat' id='m1' {FROM}>{MARKABLE}</message>",
        f"<message type='chat' id='m1'><body>O</body>{MARKABLE}</message>",
    ],
    ids=["no-body", "nobody's"],
)
async def test_x_333_01_what_is_no_message_of_a_contact_is_not_read(message: str) -> None:
    async with online(server_of()) as scene:
        await scene.hears(message)
        await scene.hears(f"<message type='chat' id='m2' {FROM}><subject>O</subject></message>")
        assert await scene.does(MarkRead(ACCOUNT, ROMEO)) == []


@pytest.mark.parametrize(("most", "told"), [(2, ["m1", "m2"]), (1, ["m2"])])
async def test_s_53_of_many_peers_the_one_who_wrote_first_is_told_nothing(
    most: int, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xep0333_markers, "_MOST_PEERS", most)
    server = server_of()
    items = "".join(f"<item jid='{peer}' subscription='both'/>" for peer in (ROMEO, TYBALT))
    server.answers["{jabber:iq:roster}query"] = f"<query xmlns='jabber:iq:roster' ver='v1'>{items}</query>"
    async with online(server) as scene:
        for number, peer in enumerate((ROMEO, TYBALT), 1):
            await scene.hears(f"<message type='chat' id='m{number}' from='{peer}/x'><body>O</body>{MARKABLE}</message>")
        sent = [each for peer in (ROMEO, TYBALT) for each in await scene.does(MarkRead(ACCOUNT, peer))]
        assert re.findall(r'<displayed [^>]*id="(\w+)"', "".join(sent)) == told


async def test_x_333_the_latest_message_decides_what_is_told() -> None:
    async with online(server_of()) as scene:
        await scene.hears(f"<message type='chat' id='m1' {FROM}><body>O</body>{MARKABLE}</message>")
        await scene.hears(f"<message type='chat' id='m2' {FROM}><body>O</body></message>")
        assert await scene.does(MarkRead(ACCOUNT, ROMEO)) == []


async def test_x_333_markers_can_be_switched_off() -> None:
    async with online(server_of(), privacy=PrivacySettings(sends_markers=False)) as scene:
        assert not any("chat-markers" in sent for sent in await scene.does(SendMessage(ACCOUNT, ROMEO, "O")))
        await scene.hears(f"<message type='chat' id='m1' {FROM}><body>O</body>{MARKABLE}</message>")
        assert await scene.does(MarkRead(ACCOUNT, ROMEO)) == []


async def test_x_333_what_was_displayed_once_is_no_news_and_a_broken_marker_says_nothing() -> None:
    async with online(server_of()) as scene:
        await scene.does(SendMessage(ACCOUNT, ROMEO, "O"))
        (message,) = scene.client.views.conversation(ACCOUNT, ROMEO).messages
        for broken in ("<displayed xmlns='urn:xmpp:chat-markers:0'/>", "<received xmlns='urn:xmpp:receipts'/>"):
            await scene.hears(f"<message type='chat' id='x' {FROM}>{broken}</message>")
        assert delivery(scene) is Delivery.SENT
        displayed = f"<displayed xmlns='urn:xmpp:chat-markers:0' id='{message.key}'/>"
        await scene.hears(CARBON.format(displayed))
        message = scene.client.views.conversation(ACCOUNT, ROMEO).messages[0]
        assert message.delivery is Delivery.SENT, "what another device of ours was told is no word to this one"
        for _ in range(2):
            await scene.hears(f"<message type='chat' id='x' {FROM}>{displayed}</message>")
        message, _ = scene.client.views.conversation(ACCOUNT, ROMEO).messages
        assert [state for state, _ in message.states].count(Delivery.DISPLAYED) == 1


async def test_x_333_what_another_device_told_to_have_read_is_read(tmp_path: Path) -> None:
    """Gajim and Dino tell only the sender."""
    told = (
        "<message from='juliet@capulet.example'><sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>"
        "<message xmlns='jabber:client' type='chat' from='juliet@capulet.example/gajim' to='romeo@montague.example'>"
        "<displayed xmlns='urn:xmpp:chat-markers:0' id='m2'/></message></forwarded></sent></message>"
    )
    async with online(server_of(), archive=Archive.open(tmp_path / "a.db")) as scene:
        for id_ in ("m1", "m2", "m3"):
            await scene.hears(f"<message type='chat' id='{id_}' {FROM}><body>{id_}</body></message>")
        assert scene.client.views.conversation(ACCOUNT, ROMEO).unread == 3
        await scene.hears(told)
        assert scene.client.views.conversation(ACCOUNT, ROMEO).unread == 1
        await scene.hears(told.replace("'m2'", "'m1'"))
        assert scene.client.views.conversation(ACCOUNT, ROMEO).unread == 1


async def test_x_333_displayed_holds_for_what_was_said_before_too() -> None:
    async with online(server_of()) as scene:
        for text in ("one", "two", "three"):
            assert MARKABLE.replace("'", '"') in (await scene.does(SendMessage(ACCOUNT, ROMEO, text)))[0]
        keys = [m.key for m in scene.client.views.conversation(ACCOUNT, ROMEO).messages]
        displayed = f"<displayed xmlns='urn:xmpp:chat-markers:0' id='{keys[1]}'/>"
        for sender in (" from='tybalt@capulet.example/x'", ""):
            await scene.hears(f"<message type='chat' id='x'{sender}>{displayed}</message>")
        assert {m.delivery for m in scene.client.views.conversation(ACCOUNT, ROMEO).messages} == {Delivery.SENT}
        await scene.hears(f"<message type='chat' id='x' {FROM}>{displayed}</message>")
        states = [m.delivery for m in scene.client.views.conversation(ACCOUNT, ROMEO).messages]
        assert states == [Delivery.DISPLAYED, Delivery.DISPLAYED, Delivery.SENT]


# -- chat states --------------------------------------------------------------------------------------------------


def chat_state(scene: Scene) -> ChatState:
    return scene.client.views.conversation(ACCOUNT, ROMEO).chat_state


async def test_x_085_writing_is_seen_until_the_message_comes_or_the_writer_leaves() -> None:
    async with online(server_of()) as scene:
        await scene.does(OpenConversation(ACCOUNT, ROMEO))
        await scene.hears(f"<presence {FROM}/>")
        await scene.hears(f"<message type='chat' {FROM}>{STATE.format('composing')}</message>")
        assert chat_state(scene) is ChatState.COMPOSING
        await scene.hears(f"<message type='chat' {FROM}><body>O</body></message>")
        assert chat_state(scene) is ChatState.ACTIVE
        await scene.hears(f"<message type='chat' {FROM}>{STATE.format('composing')}</message>")
        await scene.hears(f"<presence type='unavailable' {FROM}/>")
        assert chat_state(scene) is ChatState.ACTIVE


async def test_x_085_state_of_someone_without_a_conversation_opens_none() -> None:
    async with online(server_of()) as scene:
        await scene.hears(f"<message type='chat' from='tybalt@capulet.example/x'>{STATE.format('composing')}</message>")
        assert scene.client.views.conversations() == ()


def states(heard: list[str]) -> list[str]:
    return [name for each in heard for name in ("composing", "paused", "active") if f"<{name} xmlns" in each]


ACTIVE = f"<message type='chat' {FROM}><body>O</body>{STATE.format('active')}</message>"


async def test_x_085_writing_is_told_once_and_ends_with_the_message() -> None:
    async with online(server_of()) as scene:
        await scene.hears(ACTIVE)
        assert await scene.does(NotifyTyping(ACCOUNT, ROMEO, is_typing=True)) == [
            canonical(
                "<message type='chat' to='romeo@montague.example'>"
                f"{STATE.format('composing')}<no-store xmlns='urn:xmpp:hints'/></message>"
            )
        ]
        assert states(await scene.does(NotifyTyping(ACCOUNT, ROMEO, is_typing=True))) == []
        assert states(await scene.does(SendMessage(ACCOUNT, ROMEO, "O"))) == ["active"]
        assert states(await scene.does(NotifyTyping(ACCOUNT, ROMEO, is_typing=False))) == []
        assert await scene.does(NotifyTyping(ACCOUNT, TYBALT, is_typing=True)) == []


async def test_x_085_who_turns_to_another_chat_writes_no_more_in_the_last_one() -> None:
    server = server_of()
    item = "<item jid='romeo@montague.example' subscription='both'/>"
    both = item + item.replace("romeo@montague", "nurse@capulet")
    server.answers["{jabber:iq:roster}query"] = f"<query xmlns='jabber:iq:roster' ver='v1'>{both}</query>"
    nurse = BareJID.parse("nurse@capulet.example")
    async with online(server) as scene:
        await scene.hears(ACTIVE)
        await scene.hears(ACTIVE.replace("romeo@montague", "nurse@capulet"))
        await scene.does(NotifyTyping(ACCOUNT, ROMEO, is_typing=True))
        ended, begun = await scene.does(NotifyTyping(ACCOUNT, nurse, is_typing=True))
        assert (states([ended]), states([begun])) == (["active"], ["composing"])
        assert 'to="romeo@montague.example"' in ended
        assert 'to="nurse@capulet.example"' in begun


async def test_x_085_who_stops_typing_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xep0085_chat_states, "PAUSE", 0.01)
    server = server_of()
    async with online(server) as scene:
        await scene.hears(ACTIVE)
        scene.client.submit(NotifyTyping(ACCOUNT, ROMEO, is_typing=True))
        async with asyncio.timeout(20):
            while states(server.heard_so_far) != ["composing", "paused"]:
                await server.heard_more()


async def test_x_085_5_1_the_first_message_asks_for_states_and_nothing_more_is_told_until_they_come() -> None:
    async with online(server_of()) as scene:
        assert await scene.does(NotifyTyping(ACCOUNT, ROMEO, is_typing=True)) == []
        assert states(await scene.does(SendMessage(ACCOUNT, ROMEO, "O"))) == ["active"]
        assert await scene.does(NotifyTyping(ACCOUNT, ROMEO, is_typing=True)) == []
        await scene.hears(ACTIVE)
        assert states(await scene.does(NotifyTyping(ACCOUNT, ROMEO, is_typing=True))) == ["composing"]


async def test_x_085_5_1_who_answers_without_a_state_is_told_none() -> None:
    async with online(server_of()) as scene:
        await scene.hears(f"<message type='chat' {FROM}><body>O</body></message>")
        assert await scene.does(NotifyTyping(ACCOUNT, ROMEO, is_typing=True)) == []
        assert states(await scene.does(SendMessage(ACCOUNT, ROMEO, "O"))) == []


async def test_x_085_5_1_who_sent_a_state_once_goes_on_wanting_them() -> None:
    """Profanity 0.13 leaves it out of what it says after a receipt that brought none."""
    request = "<request xmlns='urn:xmpp:receipts'/>"
    active = "<active xmlns='http://jabber.org/protocol/chatstates'/>"
    async with online(server_of()) as scene:
        await scene.hears(f"<message type='chat' id='p1' {FROM}><body>one</body>{active}{request}</message>")
        await scene.hears(f"<message type='chat' id='p2' {FROM}><body>two</body>{request}</message>")
        assert states(await scene.does(NotifyTyping(ACCOUNT, ROMEO, is_typing=True))) == ["composing"]
        assert states(await scene.does(SendMessage(ACCOUNT, ROMEO, "O"))) == ["active"]


INFO = "<query xmlns='http://jabber.org/protocol/disco#info'>{}</query>"
CHAT_STATES = "<feature var='http://jabber.org/protocol/chatstates'/>"


async def begins_to_write(scene: Scene) -> None:
    """Begin to write to a contact whose device names what it can by a hash that nobody knows; it is asked."""
    claim = "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='http://code.google.com/p/exodus' ver='x'/>"
    await scene.hears(f"<presence {FROM}>{claim}</presence>")
    scene.client.submit(NotifyTyping(ACCOUNT, ROMEO, is_typing=True))
    await scene.server.heard_more()


@pytest.mark.parametrize(
    ("said", "is_told"),
    [(INFO.format(CHAT_STATES), True), (INFO.format(""), False), (INFO.format("<feature/>"), False), ("", False)],
    ids=["able", "unable", "broken", "empty"],
)
async def test_x_115_a_contacts_device_is_asked_once_whether_it_knows_states(said: str, is_told: bool) -> None:
    server = server_of()
    async with online(server) as scene:
        await begins_to_write(scene)
        (asked,) = server.heard()
        assert 'node="http://code.google.com/p/exodus#x"' in asked
        told = await scene.hears(f"<iq type='result' id='id3' {FROM}>{said}</iq>")
        assert states(told) == ["composing"] * is_told
        await scene.does(NotifyTyping(ACCOUNT, ROMEO, is_typing=False))
        assert states(await scene.does(NotifyTyping(ACCOUNT, ROMEO, is_typing=True))) == ["composing"] * is_told


async def test_x_115_what_a_device_says_it_knows_counts_more_than_an_answer_without_a_state() -> None:
    server = server_of()
    async with online(server) as scene:
        await scene.hears(f"<message type='chat' {FROM}><body>O</body></message>")
        await begins_to_write(scene)
        asked = re.search(r' id="(\w+)"', server.heard()[-1])
        assert asked is not None
        told = await scene.hears(f"<iq type='result' id='{asked[1]}' {FROM}>{INFO.format(CHAT_STATES)}</iq>")
        assert states(told) == ["composing"]


async def test_x_085_what_was_asked_about_writing_comes_too_late_once_the_message_is_out() -> None:
    server = server_of()
    async with online(server) as scene:
        await begins_to_write(scene)
        scene.client.submit(SendMessage(ACCOUNT, ROMEO, "O"))
        await server.heard_more()
        server.heard()
        assert await scene.hears(f"<iq type='result' id='id3' {FROM}>{INFO.format(CHAT_STATES)}</iq>") == []


async def test_s_16_writing_is_told_to_nobody_who_does_not_see_us() -> None:
    async with online(server_of("to")) as scene:
        await scene.hears(ACTIVE)
        assert await scene.does(NotifyTyping(ACCOUNT, ROMEO, is_typing=True)) == []
        assert states(await scene.does(SendMessage(ACCOUNT, ROMEO, "O"))) == []


# -- activity -----------------------------------------------------------------------------------------------------


ACTIVITY = {state: canonical(f"<{state} xmlns='urn:xmpp:csi:0'/>") for state in ("active", "inactive")}


async def test_x_352_examples_2_and_3_the_server_is_told_when_nobody_looks_and_when_somebody_does_again() -> None:
    server = server_of()
    server.features = (*server.features, build(ns.CLIENT_STATE_INDICATION, "csi"))
    async with online(server) as scene:
        for is_active in (True, False, False, True):
            await scene.does(SetActivity(ACCOUNT, is_active))
        assert server.nonzas == [ACTIVITY["inactive"], ACTIVITY["active"]]


async def test_x_352_a_new_session_is_looked_at_unless_it_is_told_otherwise() -> None:
    server = server_of()
    server.features = (*server.features, build(ns.CLIENT_STATE_INDICATION, "csi"))
    async with online(server) as scene:
        await scene.does(Disconnect(ACCOUNT))
        await scene.does(SetActivity(ACCOUNT, is_active=False))
        assert server.nonzas == []
        await scene.does(Connect(ACCOUNT))
        assert server.nonzas == [ACTIVITY["inactive"]]


async def test_x_352_activity_is_not_told_to_a_server_that_does_not_ask() -> None:
    async with online(server_of()) as scene:
        assert await scene.does(SetActivity(ACCOUNT, is_active=False)) == []
