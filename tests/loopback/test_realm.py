"""Routing, presence, rosters and services of the loopback, as literal stanzas in and out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.loopback import Client, make_realm, stanzas
from tui_xmpp.clock import ManualClock
from tui_xmpp.jid import BareJID, parse_jid
from tui_xmpp.loopback.payloads import RosterQuery
from tui_xmpp.loopback.realm import Realm
from tui_xmpp.loopback.roster import Contact
from tui_xmpp.loopback.subscriptions import Subscription
from tui_xmpp.xmpp.stanza import Iq, Message, Presence, Stanza

ROMEO = BareJID.parse("romeo@montague.example")
JULIET = BareJID.parse("juliet@capulet.example")


@pytest.fixture
def realm() -> Realm:
    realm = make_realm()
    for owner, peer in ((JULIET, ROMEO), (ROMEO, JULIET)):
        realm.account(owner).roster.keep(Contact(peer, Subscription.BOTH, is_listed=True))
    return realm


@pytest.fixture
def romeo(realm: Realm) -> Client:
    romeo = Client(realm, "romeo@montague.example/orchard")
    romeo.come_online()
    return romeo


def _juliets(realm: Realm, priorities: dict[str, int | None]) -> dict[str, Client]:
    clients = {resource: Client(realm, f"juliet@capulet.example/{resource}") for resource in priorities}
    for resource, priority in priorities.items():
        if priority is not None:
            clients[resource].send(f"<presence><priority>{priority}</priority></presence>")
    for client in clients.values():
        client.sees()
    return clients


def _condition(stanza: Stanza) -> str:
    assert stanza.error is not None
    return stanza.error.condition.value


# RFC 6121 §8.5, table 1: to, type, priorities of juliet's resources → who gets it, and what the sender hears.
_TO_BARE = "juliet@capulet.example"
_TO_FULL = "juliet@capulet.example/balcony"
_TABLE: list[tuple[str, str, dict[str, int | None], str, str]] = [
    # §8.5.2.1.1 bare, resources with a priority that is not negative
    (_TO_BARE, "chat", {"balcony": 0, "chamber": 5}, "chamber", ""),
    (_TO_BARE, "normal", {"balcony": 0, "chamber": 5}, "chamber", ""),
    (_TO_BARE, "chat", {"balcony": 5, "chamber": 5}, "balcony chamber", ""),
    (_TO_BARE, "headline", {"balcony": 0, "chamber": 5, "attic": -1}, "balcony chamber", ""),
    (_TO_BARE, "groupchat", {"balcony": 0}, "", "service-unavailable"),
    (_TO_BARE, "error", {"balcony": 0}, "", ""),
    # §8.5.2.2 bare, none that takes messages: a negative one or one without presence is none
    (_TO_BARE, "chat", {}, "stored", ""),
    (_TO_BARE, "normal", {"balcony": -1}, "stored", ""),
    (_TO_BARE, "chat", {"balcony": None}, "stored", ""),
    (_TO_BARE, "headline", {}, "", ""),
    (_TO_BARE, "groupchat", {}, "", "service-unavailable"),
    (_TO_BARE, "error", {}, "", ""),
    # §8.5.3.1 full, connected: everything, whatever the priority
    (_TO_FULL, "chat", {"balcony": -1, "chamber": 5}, "balcony", ""),
    (_TO_FULL, "normal", {"balcony": -1, "chamber": 5}, "balcony", ""),
    (_TO_FULL, "headline", {"balcony": -1, "chamber": 5}, "balcony", ""),
    (_TO_FULL, "groupchat", {"balcony": 0, "chamber": 5}, "balcony", ""),
    (_TO_FULL, "error", {"balcony": 0, "chamber": 5}, "balcony", ""),
    # §8.5.3.2.1 full, not connected
    (_TO_FULL, "chat", {"chamber": 0}, "chamber", ""),
    (_TO_FULL, "chat", {}, "stored", ""),
    (_TO_FULL, "normal", {"chamber": 0}, "", "service-unavailable"),
    (_TO_FULL, "groupchat", {"chamber": 0}, "", "service-unavailable"),
    (_TO_FULL, "headline", {"chamber": 0}, "", ""),
    (_TO_FULL, "error", {"chamber": 0}, "", ""),
    # §8.5.1 and §10.4: nobody, nowhere
    ("tybalt@capulet.example", "chat", {}, "", "service-unavailable"),
    ("tybalt@capulet.example", "error", {}, "", ""),
    ("paris@france.example", "chat", {}, "", "remote-server-not-found"),
]


@pytest.mark.parametrize(("to", "kind", "resources", "takers", "answer"), _TABLE)
def test_c_msg_06_routing(
    realm: Realm, romeo: Client, to: str, kind: str, resources: dict[str, int | None], takers: str, answer: str
) -> None:
    juliets = _juliets(realm, resources)
    romeo.sees()
    romeo.send(f"<message to='{to}' type='{kind}' id='m1'><body>Art thou there?</body></message>")
    got = [resource for resource, client in juliets.items() if [one.id for one in client.sees()] == ["m1"]]
    stored = ["stored"] if realm.account(JULIET).waiting else []
    assert got + stored == takers.split()
    answers = romeo.sees()
    assert [(one.id, _condition(one), str(one.from_)) for one in answers] == ([("m1", answer, to)] if answer else [])


def test_c_msg_06_an_unreadable_address_is_answered(realm: Realm, romeo: Client) -> None:
    romeo.send("<message to='@@' id='m1' type='chat'><body>?</body></message>")
    (error,) = romeo.sees()
    assert (error.id, _condition(error), error.raw_from) == ("m1", "jid-malformed", "@@")


def test_c_msg_07_what_has_no_words_is_not_stored(realm: Realm, romeo: Client) -> None:
    romeo.send(
        "<message to='juliet@capulet.example' type='chat'>"
        "<composing xmlns='http://jabber.org/protocol/chatstates'/></message>"
    )
    assert realm.account(JULIET).waiting == []
    assert romeo.sees() == []


def test_offline_messages_come_with_their_time_when_a_resource_takes_messages(realm: Realm, romeo: Client) -> None:
    """XEP-0160 with XEP-0203: in order, stamped, once, and not to a negative priority."""
    for number in (1, 2):
        romeo.send(f"<message to='juliet@capulet.example' type='chat' id='m{number}'><body>{number}</body></message>")
    assert isinstance(realm.clock, ManualClock)
    realm.clock.advance(timedelta(days=1).total_seconds())
    juliet = Client(realm, "juliet@capulet.example/balcony")
    juliet.send("<presence><priority>-1</priority></presence>")
    assert not [one for one in juliet.sees() if isinstance(one, Message)]
    juliet.send("<presence/>")
    got = [xml for xml in juliet.sees_xml() if "body" in xml]
    assert got == stanzas(
        *(
            f"<message to='juliet@capulet.example' from='romeo@montague.example/orchard' type='chat' id='m{number}'>"
            f"<body>{number}</body><delay xmlns='urn:xmpp:delay' stamp='2026-01-01T12:00:00Z' from='capulet.example'>"
            "Offline storage</delay></message>"
            for number in (1, 2)
        )
    )
    juliet.send("<presence/>")
    assert not [one for one in juliet.sees() if isinstance(one, Message)]


# --- presence ---


def test_initial_presence_goes_both_ways(realm: Realm, romeo: Client) -> None:
    """RFC 6121 §4.2: the contact is told, the user is told, and learns what the contact is doing."""
    romeo.send("<presence><show>dnd</show></presence>")
    romeo.sees()
    juliet = Client(realm, "juliet@capulet.example/balcony")
    juliet.send("<presence><status>moonlight</status></presence>")
    moonlight = "<presence from='juliet@capulet.example/balcony' to='{0}'><status>moonlight</status></presence>"
    assert juliet.sees_xml() == stanzas(
        moonlight.format(JULIET),
        "<presence from='romeo@montague.example/orchard' to='juliet@capulet.example/balcony'>"
        "<show>dnd</show></presence>",
    )
    assert romeo.sees_xml() == stanzas(moonlight.format(ROMEO))


@pytest.mark.parametrize("is_clean", [True, False])
def test_c_pre_08_leaving_is_told(realm: Realm, romeo: Client, is_clean: bool) -> None:
    juliet = _juliets(realm, {"balcony": 0, "chamber": 0})["balcony"]
    romeo.sees()
    if is_clean:
        juliet.send("<presence type='unavailable'><status>adieu</status></presence>")
    realm.detach(juliet.session)
    realm.detach(juliet.session)
    gone = [one for one in romeo.sees() if isinstance(one, Presence)]
    assert [(str(one.from_), one.type.value, one.status()) for one in gone] == [
        ("juliet@capulet.example/balcony", "unavailable", "adieu" if is_clean else None)
    ]
    assert list(realm.account(JULIET).sessions) == ["chamber"]


def test_c_pre_07_directed_presence_is_taken_back(realm: Realm) -> None:
    """RFC 6121 §4.6: a stranger who was told is told of the end too, though no change goes there."""
    nurse = Client(realm, "nurse@capulet.example/kitchen")
    nurse.come_online()
    (juliet,) = _juliets(realm, {"balcony": 0}).values()
    juliet.send("<presence to='nurse@capulet.example/kitchen'/>")
    juliet.send("<presence><show>away</show></presence>")
    juliet.send("<presence type='unavailable'/>")
    assert nurse.sees_xml() == stanzas(
        "<presence from='juliet@capulet.example/balcony' to='nurse@capulet.example/kitchen'/>",
        "<presence from='juliet@capulet.example/balcony' to='nurse@capulet.example/kitchen' type='unavailable'/>",
    )


def test_a_probe_of_somebody_away_tells_the_last_words(realm: Realm, romeo: Client) -> None:
    """RFC 6121 §4.3.2."""
    romeo.send("<presence type='unavailable'><status>banished</status></presence>")
    juliet = Client(realm, "juliet@capulet.example/balcony")
    juliet.send("<presence/>")
    assert "2026-01-01T12:00:00Z" in juliet.sees_xml()[-1]


def test_a_probe_of_somebody_who_hides_mends_the_roster(realm: Realm) -> None:
    """RFC 6121 §4.3.2: no right to see answers ``unsubscribed``."""
    realm.account(ROMEO).roster.keep(Contact(JULIET, Subscription.TO, is_listed=True))
    juliet = Client(realm, "juliet@capulet.example/balcony")
    juliet.come_online()
    assert realm.account(JULIET).roster[ROMEO].state is Subscription.FROM


def test_a_client_may_not_probe_nor_speak_for_another(realm: Realm, romeo: Client) -> None:
    (juliet,) = _juliets(realm, {"balcony": 0}).values()
    romeo.sees()
    romeo.send("<presence type='probe' to='juliet@capulet.example'/>", "<presence type='strange'/>")
    assert romeo.sees() == []
    romeo.send("<message from='nurse@capulet.example' to='juliet@capulet.example'><body>Madam!</body></message>")
    assert [str(one.from_) for one in juliet.sees()] == ["romeo@montague.example/orchard"]


def test_c_bnd_03_a_second_holder_of_a_resource_ends_the_first(realm: Realm) -> None:
    first = Client(realm, "juliet@capulet.example/balcony")
    second = Client(realm, "juliet@capulet.example/balcony")
    assert (first.is_ended, second.is_ended) == (True, False)
    nurse = Client(realm, "nurse@capulet.example/kitchen")
    first.send("<presence/>", "<message to='nurse@capulet.example/kitchen'><body>Help!</body></message>")
    assert realm.account(JULIET).available() == []
    assert nurse.sees() == []


def test_only_who_still_wants_to_see_is_told(realm: Realm, romeo: Client) -> None:
    """RFC 6121 §4.4.3: the contact's own server checks that the contact asked for it."""
    realm.account(ROMEO).roster.keep(Contact(JULIET, Subscription.FROM, is_listed=True))
    _juliets(realm, {"balcony": 0})
    assert romeo.sees() == []


