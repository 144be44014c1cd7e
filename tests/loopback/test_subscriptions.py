"""Every cell of C-SUB-07, as RFC 6121 appendix A spells it, and what the server does around the cells."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.loopback import Client, make_realm, stanzas
from tui_xmpp.jid import BareJID
from tui_xmpp.loopback.realm import Realm
from tui_xmpp.loopback.roster import Contact
from tui_xmpp.loopback.subscriptions import Effect, Subscription, received, sent
from tui_xmpp.xmpp.stanza import Presence, PresenceType

ROMEO = BareJID.parse("romeo@montague.example")
JULIET = BareJID.parse("juliet@capulet.example")

# RFC 6121 appendix A, written out: (state, routed or delivered?, state after).
_SENT = {
    "subscribe": (
        "N>N+O N+O=N+O N+I>N+O+I N+O+I=N+O+I T=T T+I=T+I F>F+O F+O=F+O B=B",  # A.2.1
        "",
    ),
    "unsubscribe": ("N=N N+O>N N+I=N+I N+O+I>N+I T>N T+I>N+I F=F F+O>F B>F", ""),  # A.2.2
    "subscribed": ("N+I>F N+O+I>F+O T+I>B", "N N+O T F F+O B"),  # A.2.3
    "unsubscribed": ("N+I>N N+O+I>N+O T+I>T F>N F+O>N+O B>T", "N N+O T"),  # A.2.4
}
_RECEIVED = {
    "subscribe": ("N>N+I N+O>N+O+I T>T+I", "N+I N+O+I T+I F F+O B"),  # A.3.1
    "unsubscribe": ("N+I>N N+O+I>N+O T+I>T F>N F+O>N+O B>T", "N N+O T"),  # A.3.2
    "subscribed": ("N+O>T N+O+I>T+I F+O>B", "N N+I T T+I F B"),  # A.3.3
    "unsubscribed": ("N+O>N N+O+I>N+I T>N T+I>N+I F+O>F B>F", "N N+I F"),  # A.3.4
}


def _cells(table: dict[str, tuple[str, str]]) -> list[tuple[str, str, bool, str]]:
    cells = []
    for kind, (passing, stopped) in table.items():
        for cell in passing.split():
            before, after = cell.replace("=", ">").split(">")
            cells.append((kind, before, True, after))
        cells += [(kind, state, False, state) for state in stopped.split()]
    return cells


def _ask_of(realm: Realm, owner: BareJID, peer: BareJID) -> Contact:
    return realm.account(owner).roster[peer]


@pytest.mark.parametrize(("kind", "before", "is_routed", "after"), _cells(_SENT))
def test_c_sub_07_sent(kind: str, before: str, is_routed: bool, after: str) -> None:
    step = sent(PresenceType(kind), Subscription(before))
    assert (step.state.value, step.effect is Effect.PASS) == (after, is_routed)


@pytest.mark.parametrize(("kind", "before", "is_delivered", "after"), _cells(_RECEIVED))
def test_c_sub_07_received(kind: str, before: str, is_delivered: bool, after: str) -> None:
    step = received(PresenceType(kind), Subscription(before))
    assert (step.state.value, step.effect is Effect.PASS) == (after, is_delivered)


def test_c_sub_07_the_tables_are_complete() -> None:
    for table in (_SENT, _RECEIVED):
        assert len(_cells(table)) == len({cell[:2] for cell in _cells(table)}) == 4 * len(Subscription)


def _place(realm: Realm, owner: BareJID, contact: Contact) -> None:
    realm.account(owner).roster.keep(contact)


@pytest.mark.parametrize(("kind", "before", "is_routed", "after"), _cells(_SENT))
def test_c_sub_07_sent_through_the_server(kind: str, before: str, is_routed: bool, after: str) -> None:
    """The user's stanza changes the user's roster as the table says, and reaches the contact only when it says so."""
    realm = make_realm()
    client = Client(realm, "juliet@capulet.example/balcony")
    _place(realm, JULIET, Contact(ROMEO, Subscription(before), is_listed=True))
    # The contact is in the state that lets every stanza through, so that what is routed is what is seen.
    open_state = {"subscribe": "N", "unsubscribe": "F", "subscribed": "N+O", "unsubscribed": "N+O"}[kind]
    _place(realm, ROMEO, Contact(JULIET, Subscription(open_state), is_listed=True))
    contact = Client(realm, "romeo@montague.example/orchard")
    contact.come_online()
    client.send(f"<presence to='romeo@montague.example' type='{kind}' id='s1'/>")
    assert _ask_of(realm, JULIET, ROMEO).state is Subscription(after)
    routed = [one for one in contact.sees() if isinstance(one, Presence) and one.type.value == kind]
    assert [(one.from_, one.id) for one in routed] == ([(JULIET, "s1")] if is_routed else [])


@pytest.mark.parametrize(("kind", "before", "is_delivered", "after"), _cells(_RECEIVED))
def test_c_sub_07_received_through_the_server(kind: str, before: str, is_delivered: bool, after: str) -> None:
    """The contact's stanza changes the user's roster and reaches the user's client as the table says."""
    realm = make_realm()
    client = Client(realm, "juliet@capulet.example/balcony")
    client.come_online()
    _place(realm, JULIET, Contact(ROMEO, Subscription(before), is_listed=True))
    stanza = Presence(JULIET, ROMEO, "s1", type=PresenceType(kind))
    realm.later(lambda: realm.route(stanza))
    assert _ask_of(realm, JULIET, ROMEO).state is Subscription(after)
    delivered = [one for one in client.sees() if isinstance(one, Presence) and one.type.value == kind]
    assert len(delivered) == int(is_delivered)


