"""What an account's devices publish for each other (XEP-0163): as literal stanzas, and as the client uses it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.loopback.test_archives import LIZZY, bodies, logged_in, server_of
from tests.support.loopback import Client, make_realm, stanzas
from tui_xmpp.core.commands import MarkRead, OpenConversation, SendMessage
from tui_xmpp.features import xep0490_displayed
from tui_xmpp.jid import BareJID
from tui_xmpp.loopback import archives, pep
from tui_xmpp.loopback.realm import Realm
from tui_xmpp.loopback.server import LoopbackServer

# XEP-0490 §3.2, example 2, of Juliet and without the number of items.
PUBLISH = """
<iq type='set' id='p1'>
  <pubsub xmlns='http://jabber.org/protocol/pubsub'>
    <publish node='urn:xmpp:mds:displayed:0'>
      <item id='romeo@montague.example'>
        <displayed xmlns='urn:xmpp:mds:displayed:0'>
          <stanza-id xmlns='urn:xmpp:sid:0' by='juliet@capulet.example' id='{id}'/>
        </displayed>
      </item>
    </publish>
    <publish-options>
      <x xmlns='jabber:x:data' type='submit'>
        <field var='FORM_TYPE' type='hidden'>
          <value>http://jabber.org/protocol/pubsub#publish-options</value>
        </field>
        <field var='pubsub#persist_items'><value>true</value></field>
        <field var='pubsub#access_model'><value>{access}</value></field>
      </x>
    </publish-options>
  </pubsub>
