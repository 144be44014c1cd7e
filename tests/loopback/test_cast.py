"""The demo's story, told in its own time to a client in memory, and the demo itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from tests.support.loopback import Client, WireClient
from tui_xmpp.clock import ManualClock
from tui_xmpp.jid import BareJID
from tui_xmpp.loopback import DOMAIN, ELIZABETH
from tui_xmpp.loopback.cast import BENNET, COLLINS, DARCY, DOMAINS, JANE, LYDIA, Cast, make_cast
from tui_xmpp.loopback.demo import start_demo
from tui_xmpp.loopback.payloads import Composing, Delay, PubSubEvent, Reactions, RosterQuery
from tui_xmpp.loopback.realm import Realm
from tui_xmpp.loopback.schedule import RealTime, StoryTime
from tui_xmpp.loopback.subscriptions import Subscription
from tui_xmpp.net.tls import TlsPolicy
from tui_xmpp.net.transport import dial
from tui_xmpp.xmpp.config import InitiatorConfig
from tui_xmpp.xmpp.element import serialize
from tui_xmpp.xmpp.sasl import Credentials, Password
from tui_xmpp.xmpp.stanza import Iq, Message, Presence, PresenceType, Show, stanza_element


@dataclass
class Evening:
    """Elizabeth at her desk, with the story standing still."""

    cast: Cast
    elizabeth: Client

    def messages(self) -> list[Message]:
        return [one for one in self.elizabeth.sees() if isinstance(one, Message)]


@pytest.fixture
def realm() -> Realm:
    return Realm(DOMAINS, ManualClock(), Random(1))


@pytest.fixture
async def evening(realm: Realm) -> Evening:
    assert isinstance(realm.clock, ManualClock)
    cast = make_cast(realm, StoryTime(realm.clock), Random(1))
    return Evening(cast, Client(realm, f"{ELIZABETH}/desk"))


def _begin(evening: Evening) -> None:
    evening.elizabeth.come_online()


async def test_the_roster_has_groups_and_odd_subscriptions(evening: Evening) -> None:
    evening.elizabeth.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>")
    (answer,) = evening.elizabeth.sees()
    query = answer.payload(RosterQuery)
    assert query is not None
    states = {item.name: (item.subscription, item.ask is not None, item.groups) for item in query.items}
    assert states["Darcy"] == ("both", False, ("Friends",))
    assert states["Jane"] == ("both", False, ("Family",))
    assert states["Mr. Collins"] == ("from", False, ("Neighbours",))
    assert states["Caroline"] == ("to", False, ("Neighbours",))
    assert states["Lady Catherine"] == ("none", True, ("Neighbours",))


async def test_both_sides_of_every_subscription_agree(realm: Realm, evening: Evening) -> None:
    """What Elizabeth's roster says of a contact is what the contact's says of her, seen from the other side."""
    for contact in realm.account(ELIZABETH).roster:
        theirs = realm.account(contact.jid).roster[ELIZABETH].state
        assert theirs.is_seen_by_contact is contact.state.sees_contact
        assert theirs.sees_contact is contact.state.is_seen_by_contact
        assert theirs.is_asked is contact.state.is_asking


async def test_presence_when_the_curtain_rises(evening: Evening) -> None:
    evening.elizabeth.send("<presence/>")
    seen = {str(one.from_): (one.show, one.type) for one in evening.elizabeth.sees() if isinstance(one, Presence)}
    assert seen["jane@longbourn.lit/parlour"] == (None, PresenceType.AVAILABLE)
    assert seen["darcy@pemberley.lit/library"] == (None, PresenceType.AVAILABLE)
    assert seen["darcy@pemberley.lit/carriage"] == (Show.XA, PresenceType.AVAILABLE)
    assert seen["lydia@longbourn.lit/anywhere"] == (None, PresenceType.UNAVAILABLE)
    assert not [one for one in seen if one.startswith(("collins", "catherine"))]


async def test_letters_waited_over_several_days(evening: Evening) -> None:
    evening.elizabeth.send("<presence/>")
    letters = evening.messages()
    delays = [delay for letter in letters if (delay := letter.payload(Delay)) is not None]
    assert len(delays) == len(letters) > 4
    stamps = [delay.stamp for delay in delays]
    assert stamps == sorted(stamps)
    assert len({stamp.date() for stamp in stamps}) == 3
    assert "An olive branch" in [letter.subject() for letter in letters]


async def test_the_story_goes_as_written(evening: Evening) -> None:
    _begin(evening)
    async with asyncio.timeout(20):
        for mark in (
            "bingley came online",
            "darcy is away",
            "jane is typing",
            "jane wrote",
            "wickham asked",
            "bingley is dnd",
            "darcy is typing",
            "darcy wrote",
            "the server announced",
            "charlotte is xa",
        ):
            await evening.cast.play_until(mark)
    seen = evening.elizabeth.sees()
    away = [one for one in seen if isinstance(one, Presence) and one.show is Show.AWAY]
    assert [(one.from_ and one.from_.bare, one.status()) for one in away] == [(DARCY.jid, "at the ball")]
    (request,) = [one for one in seen if isinstance(one, Presence) and one.type is PresenceType.SUBSCRIBE]
    assert (str(request.from_), request.status()) == ("wickham@meryton.lit", "We met at Mrs. Phillips's.")
    messages = [one for one in seen if isinstance(one, Message)]
    kinds = [(str(one.from_ and one.from_.bare), one.type.value, one.body() is not None) for one in messages]
    assert kinds == [
        ("jane@longbourn.lit", "chat", False),
        ("jane@longbourn.lit", "chat", True),
        ("darcy@pemberley.lit", "chat", False),
        ("darcy@pemberley.lit", "chat", True),
        ("longbourn.lit", "headline", True),
    ]
    assert messages[0].payload(Composing) is not None
    assert not any(isinstance(one, Iq) for one in seen)


async def test_what_elizabeth_reads_elsewhere_is_told_here(realm: Realm, evening: Evening) -> None:
    realm.keeps_archives = True
    evening.elizabeth.come_online("<presence><c xmlns='http://jabber.org/protocol/caps' node='x' ver='v'/></presence>")
    session = evening.elizabeth.session
    session.interests = frozenset({"urn:xmpp:mds:displayed:0+notify"})
    await evening.cast.play_until("lydia wrote")
    await evening.cast.play_until("elizabeth read elsewhere")
    news = next(one for one in evening.messages() if one.payload(PubSubEvent) is not None)
    newest = next(entry for entry in reversed(realm.account(ELIZABETH).archive) if entry.peer == LYDIA.jid)
    assert f'<stanza-id xmlns="urn:xmpp:sid:0" id="{newest.id}"' in serialize(stanza_element(news)).decode()


async def test_the_story_begins_once(evening: Evening) -> None:
    _begin(evening)
    evening.elizabeth.send("<presence><show>away</show></presence>", "<presence/>")
    while evening.cast.step():
        pass
    asked = [one for one in evening.elizabeth.sees() if isinstance(one, Presence) and one.status() == "at the ball"]
    assert len(asked) == 1


async def test_two_evenings_are_the_same(evening: Evening) -> None:
    """The same seed and clock give the same words: screenshots rely on it."""
    realm = Realm(DOMAINS, ManualClock(), Random(1))
    assert isinstance(realm.clock, ManualClock)
    other = Evening(make_cast(realm, StoryTime(realm.clock), Random(1)), Client(realm, f"{ELIZABETH}/desk"))
    told = []
    for one in (evening, other):
        one.elizabeth.send("<presence/>")
        while one.cast.step():
            pass
        one.elizabeth.send("<message to='jane@longbourn.lit' type='chat'><body>Well?</body></message>")
        while one.cast.step():
            pass
        told.append(one.elizabeth.sees_xml())
    assert told[0] == told[1]


async def test_who_is_written_to_types_and_answers(evening: Evening) -> None:
    _begin(evening)
    evening.elizabeth.send("<message to='darcy@pemberley.lit' type='chat' id='m1'><body>Books!</body></message>")
    async with asyncio.timeout(20):
        await evening.cast.wait_for("darcy heard")
        assert evening.messages() == []
        await evening.cast.play_until("darcy is typing")
        (typing,) = [one for one in evening.messages() if one.from_ and one.from_.bare == DARCY.jid]
        assert typing.body() is None
        await evening.cast.play_until("darcy answered")
    answer = evening.messages()[-1]
    assert answer.body() in DARCY.remarks
    assert str(answer.from_) == "darcy@pemberley.lit/library"


async def test_two_messages_in_a_row_get_one_answer(evening: Evening) -> None:
    _begin(evening)
    for text in ("Papa!", "Papa, are you there?"):
        evening.elizabeth.send(f"<message to='bennet@longbourn.lit' type='chat'><body>{text}</body></message>")
    while evening.cast.step():
        pass
    said = [one for one in evening.messages() if one.from_ and one.from_.bare == BENNET.jid and one.body() is not None]
    assert len(said) == 1


async def test_no_answer_comes_twice_before_all_have_come(evening: Evening) -> None:
    _begin(evening)
    told = []
    async with asyncio.timeout(20):
        for _ in range(2 * len(JANE.answers)):
            evening.elizabeth.send("<message to='jane@longbourn.lit' type='chat'><body>Why?</body></message>")
            await evening.cast.play_until("jane answered")
            told += [body for one in evening.messages() if (body := one.body()) in JANE.answers]
    half = len(JANE.answers)
    assert set(told[:half]) == set(told[half:]) == set(JANE.answers)


async def test_jane_reacts_once_to_what_she_is_told(evening: Evening) -> None:
    _begin(evening)
    for key in ("m1", "m2"):
        evening.elizabeth.send(f"<message to='jane@longbourn.lit' type='chat' id='{key}'><body>Jane!</body></message>")
    while evening.cast.step():
        pass
    found = [one for one in evening.messages() if one.payload(Reactions) is not None]
    assert [(one.payload(Reactions), one.body()) for one in found] == [(Reactions("m1", ("❤️",)), None)]


async def test_messages_to_a_sleeper_come_back_with_the_reason(evening: Evening) -> None:
    _begin(evening)
    evening.elizabeth.send("<message to='hurst@netherfield.lit' type='chat' id='m1'><body>Cards?</body></message>")
    (error,) = evening.messages()
    assert error.error is not None
    assert (error.id, error.type.value, error.error.condition.value) == ("m1", "error", "recipient-unavailable")
    assert "asleep" in (error.error.text or "")


async def test_whom_elizabeth_asks_approves_after_a_moment(realm: Realm, evening: Evening) -> None:
    _begin(evening)
    georgiana = BareJID.parse("georgiana@pemberley.lit")
    evening.elizabeth.send("<presence to='georgiana@pemberley.lit' type='subscribe'/>")
    assert realm.account(ELIZABETH).roster[georgiana].state is Subscription.NONE_PENDING_OUT
    async with asyncio.timeout(20):
        await evening.cast.play_until("georgiana approved")
    assert realm.account(ELIZABETH).roster[georgiana].state is Subscription.TO_PENDING_IN
    evening.elizabeth.send("<presence to='georgiana@pemberley.lit' type='subscribed'/>")
    assert realm.account(ELIZABETH).roster[georgiana].state is Subscription.BOTH
    async with asyncio.timeout(20):
        await evening.cast.play_until("georgiana wrote")
    assert realm.account(georgiana).roster[ELIZABETH].state is Subscription.BOTH


async def test_who_sees_elizabeth_already_does_not_ask_again(realm: Realm, evening: Evening) -> None:
    _begin(evening)
    evening.elizabeth.send(f"<presence to='{COLLINS.jid}' type='subscribe'/>")
    async with asyncio.timeout(20):
        await evening.cast.play_until("collins approved")
    assert realm.account(ELIZABETH).roster[COLLINS.jid].state is Subscription.BOTH
    answers = [one for one in evening.cast.collins.inbox if isinstance(one, Presence)]
    assert PresenceType.SUBSCRIBED not in [one.type for one in answers]


async def test_lady_catherine_never_answers(realm: Realm, evening: Evening) -> None:
    _begin(evening)
    while evening.cast.step():
        pass
    catherine = BareJID.parse("catherine@rosings.lit")
    assert realm.account(ELIZABETH).roster[catherine].state is Subscription.NONE_PENDING_OUT


async def test_actors_answer_requests(evening: Evening) -> None:
    _begin(evening)
    to = "to='darcy@pemberley.lit/library'"
    evening.elizabeth.send(
        f"<iq type='get' id='1' {to}><query xmlns='jabber:iq:version'/></iq>",
        f"<iq type='get' id='2' {to}><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
        f"<iq type='get' id='3' {to}><ping xmlns='urn:xmpp:ping'/></iq>",
        f"<iq type='get' id='4' {to}><time xmlns='urn:xmpp:time'/></iq>",
        f"<iq type='get' id='5' {to}><query xmlns='urn:example:unknown'/></iq>",
    )
    answers = evening.elizabeth.sees()
    assert [one.id for one in answers] == ["1", "2", "3", "4", "5"]
    assert [one.error.condition.value for one in answers if one.error is not None] == ["service-unavailable"]


async def test_mark_is_used_up_by_waiting_for_it(evening: Evening) -> None:
    stage = evening.cast.stage
    stage.mark("it rained")
    stage.mark("it rained")
    async with asyncio.timeout(20):
        await stage.wait_for("it rained")
        await stage.wait_for("it rained")
        third = asyncio.ensure_future(stage.wait_for("it rained"))
        await asyncio.sleep(0)
        assert not third.done()
        stage.mark("it rained")
        await third


# --- the demo ---


@pytest.fixture
async def demo_client() -> AsyncGenerator[WireClient]:
    demo = await start_demo()
    account = demo.account
    assert account.host is not None
    assert account.port is not None
    assert account.ca_file is not None
    policy = TlsPolicy(account.jid.domain, ca_file=Path(account.ca_file))
    login = Credentials(account.jid.local or "", Password(demo.password))
    transport = await dial(account.host, account.port)
    async with WireClient(transport, policy, InitiatorConfig(DOMAIN, account.jid), login) as client:
        yield client
    await demo.close()
    assert not Path(account.ca_file).exists()  # noqa: ASYNC240


async def test_the_demo_lets_its_account_in_with_what_it_says(demo_client: WireClient) -> None:
    async with asyncio.timeout(20):
        assert (await demo_client.log_in()).bare == ELIZABETH
        demo_client.send("<presence/>")
        while not isinstance(letter := await demo_client.stanza(), Message):
            pass
        assert letter.payload(Delay) is not None


# --- time ---


async def test_real_time_forgets_what_has_not_happened() -> None:
    schedule = RealTime()
    happened = asyncio.Event()
    schedule.after(0.0, happened.set)
    assert not schedule.step()
    async with asyncio.timeout(20):
        await happened.wait()
    forgotten = asyncio.Event()
    schedule.after(0.0, forgotten.set)
    schedule.close()
    later = asyncio.Event()
    schedule.after(0.0, later.set)
    async with asyncio.timeout(20):
        await later.wait()
    assert not forgotten.is_set()


def test_story_time_goes_from_event_to_event() -> None:
    clock = ManualClock()
    schedule = StoryTime(clock)
    happened: list[float] = []
    for due in (5.0, 1.0, 3.0):
        schedule.after(due, lambda: happened.append(clock.monotonic()))
    assert schedule.step()
    schedule.advance(3.0)
    assert happened == [1.0, 3.0]
    assert clock.monotonic() == 4.0
    schedule.close()
    assert not schedule.step()