@pytest.mark.parametrize(("before", "after"), [("N", "F"), ("N+O", "F+O"), ("T", "B")])
def test_c_sub_04_a_pre_approved_contact_is_answered_at_once(before: str, after: str) -> None:
    """RFC 6121 §3.4.2: ``subscribed`` without a request is kept, pushed as approved, and routed nowhere."""
    realm = make_realm()
    juliet, romeo = Client(realm, "juliet@capulet.example/balcony"), Client(realm, "romeo@montague.example/orchard")
    _place(realm, JULIET, Contact(ROMEO, Subscription(before), is_listed=True))
    if before == "T":
        _place(realm, ROMEO, Contact(JULIET, Subscription.FROM, is_listed=True))
    juliet.come_online()
    romeo.come_online()
    juliet.sees()
    juliet.send("<presence to='romeo@montague.example' type='subscribed'/>")
    contact = _ask_of(realm, JULIET, ROMEO)
    assert (contact.state.value, contact.is_approved) == (before, True)
    assert romeo.sees() == []
    assert "approved" in juliet.sees_xml()[0]
    romeo.send("<presence to='juliet@capulet.example' type='subscribe' id='x'/>")
    assert _ask_of(realm, JULIET, ROMEO).state is Subscription(after)
    assert not [one for one in juliet.sees() if isinstance(one, Presence) and one.type is PresenceType.SUBSCRIBE]
    assert PresenceType.SUBSCRIBED in [one.type for one in romeo.sees() if isinstance(one, Presence)]


def test_c_sub_04_unsubscribed_takes_a_pre_approval_back() -> None:
    realm = make_realm()
    juliet = Client(realm, "juliet@capulet.example/balcony")
    juliet.come_online()
    juliet.send("<presence to='romeo@montague.example' type='subscribed'/>")
    juliet.send("<presence to='romeo@montague.example' type='unsubscribed'/>")
    assert not _ask_of(realm, JULIET, ROMEO).is_approved
    assert juliet.sees_xml() == stanzas(
        "<iq type='set' id='*' to='juliet@capulet.example/balcony' from='juliet@capulet.example'>"
        "<query xmlns='jabber:iq:roster' ver='*'>"
        "<item jid='romeo@montague.example' subscription='none' approved='true'/></query></iq>",
        "<iq type='set' id='*' to='juliet@capulet.example/balcony' from='juliet@capulet.example'>"
        "<query xmlns='jabber:iq:roster' ver='*'>"
        "<item jid='romeo@montague.example' subscription='none'/></query></iq>",
    )


def test_c_sub_01_both_ways_from_strangers_to_friends() -> None:
    """RFC 6121 §3.1: the transcript of a mutual subscription, each side's pushes, requests and presence."""
    realm = make_realm()
    juliet, romeo = Client(realm, "juliet@capulet.example/balcony"), Client(realm, "romeo@montague.example/orchard")
    juliet.come_online()
    romeo.come_online("<presence><status>wooing</status></presence>")
    juliet.send("<presence to='romeo@montague.example' type='subscribe' id='a1'/>")
    push = "<iq type='set' id='*' to='{0}' from='{1}'><query xmlns='jabber:iq:roster' ver='*'>{2}</query></iq>"
    to_juliet = ("juliet@capulet.example/balcony", "juliet@capulet.example")
    to_romeo = ("romeo@montague.example/orchard", "romeo@montague.example")
    assert juliet.sees_xml() == stanzas(
        push.format(*to_juliet, "<item jid='romeo@montague.example' subscription='none' ask='subscribe'/>")
    )
    assert romeo.sees_xml() == stanzas(
        "<presence to='romeo@montague.example' from='juliet@capulet.example' type='subscribe' id='a1'/>"
    )
    romeo.send("<presence to='juliet@capulet.example' type='subscribed' id='a2'/>")
    assert juliet.sees_xml() == stanzas(
        "<presence to='juliet@capulet.example' from='romeo@montague.example' type='subscribed' id='a2'/>",
        push.format(*to_juliet, "<item jid='romeo@montague.example' subscription='to'/>"),
        "<presence to='juliet@capulet.example' from='romeo@montague.example/orchard'>"
        "<status>wooing</status></presence>",
    )
    assert romeo.sees_xml() == stanzas(
        push.format(*to_romeo, "<item jid='juliet@capulet.example' subscription='from'/>")
    )
    romeo.send("<presence to='juliet@capulet.example' type='subscribe' id='a3'/>")
    juliet.send("<presence to='romeo@montague.example' type='subscribed' id='a4'/>")
    assert _ask_of(realm, JULIET, ROMEO).state is _ask_of(realm, ROMEO, JULIET).state is Subscription.BOTH
    assert (
        romeo.sees_xml()[-1]
        == stanzas("<presence to='romeo@montague.example' from='juliet@capulet.example/balcony'/>")[0]
    )