def test_c_pre_07_directed_presence_is_taken_back_once(realm: Realm) -> None:
    nurse = Client(realm, "nurse@capulet.example/kitchen")
    (juliet,) = _juliets(realm, {"balcony": 0}).values()
    juliet.send("<presence to='nurse@capulet.example/kitchen'/>", "<presence type='unavailable'/>")
    nurse.sees()
    juliet.send("<presence/>", "<presence type='unavailable'/>")
    assert nurse.sees() == []


def test_requests_go_to_available_resources_and_answers_to_interested_ones(realm: Realm) -> None:
    """RFC 6121 §3.1.3, §3.1.6."""
    juliet = Client(realm, "juliet@capulet.example/balcony")
    nurse = Client(realm, "nurse@capulet.example/kitchen")
    nurse.send("<presence to='juliet@capulet.example' type='subscribe'/>")
    assert juliet.sees() == []
    juliet.send("<presence to='nurse@capulet.example' type='subscribed'/>")
    assert nurse.sees() == []
    nurse.send("<presence to='juliet@capulet.example' type='unsubscribe'/>")
    nurse.come_online()
    nurse.send("<presence to='juliet@capulet.example' type='subscribe'/>")
    juliet.send("<presence to='nurse@capulet.example' type='subscribed'/>")
    assert "subscribed" in [one.type.value for one in nurse.sees()]