</iq>
"""
ITEM = (
    "<item id='romeo@montague.example'><displayed xmlns='urn:xmpp:mds:displayed:0'>"
    "<stanza-id xmlns='urn:xmpp:sid:0' by='juliet@capulet.example' id='0f710f2b-52ed-4d52-b928-784dad74a52b'/>"
    "</displayed></item>"
)
NEWS = (
    "<message type='headline' id='0123456789abcdef'"
    " from='juliet@capulet.example' to='juliet@capulet.example/{resource}'>"
    "<event xmlns='http://jabber.org/protocol/pubsub#event'><items node='urn:xmpp:mds:displayed:0'>"
    f"{ITEM}</items></event></message>"
)
ASK = "<iq type='get' id='g1'><pubsub xmlns='http://jabber.org/protocol/pubsub'>{}</pubsub></iq>"
ID = "0f710f2b-52ed-4d52-b928-784dad74a52b"


@pytest.fixture
def realm() -> Realm:
    realm = make_realm()
    realm.keeps_archives = True
    return realm


def _interested(realm: Realm, jid: str, *, wants: str = "urn:xmpp:mds:displayed:0+notify") -> Client:
    """Bring a resource online that says by its capabilities, when asked, what it wants to be told."""
    client = Client(realm, jid)
    client.come_online()
    client.send(
        "<presence><c xmlns='http://jabber.org/protocol/caps' node='https://x' ver='v1' hash='sha-1'/></presence>"
    )
    (question,) = [
        stanza for stanza in client.sees() if "disco#info" in str(stanza.children and stanza.children[0].tag)
    ]
    client.send(
        f"<iq type='result' id='{question.id}' to='{question.from_}'>"
        "<query xmlns='http://jabber.org/protocol/disco#info' node='https://x#v1'>"
        f"<feature var='{wants}'/></query></iq>"
    )
    client.sees()
    return client


def test_x_163_own_resources_that_want_it_are_told_and_nobody_else(realm: Realm) -> None:
    balcony = _interested(realm, "juliet@capulet.example/balcony")
    chamber = _interested(realm, "juliet@capulet.example/chamber")
    attic = _interested(realm, "juliet@capulet.example/attic", wants="urn:xmpp:avatar:metadata+notify")
    romeo = _interested(realm, "romeo@montague.example/orchard")
    for each in (balcony, chamber, attic, romeo):
        each.sees()
    balcony.send(PUBLISH.format(id=ID, access="whitelist"))
    told = stanzas(NEWS.format(resource="balcony"))
    assert [xml for xml in balcony.sees_xml() if "event" in xml] == told
    assert chamber.sees_xml() == stanzas(NEWS.format(resource="chamber"))
    assert attic.sees() == []
    assert romeo.sees() == []


def test_x_163_who_has_been_asked_what_a_hash_means_is_not_asked_again(realm: Realm) -> None:
    balcony = _interested(realm, "juliet@capulet.example/balcony")
    balcony.send(
        "<presence><c xmlns='http://jabber.org/protocol/caps' node='https://x' ver='v1' hash='sha-1'/></presence>"
    )
    assert not [xml for xml in balcony.sees_xml() if "disco#info" in xml]


def test_x_060_items_are_given_out_the_one_published_last_for_each_id(realm: Realm) -> None:
    balcony = Client(realm, "juliet@capulet.example/balcony")
    balcony.send(ASK.format("<items node='urn:xmpp:mds:displayed:0'/>"))
    assert "item-not-found" in balcony.sees_xml()[0]
    balcony.send(PUBLISH.format(id="an-earlier-one", access="whitelist"), PUBLISH.format(id=ID, access="whitelist"))
    balcony.sees()
    for wanted in ("<items node='urn:xmpp:mds:displayed:0'/>", "<items node='urn:xmpp:mds:displayed:0'>{}</items>"):
        balcony.send(ASK.format(wanted.format("<item id='romeo@montague.example'/>")))
        assert balcony.sees_xml() == stanzas(
            "<iq type='result' id='g1' to='juliet@capulet.example/balcony'>"
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:mds:displayed:0'>"
            f"{ITEM}</items></pubsub></iq>"
        )


def test_s_07_a_node_that_others_may_read_is_refused(realm: Realm) -> None:
    balcony = Client(realm, "juliet@capulet.example/balcony")
    balcony.send(PUBLISH.format(id=ID, access="open"))
    (refusal,) = balcony.sees_xml()
    assert "<conflict" in refusal
    assert "precondition-not-met" in refusal
    assert not realm.accounts[balcony.jid.bare].nodes


def test_s_06_nobody_else_reads_or_publishes(realm: Realm) -> None:
    balcony = _interested(realm, "juliet@capulet.example/balcony")
    balcony.send(PUBLISH.format(id=ID, access="whitelist"))
    balcony.sees()
    romeo = Client(realm, "romeo@montague.example/orchard")
    romeo.send(
        ASK.format("<items node='urn:xmpp:mds:displayed:0'/>").replace("<iq ", "<iq to='juliet@capulet.example' "),
        PUBLISH.format(id="forged", access="whitelist").replace("<iq ", "<iq to='juliet@capulet.example' "),
    )
    assert all("service-unavailable" in xml for xml in romeo.sees_xml())
    assert balcony.sees() == []


def test_a_node_and_an_archive_are_bounded(realm: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pep, "MOST_ITEMS", 3)
    monkeypatch.setattr(archives, "MOST_ENTRIES", 20)
    balcony = Client(realm, "juliet@capulet.example/balcony")
    for number in range(50):
        publish = PUBLISH.format(id=ID, access="whitelist").replace("romeo@", f"romeo{number}@")
        balcony.send(publish, f"<message to='nurse@capulet.example' type='chat'><body>{number}</body></message>")
    account = realm.account(balcony.jid)
    assert list(account.nodes["urn:xmpp:mds:displayed:0"]) == [f"romeo{n}@montague.example" for n in (47, 48, 49)]
    assert 18 <= len(account.archive) <= 20
    assert account.archive[-1].message.body() == "49"
    assert account.places == {entry.id: place for place, entry in enumerate(account.archive)}


def _read_so_far(server: LoopbackServer, account: BareJID) -> str | None:
    node = server.realm.account(account).nodes.get(xep0490_displayed.NODE, {})
    return node[str(LIZZY)].parts[0][0].get("id") if str(LIZZY) in node else None


@pytest.mark.parametrize("is_instant", [True, False])
async def test_x_490_what_is_read_on_one_device_is_read_on_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_instant: bool
) -> None:
    monkeypatch.setattr(xep0490_displayed, "PAUSE", 0.0)
    async with server_of(is_instant=is_instant) as server, logged_in(server, "lizzy", tmp_path) as lizzy:
        async with logged_in(server, "jane", tmp_path / "desk") as desk:
            async with logged_in(server, "jane", tmp_path / "bed") as bed:
                for text in ("Mr. Bingley is come", "with five others"):
                    await lizzy.does(SendMessage(lizzy.account, desk.account, text))
                for one in (desk, bed):
                    await one.does(OpenConversation(one.account, LIZZY))
                    await one.until(lambda views: views.conversation(one.account, LIZZY).unread == 2)  # noqa: B023
                await desk.does(MarkRead(desk.account, LIZZY))
                await bed.until(lambda views: views.conversation(bed.account, LIZZY).unread == 0)
            await lizzy.does(SendMessage(lizzy.account, desk.account, "in a chaise and four"))
            await desk.until(lambda views: views.conversation(desk.account, LIZZY).unread == 1)
            await desk.does(MarkRead(desk.account, LIZZY))
            newest = server.realm.account(desk.account).archive[-1].id
            async with asyncio.timeout(20):
                while _read_so_far(server, desk.account) != newest:
                    await desk.settle()
        # What was read elsewhere meanwhile is known as soon as the device comes back.
        async with logged_in(server, "jane", tmp_path / "bed") as bed:
            await bed.does(OpenConversation(bed.account, LIZZY))
            assert bodies(bed)[-1] == "in a chaise and four"
            await bed.until(lambda views: views.conversation(bed.account, LIZZY).unread == 0)