def test_c_sub_03_unsubscribed_hides_the_presence() -> None:
    """RFC 6121 §3.2.2: the contact is told, and sees the user go."""
    realm = make_realm()
    befriend(realm)
    juliet, romeo = Client(realm, "juliet@capulet.example/balcony"), Client(realm, "romeo@montague.example/orchard")
    juliet.come_online()
    romeo.come_online()
    juliet.send("<presence to='romeo@montague.example' type='unsubscribed' id='u1'/>")
    kinds = [(one.type.value, str(one.from_)) for one in romeo.sees() if isinstance(one, Presence)]
    assert kinds == [("unsubscribed", "juliet@capulet.example"), ("unavailable", "juliet@capulet.example/balcony")]
    assert _ask_of(realm, JULIET, ROMEO).state is Subscription.TO
    assert _ask_of(realm, ROMEO, JULIET).state is Subscription.FROM


def test_c_sub_02_a_request_waits_for_the_user_and_is_told_at_each_login() -> None:
    realm = make_realm()
    romeo = Client(realm, "romeo@montague.example/orchard")
    romeo.come_online()
    romeo.send("<presence to='juliet@capulet.example' type='subscribe' id='r1'><status>Hail</status></presence>")
    assert list(realm.account(JULIET).roster.items()) == []
    for resource in ("balcony", "tomb"):
        juliet = Client(realm, f"juliet@capulet.example/{resource}")
        juliet.send("<presence/>")
        assert [one.id for one in juliet.sees() if isinstance(one, Presence) and one.from_ == ROMEO] == ["r1"]
    juliet.send("<presence to='romeo@montague.example' type='unsubscribed'/>")
    later = Client(realm, "juliet@capulet.example/chapel")
    later.send("<presence/>")
    assert not [one for one in later.sees() if isinstance(one, Presence) and one.from_ == ROMEO]


def test_c_sub_02_a_request_taken_back_is_forgotten() -> None:
    realm = make_realm()
    romeo = Client(realm, "romeo@montague.example/orchard")
    romeo.send("<presence to='juliet@capulet.example' type='subscribe'/>")
    romeo.send("<presence to='juliet@capulet.example' type='unsubscribe'/>")
    assert realm.account(JULIET).requests == {}


def test_c_sub_asking_nobody_is_denied() -> None:
    """RFC 6121 §3.1.3: an account that does not exist answers ``unsubscribed``."""
    realm = make_realm()
    juliet = Client(realm, "juliet@capulet.example/balcony")
    juliet.come_online()
    juliet.send("<presence to='rosaline@capulet.example' type='subscribe'/>")
    assert _ask_of(realm, JULIET, BareJID.parse("rosaline@capulet.example")).state is Subscription.NONE
    assert "unsubscribed" in [one.type.value for one in juliet.sees()]


def test_c_sub_asking_an_unreachable_server_is_an_error() -> None:
    realm = make_realm()
    juliet = Client(realm, "juliet@capulet.example/balcony")
    juliet.come_online()
    juliet.send("<presence to='paris@france.example' type='subscribe' id='p1'/>")
    error = juliet.sees()[-1]
    assert error.error is not None
    assert (error.id, error.error.condition.value) == ("p1", "remote-server-not-found")
    assert _ask_of(realm, JULIET, BareJID.parse("paris@france.example")).state is Subscription.NONE_PENDING_OUT


def befriend(realm: Realm) -> None:
    """Make juliet and romeo see each other."""
    for owner, peer in ((JULIET, ROMEO), (ROMEO, JULIET)):
        _place(realm, owner, replace(Contact(peer), state=Subscription.BOTH, is_listed=True))