# --- rosters ---


def _query(content: str = "", ver: str | None = None) -> str:
    attribute = "" if ver is None else f" ver='{ver}'"
    return f"<query xmlns='jabber:iq:roster'{attribute}>{content}</query>"


def test_c_ros_05_a_set_is_stored_answered_and_pushed(realm: Realm) -> None:
    juliets = _juliets(realm, {"balcony": 0, "chamber": 0})
    balcony, chamber = juliets.values()
    balcony.send(f"<iq type='get' id='r1'>{_query()}</iq>")
    balcony.sees()
    item = "<item jid='nurse@capulet.example' name='Nurse'><group>Servants</group></item>"
    chamber.send(f"<iq type='set' id='r2'>{_query(item)}</iq>")
    assert chamber.sees_xml() == stanzas("<iq type='result' id='r2' to='juliet@capulet.example/chamber'/>")
    pushed = "<item jid='nurse@capulet.example' name='Nurse' subscription='none'><group>Servants</group></item>"
    assert balcony.sees_xml() == stanzas(
        f"<iq type='set' id='*' to='{JULIET}/balcony' from='{JULIET}'>{_query(pushed, '*')}</iq>"
    )


@pytest.mark.parametrize(
    ("content", "condition"),
    [
        ("", "bad-request"),
        ("<item jid='a@capulet.example'/><item jid='b@capulet.example'/>", "bad-request"),
        ("<item name='who'/>", "bad-request"),
        ("<item jid='@@'/>", "bad-request"),
        ("<item jid='a@capulet.example'><group>A</group><group>A</group></item>", "bad-request"),
        ("<item jid='a@capulet.example'><group/></item>", "not-acceptable"),
        (f"<item jid='a@capulet.example' name='{'n' * 1024}'/>", "not-acceptable"),
        (f"<item jid='a@capulet.example'><group>{'g' * 1024}</group></item>", "not-acceptable"),
        ("<item jid='juliet@capulet.example'/>", "not-allowed"),
        ("<item jid='nobody@capulet.example' subscription='remove'/>", "item-not-found"),
    ],
)
def test_c_ros_08_errors(realm: Realm, content: str, condition: str) -> None:
    (juliet,) = _juliets(realm, {"balcony": 0}).values()
    before = realm.account(JULIET).roster.version
    juliet.send(f"<iq type='set' id='r1'>{_query(content)}</iq>")
    (answer,) = juliet.sees()
    assert (answer.id, _condition(answer)) == ("r1", condition)
    assert realm.account(JULIET).roster.version == before


