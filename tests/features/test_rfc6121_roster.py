"""RFC 6121 §2 as transcripts: what the server says, what this client says, what the user sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.engine import ACCOUNT, PASSWORD, ScriptedServer, canonical, engine_of, online
from tui_xmpp.core.commands import AddContact, ProvidePassword, RemoveContact, UpdateContact
from tui_xmpp.core.model import Phase, Show, Subscription
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.archive import Archive

ROMEO = BareJID.parse("romeo@montague.example")
PUSH = "<iq type='set' id='p1'{sender}><query xmlns='jabber:iq:roster' ver='v2'>{items}</query></iq>"
ITEM = "<item jid='romeo@montague.example' name='Romeo' subscription='both'><group>Friends</group></item>"


def push(items: str, sender: str = "") -> str:
    return PUSH.format(items=items, sender=f" from='{sender}'" if sender else "")


async def test_c_ros_01_roster_is_asked_for_before_presence() -> None:
    server = ScriptedServer()
    async with online(server) as scene:
        assert not scene.server.heard()  # forgotten by the fixture
        server.cut()
        await scene.client.settle()
        sent = server.heard()
        assert "jabber:iq:roster" in sent[0]
        assert sent[1].startswith("<presence>")


async def test_c_ros_02_no_version_is_sent_to_a_server_without_versioning() -> None:
    server = ScriptedServer()
    server.features = ()
    async with online(server) as scene:
        server.cut()
        await scene.client.settle()
        assert server.heard()[0] == canonical("<iq type='get' id='id3'><query xmlns='jabber:iq:roster'/></iq>")


async def test_c_ros_02_empty_result_keeps_the_cache_and_its_version_is_asked_again() -> None:
    server = ScriptedServer()
    server.answers["{jabber:iq:roster}query"] = f"<query xmlns='jabber:iq:roster' ver='v7'>{ITEM}</query>"
    async with online(server) as scene:
        server.answers["{jabber:iq:roster}query"] = ""
        server.cut()
        await scene.client.settle()
        assert 'ver="v7"' in server.heard()[0]
        (contact,) = scene.client.views.contacts(ACCOUNT)
        assert (contact.peer, contact.name, contact.groups) == (ROMEO, "Romeo", ("Friends",))


async def test_c_ros_02_the_version_of_a_push_is_asked_for_next() -> None:
    async with online() as scene:
        await scene.hears(push(ITEM))
        scene.server.cut()
        await scene.client.settle()
        assert '<query xmlns="jabber:iq:roster" ver="v2"/>' in scene.server.heard()[0]


async def test_c_ros_02_the_roster_on_disk_is_gone_on_with(tmp_path: Path) -> None:
    for version, answer in (("", f"<query xmlns='jabber:iq:roster' ver='v7'>{ITEM}</query>"), ("v7", "")):
        server = ScriptedServer()
        server.answers["{jabber:iq:roster}query"] = answer
        async with engine_of(server, archive=Archive.open(tmp_path / "a.db")) as scene:
            await scene.fails(ProvidePassword(ACCOUNT, PASSWORD))
            assert f'<query xmlns="jabber:iq:roster" ver="{version}"/>' in server.heard()[0]
            await scene.hears("<presence type='subscribe' from='romeo@montague.example'/>")
            assert scene.client.views.requests() == (), "who sees us already has nothing to ask"


async def test_c_ros_03_push_from_the_account_is_taken_and_answered() -> None:
    async with online() as scene:
        assert await scene.hears(push(ITEM)) == [canonical("<iq type='result' id='p1'/>")]
        contact = scene.client.views.contact(ACCOUNT, ROMEO)
        assert contact is not None
        assert (contact.name, contact.groups, contact.subscription) == ("Romeo", ("Friends",), Subscription.BOTH)
        answer = canonical(f"<iq type='result' id='p1' to='{ACCOUNT}'/>")
        removed = "<item jid='romeo@montague.example' subscription='remove'/>"
        assert await scene.hears(push(removed, str(ACCOUNT))) == [answer]
        assert scene.client.views.contact(ACCOUNT, ROMEO) is None


@pytest.mark.parametrize("subscription", ["none", "from", "remove"])
async def test_c_sub_06_presence_is_not_known_any_more_without_a_subscription(subscription: str) -> None:
    async with online() as scene:
        await scene.hears(push(ITEM))
        await scene.hears("<presence from='romeo@montague.example/orchard'><show>away</show></presence>")
        contact = scene.client.views.contact(ACCOUNT, ROMEO)
        assert contact is not None
        assert contact.show is Show.AWAY
        await scene.hears(push(f"<item jid='romeo@montague.example' subscription='{subscription}'/>"))
        contact = scene.client.views.conversation(ACCOUNT, ROMEO).contact
        assert (contact.show, contact.resources) == (Show.OFFLINE, ())


async def test_c_sub_06_presence_stays_known_when_a_contact_is_renamed() -> None:
    async with online() as scene:
        await scene.hears(push(ITEM))
        await scene.hears("<presence from='romeo@montague.example/orchard'><show>away</show></presence>")
        await scene.hears(push(ITEM.replace("name='Romeo'", "name='Montague'")))
        assert scene.client.views.conversation(ACCOUNT, ROMEO).contact.show is Show.AWAY


@pytest.mark.parametrize("sender", ["tybalt@capulet.example", "capulet.example", "juliet@capulet.example/balcony"])
async def test_s_03_forged_push_changes_nothing(sender: str) -> None:
    async with online() as scene:
        (answer,) = await scene.hears(push(ITEM, sender))
        assert "service-unavailable" in answer
        assert scene.client.views.contacts(ACCOUNT) == ()


@pytest.mark.parametrize("items", ["", ITEM + ITEM, "<item jid='@@'/>", "<item name='x'/>"])
async def test_c_ros_03_push_without_exactly_one_readable_item_is_a_bad_request(items: str) -> None:
    async with online() as scene:
        (answer,) = await scene.hears(push(items))
        assert "bad-request" in answer
        assert scene.client.views.contacts(ACCOUNT) == ()


async def test_c_ros_04_ask_and_approval_are_read_and_unknown_subscriptions_ignored() -> None:
    async with online() as scene:
        await scene.hears(push("<item jid='romeo@montague.example' ask='subscribe' approved='true'/>"))
        contact = scene.client.views.contact(ACCOUNT, ROMEO)
        assert contact is not None
        assert contact.is_ask_pending
        assert contact.is_approved
        await scene.hears(push("<item jid='nurse@capulet.example' subscription='friend'/>"))
        assert len(scene.client.views.contacts(ACCOUNT)) == 1


@pytest.mark.parametrize(("approved", "is_approved"), [("1", True), ("true", True), ("0", False), ("yes", False)])
async def test_c_ros_04_approved_is_an_xml_boolean(approved: str, is_approved: bool) -> None:
    async with online() as scene:
        await scene.hears(push(f"<item jid='romeo@montague.example' approved='{approved}'/>"))
        contact = scene.client.views.contact(ACCOUNT, ROMEO)
        assert contact is not None
        assert contact.is_approved is is_approved


async def test_c_sub_06_presence_shown_without_a_subscription_outlives_a_change_of_the_roster() -> None:
    async with online() as scene:
        await scene.hears("<presence from='romeo@montague.example/orchard'/>")
        for items in ("<item jid='romeo@montague.example'/>", "<item jid='romeo@montague.example' name='Romeo'/>"):
            await scene.hears(push(items))
            assert scene.client.views.conversation(ACCOUNT, ROMEO).contact.show is Show.ONLINE


async def test_s_10_one_bad_address_costs_one_contact() -> None:
    server = ScriptedServer()
    server.answers["{jabber:iq:roster}query"] = f"<query xmlns='jabber:iq:roster'><item jid='a@b@c'/>{ITEM}</query>"
    async with online(server) as scene:
        assert [contact.peer for contact in scene.client.views.contacts(ACCOUNT)] == [ROMEO]


async def test_c_ros_05_set_sends_all_groups_once_and_no_empty_one() -> None:
    async with online() as scene:
        (sent,) = await scene.does(UpdateContact(ACCOUNT, ROMEO, "Romeo", ("Friends", "", "Lovers", "Friends")))
        assert sent == canonical(
            "<iq type='set' id='id3'><query xmlns='jabber:iq:roster'><item jid='romeo@montague.example' name='Romeo'>"
            "<group>Friends</group><group>Lovers</group></item></query></iq>"
        )
        # C-ROS-07: the screen waits for the push
        assert scene.client.views.contact(ACCOUNT, ROMEO) is None


async def test_c_ros_06_remove_asks_the_server_to_remove() -> None:
    async with online() as scene:
        (sent,) = await scene.does(RemoveContact(ACCOUNT, ROMEO))
        assert sent == canonical(
            "<iq type='set' id='id3'><query xmlns='jabber:iq:roster'>"
            "<item jid='romeo@montague.example' subscription='remove'/></query></iq>"
        )


async def test_c_sub_01_add_puts_the_contact_on_the_roster_and_then_asks() -> None:
    async with online() as scene:
        roster, ask = await scene.does(AddContact(ACCOUNT, ROMEO, "Romeo", ("Friends",)))
        assert '<item jid="romeo@montague.example" name="Romeo"><group>Friends</group></item>' in roster
        assert ask == canonical("<presence type='subscribe' id='id4' to='romeo@montague.example'/>")
        assert len(await scene.does(AddContact(ACCOUNT, ROMEO, is_asking=False))) == 1
        await scene.hears(push(ITEM))
        assert len(await scene.does(AddContact(ACCOUNT, ROMEO, "Romeo"))) == 1, "who is seen already is not asked"


async def test_c_ros_08_refused_change_is_told_in_a_sentence_and_nobody_is_asked() -> None:
    server = ScriptedServer()
    async with online(server) as scene:
        server.answers["{jabber:iq:roster}query"] = (
            "<error type='modify'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
        )
        failure = await scene.fails(AddContact(ACCOUNT, ROMEO))
        assert failure is not None
        assert "not-acceptable" in failure
        assert failure.endswith("romeo@montague.example was not added.")
        assert not any("subscribe" in stanza for stanza in server.heard())


async def test_c_ros_08_a_roster_that_is_refused_leaves_the_cache_and_says_so() -> None:
    server = ScriptedServer()
    server.answers["{jabber:iq:roster}query"] = f"<query xmlns='jabber:iq:roster' ver='v7'>{ITEM}</query>"
    async with online(server) as scene:
        server.answers["{jabber:iq:roster}query"] = (
            "<error type='wait'><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
        )
        server.cut()
        await scene.client.settle()
        assert any("(internal-server-error). Contacts are not up to date." in line for line in scene.log)
        assert [contact.peer for contact in scene.client.views.contacts(ACCOUNT)] == [ROMEO]


async def test_c_ros_07_server_without_rosters_is_used_without_one() -> None:
    server = ScriptedServer()
    server.answers["{jabber:iq:roster}query"] = (
        "<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
    )
    async with online(server) as scene:
        assert "This server keeps no contact list." in scene.log
        view = scene.client.views.account(ACCOUNT)
        assert view is not None
        assert view.connection.phase is Phase.ONLINE