def test_c_ros_08_another_s_roster_is_forbidden(realm: Realm, romeo: Client) -> None:
    meddling = _query("<item jid='x@y.example'/>")
    romeo.send(f"<iq type='set' to='{JULIET}' id='r1'>{meddling}</iq>")
    assert _condition(romeo.sees()[0]) == "forbidden"


def test_c_ros_06_remove_ends_both_subscriptions(realm: Realm, romeo: Client) -> None:
    """RFC 6121 §2.5.2."""
    juliet = Client(realm, "juliet@capulet.example/balcony")
    juliet.come_online()
    romeo.sees()
    removal = "<item jid='romeo@montague.example' subscription='remove'/>"
    juliet.send(f"<iq type='set' id='r1'>{_query(removal)}</iq>")
    seen = juliet.sees_xml()
    assert stanzas("<iq type='result' id='r1' to='juliet@capulet.example/balcony'/>")[0] in seen
    assert [one for one in seen if "remove" in one] == stanzas(
        f"<iq type='set' id='*' to='juliet@capulet.example/balcony' from='{JULIET}'>{_query(removal, '*')}</iq>"
    )
    kinds = [one.type.value for one in romeo.sees() if isinstance(one, Presence)]
    assert kinds == ["unsubscribe", "unsubscribed", "unavailable"]
    assert realm.account(ROMEO).roster[JULIET].state is Subscription.NONE
    assert list(realm.account(JULIET).roster) == []


def test_c_ros_02_versions(realm: Realm) -> None:
    """RFC 6121 §2.6: nothing new is an empty result, what changed comes as pushes, an unknown version brings all."""
    (juliet,) = _juliets(realm, {"balcony": 0}).values()
    roster = realm.account(JULIET).roster
    known = roster.version

    def ask(ver: str) -> list[Stanza]:
        juliet.send(f"<iq type='get' id='r1'>{_query(ver=ver)}</iq>")
        return juliet.sees()

    (unchanged,) = ask(known)
    assert isinstance(unchanged, Iq)
    assert unchanged.child is None
    for text in (
        "<item jid='nurse@capulet.example' name='N'/>",
        "<item jid='nurse@capulet.example' name='Nurse'/>",
        "<item jid='tybalt@capulet.example'/>",
        "<item jid='tybalt@capulet.example' subscription='remove'/>",
    ):
        juliet.send(f"<iq type='set' id='s'>{_query(text)}</iq>")
    juliet.sees()
    empty, *pushes = ask(known)
    assert isinstance(empty, Iq)
    assert empty.child is None
    queries = [query for one in pushes if (query := one.payload(RosterQuery)) is not None]
    items = [item for query in queries for item in query.items]
    assert [(str(item.jid), item.name, item.subscription) for item in items] == [
        ("nurse@capulet.example", "Nurse", "none"),
        ("tybalt@capulet.example", None, "remove"),
    ]
    assert queries[-1].ver == roster.version
    for strange in ("", "of-another-server"):
        (full,) = ask(strange)
        assert isinstance(full, Iq)
        assert full.child is not None
        assert (full.child.get("ver"), len(full.child)) == (roster.version, 2)


# --- services ---


def test_c_stz_03_requests_are_answered_once(realm: Realm) -> None:
    (juliet,) = _juliets(realm, {"balcony": 0}).values()
    for to in ("", " to='capulet.example'", " to='juliet@capulet.example'"):
        juliet.send(f"<iq type='get' id='p'{to}><ping xmlns='urn:xmpp:ping'/></iq>")
        (answer,) = juliet.sees()
        assert isinstance(answer, Iq)
        assert (answer.type.value, answer.id, answer.child) == ("result", "p", None)
        juliet.send(f"<iq type='get' id='q'{to}><query xmlns='urn:example:unknown'/></iq>")
        assert [(one.id, _condition(one)) for one in juliet.sees()] == [("q", "service-unavailable")]
        juliet.send(f"<iq type='result' id='late'{to}/>", f"<iq type='error' id='late'{to}><error/></iq>")
        assert juliet.sees() == []
    juliet.send("<iq type='get' id='two'><a xmlns='x'/><b xmlns='x'/></iq>")
    assert [(one.id, _condition(one)) for one in juliet.sees()] == [("two", "bad-request")]
    juliet.send("<iq type='get' id='gone' to='romeo@montague.example/orchard'><ping xmlns='urn:xmpp:ping'/></iq>")
    assert [(one.id, _condition(one)) for one in juliet.sees()] == [("gone", "service-unavailable")]


def test_iqs_between_clients_are_carried(realm: Realm, romeo: Client) -> None:
    (juliet,) = _juliets(realm, {"balcony": 0}).values()
    romeo.sees()
    juliet.send("<iq type='get' id='v' to='romeo@montague.example/orchard'><query xmlns='jabber:iq:version'/></iq>")
    assert [(one.id, str(one.from_)) for one in romeo.sees()] == [("v", "juliet@capulet.example/balcony")]


def test_discovery_version_and_time_of_the_server(realm: Realm) -> None:
    (juliet,) = _juliets(realm, {"balcony": 0}).values()
    juliet.send(
        "<iq type='get' id='1' to='capulet.example'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
        "<iq type='get' id='2' to='capulet.example'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>",
        "<iq type='get' id='3' to='capulet.example'><query xmlns='jabber:iq:version'/></iq>",
        "<iq type='get' id='4' to='capulet.example'><time xmlns='urn:xmpp:time'/></iq>",
    )
    info, items, version, time = juliet.sees_xml()
    assert '<identity category="server"' in info
    assert '<feature var="urn:xmpp:blocking">' in info
    assert "<query" in items
    assert "<version>" in version
    assert "<utc>2026-01-01T12:00:00Z</utc>" in time


def test_an_account_is_described_to_its_friends_only(realm: Realm, romeo: Client) -> None:
    """XEP-0030 §8: who may not see presence learns nothing of the account."""
    request = "<iq type='get' id='d' to='{0}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
    romeo.send(request.format(JULIET))
    assert 'category="account"' in romeo.sees_xml()[0]
    romeo.send(request.format("nurse@capulet.example"))
    assert _condition(romeo.sees()[0]) == "service-unavailable"


# --- blocking ---


def _block(kind: str, *jids: str) -> str:
    items = "".join(f"<item jid='{jid}'/>" for jid in jids)
    return f"<iq type='set' id='b'><{kind} xmlns='urn:xmpp:blocking'>{items}</{kind}></iq>"


def test_x_191_blocking(realm: Realm, romeo: Client) -> None:
    (juliet,) = _juliets(realm, {"balcony": 0}).values()
    romeo.sees()
    juliet.send(
        "<iq type='get' id='l'><blocklist xmlns='urn:xmpp:blocking'/></iq>", _block("block", "romeo@montague.example")
    )
    assert juliet.sees_xml() == stanzas(
        "<iq type='result' id='l' to='juliet@capulet.example/balcony'><blocklist xmlns='urn:xmpp:blocking'/></iq>",
        "<iq type='result' id='b' to='juliet@capulet.example/balcony'/>",
        "<iq type='set' id='*' to='juliet@capulet.example/balcony' from='juliet@capulet.example'>"
        "<block xmlns='urn:xmpp:blocking'><item jid='romeo@montague.example'/></block></iq>",
    )  # fmt: skip
    assert [one.type.value for one in romeo.sees()] == ["unavailable"]
    juliet.send("<presence><show>away</show></presence>")
    assert romeo.sees() == []
    romeo.send("<message to='juliet@capulet.example' type='chat' id='m'><body>!</body></message>", "<presence/>")
    assert [_condition(one) for one in romeo.sees() if isinstance(one, Message)] == ["service-unavailable"]
    assert [one.type.value for one in juliet.sees() if one.from_ != juliet.jid] == []
    juliet.send("<message to='romeo@montague.example' type='chat' id='m'><body>!</body></message>")
    (refused,) = juliet.sees_xml()
    assert "not-acceptable" in refused
    assert '<blocked xmlns="urn:xmpp:blocking:errors">' in refused
    juliet.send(_block("unblock"))
    assert realm.account(JULIET).blocked == []
    assert [str(one.from_) for one in romeo.sees()] == ["juliet@capulet.example/balcony"]


def test_x_191_a_blocked_contact_may_be_left(realm: Realm, romeo: Client) -> None:
    """What only ends something is let through, and a blocked contact's request is forgotten."""
    juliet = Client(realm, "juliet@capulet.example/balcony")
    nurse = Client(realm, "nurse@capulet.example/kitchen")
    nurse.send("<presence to='juliet@capulet.example' type='subscribe'/>")
    juliet.send(_block("block", "romeo@montague.example", "nurse@capulet.example"))
    juliet.come_online()
    juliet.send("<presence to='romeo@montague.example' type='unsubscribe'/>")
    assert realm.account(JULIET).roster[ROMEO].state is Subscription.FROM
    assert realm.account(JULIET).requests == {}


def test_x_191_who_blocks_is_not_seen_by_a_probe(realm: Realm, romeo: Client) -> None:
    romeo.send(_block("block", "juliet@capulet.example"))
    juliet = Client(realm, "juliet@capulet.example/balcony")
    juliet.send("<presence/>")
    assert [one.from_ for one in juliet.sees()] == [juliet.jid]


@pytest.mark.parametrize("item", ["romeo@montague.example/orchard", "montague.example", "montague.example/orchard"])
def test_x_191_what_an_item_covers(realm: Realm, item: str) -> None:
    """XEP-0191 §6 with the matching of JIDs it names."""
    account = realm.account(JULIET)
    account.blocked = [parse_jid(item)]
    assert account.blocks(parse_jid("romeo@montague.example/orchard"))
    assert account.blocks(ROMEO) is (item == "montague.example")


def test_x_191_nobody_in_particular_is_a_bad_request(realm: Realm) -> None:
    (juliet,) = _juliets(realm, {"balcony": 0}).values()
    juliet.send(_block("block"))
    assert _condition(juliet.sees()[0]) == "bad-request"


def test_a_test_may_tamper_with_what_is_delivered(realm: Realm, romeo: Client) -> None:
    realm.tamper = lambda session, stanza: None
    romeo.send("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>")
    assert romeo.sees() == []
