"""The server's side of SASL2, Bind 2, inline resumption and tokens: both roles together, and clients that misbehave."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.wire import (
    ACCOUNT,
    ConnectionPair,
    Transcript,
    counting_ids,
    credentials,
    initiator_config,
    receiver_config,
)
from tui_xmpp.clock import ManualClock
from tui_xmpp.xmpp.config import Sasl2Allowance, Sasl2Wish, TlsMode
from tui_xmpp.xmpp.connection import Connection
from tui_xmpp.xmpp.element import build
from tui_xmpp.xmpp.events import (
    Acknowledged,
    Authenticated,
    BindWanted,
    Bound,
    Event,
    Resumed,
    ResumeWanted,
    ResumptionFailed,
    StanzaReceived,
    StreamClosed,
    StreamFailed,
    TokenReceived,
    TokenRefused,
)
from tui_xmpp.xmpp.inline import ArchiveEnd, ArchiveMetadata, ArchiveStart, UserAgent
from tui_xmpp.xmpp.sasl import ChannelBinding, FastToken, MemoryTokens
from tui_xmpp.xmpp.stanza import Body, Message, Presence
from tui_xmpp.xmpp.stanza_errors import ErrorCondition
from tui_xmpp.xmpp.stream_machine import Phase
from tui_xmpp.xmpp.stream_management import ResumptionState, StreamManagementAllowance, StreamManagementWish

AGENT = UserAgent("d4565fa7-4d72-4749-b3d3-740edbf87770", "tui_xmpp", None)
BINDING = ChannelBinding({"tls-exporter": bytes(range(32)), "tls-server-end-point": b"hash"}, "TLSv1.3")
WISH = Sasl2Wish(AGENT, "tui", is_inactive=True, wants_token=True)
OPENING = (
    "<?xml version='1.0'?><stream:stream from='juliet@im.example.com' to='im.example.com' version='1.0' "
    "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
)
JULIET = "AGp1bGlldAByMG0zMG15cjBtMzA="


def message(id_: str) -> Message:
    return Message(id=id_).with_payloads(Body("x"))


class House:
    """A server that lasts over several connections: its tokens, its kept sessions, its clock."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.tokens = MemoryTokens(self.clock.now)
        self.sessions: dict[str, ResumptionState] = {}
        self.ids = counting_ids("s")

    def connect(
        self,
        *,
        token: FastToken | None = None,
        state: ResumptionState | None = None,
        wish: Sasl2Wish | None = WISH,
        cut: Callable[[bytes], Iterable[bytes]] = lambda data: (data,),
        **server: object,
    ) -> ConnectionPair:
        pair = ConnectionPair(
            initiator_config(
                tls_mode=TlsMode.DIRECT,
                clock=self.clock,
                sasl2=wish,
                stream_management=StreamManagementWish(),
                resumption=state,
                make_nonce=lambda: "oMsTAAwAAAAMAAAANP0TAAAAAABPU0AA",
            ),
            receiver_config(
                **{
                    "tls_mode": TlsMode.DIRECT,
                    "clock": self.clock,
                    "make_id": self.ids,
                    "mechanisms": ("PLAIN",),
                    "sasl2": Sasl2Allowance(tokens=self.tokens),
                    "stream_management": StreamManagementAllowance(),
                    "features": (build("urn:xmpp:csi:0", "csi"),),
                    **server,
                }
            ),
            login=credentials(is_plain_allowed=True, token=token),
            binding=BINDING,
            cut=cut,
        )
        pair.server.sessions = self.sessions
        pair.open()
        return pair

    def lose(self, pair: ConnectionPair) -> ResumptionState:
        """Break the link; keep the session here, and return what the client keeps."""
        for side in (pair.client, pair.server):
            side.connection.receive_eof()
            side.answer()
        theirs, ours = pair.server.connection.resumption_state(), pair.client.connection.resumption_state()
        assert theirs is not None
        assert ours is not None
        self.sessions[theirs.id] = theirs
        return ours


def token_of(pair: ConnectionPair) -> FastToken:
    [event] = [event for event in pair.client.told if isinstance(event, TokenReceived)]
    return event.token


def mechanism_of(pair: ConnectionPair) -> str:
    [name] = [event.mechanism for event in pair.client.told if isinstance(event, Authenticated)]
    return name


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS"])
def test_c_bind2_01_both_roles_settle_everything_in_the_login(mechanism: str) -> None:
    types = ("tls-exporter",) if mechanism.endswith("-PLUS") else None
    pair = House().connect(mechanisms=(mechanism,), channel_binding_types=types)
    for side in (pair.client, pair.server):
        [bound] = [event for event in side.told if isinstance(event, Bound)]
        assert bound.jid == ACCOUNT.with_resource("balcony")
        assert bound.inline is not None
        assert (bound.inline.has_carbons, bound.inline.is_inactive) == (True, True)
        assert side.connection.is_managed
    assert pair.client.connection.features.has_client_state_indication
    [wanted] = [event for event in pair.server.told if isinstance(event, BindWanted)]
    assert wanted == BindWanted(ACCOUNT, None, "tui", AGENT.id)
    assert mechanism_of(pair) == mechanism
    assert token_of(pair).mechanism == "HT-SHA-256-EXPR"
    assert pair.sent_by_client.count(b"<stream:stream") == 1  # no restart


def test_c_fast_02_to_04_a_token_from_its_first_to_its_last_use() -> None:
    house = House()
    first = token_of(house.connect())
    pair = house.connect(token=first)
    assert mechanism_of(pair) == "HT-SHA-256-EXPR"
    assert not pair.client.saw(TokenReceived)
    house.clock.advance(timedelta(days=2).total_seconds())
    token_of(house.connect(token=first))  # lost on its way: the old one goes on until a new one is used
    second = token_of(house.connect(token=first))
    assert second.value.reveal() != first.value.reveal()
    assert mechanism_of(house.connect(token=second)) == "HT-SHA-256-EXPR"
    late = house.connect(token=first)
    assert late.client.saw(TokenRefused)
    assert mechanism_of(late) == "PLAIN"
    third = token_of(late)
    gone = house.connect(token=third, wish=replace(WISH, invalidates_token=True))
    assert mechanism_of(gone) == "HT-SHA-256-EXPR"
    assert not gone.client.saw(TokenReceived)
    assert mechanism_of(house.connect(token=third)) == "PLAIN"


def test_c_fast_03_an_expired_token_costs_one_round_trip_more() -> None:
    house = House()
    token = token_of(house.connect())
    house.clock.advance(timedelta(days=22).total_seconds())
    pair = house.connect(token=replace(token, expiry=None))  # a client whose clock is wrong
    [refused] = [event for event in pair.client.told if isinstance(event, TokenRefused)]
    assert refused.condition == "credentials-expired"
    assert mechanism_of(pair) == "PLAIN"


def test_s_30_a_token_of_another_installation_is_refused() -> None:
    house = House()
    token = token_of(house.connect())
    other = replace(WISH, user_agent=UserAgent("00000000-0000-4000-8000-000000000000"))
    assert house.connect(token=token, wish=other).client.saw(TokenRefused)


def test_one_round_trip_from_tls_to_a_resumed_session() -> None:
    house = House()
    pair = house.connect()
    token = token_of(pair)
    pair.client.connection.send(message("a"))
    pair.server.connection.send(message("b"))
    kept = house.lose(pair)
    again = house.connect(token=token, state=kept)
    assert not again.client.saw(Bound)
    for side, lost in ((again.client, "b"), (again.server, "a")):
        [resumed] = [event for event in side.told if isinstance(event, Resumed)]
        assert resumed.jid == ACCOUNT.with_resource("balcony")
        [stanza] = [event.stanza for event in side.told if isinstance(event, StanzaReceived)]
        assert stanza.id == lost
        side.connection.mark_handled()
    again.run()
    assert again.client.saw(Acknowledged)
    assert again.server.saw(Acknowledged)
    # The header, one request; the header with features, one answer: no more was needed.
    assert again.sent_by_client.count(b"urn:xmpp:sasl:2") == 1
    assert b"<stream:features>" not in again.sent_by_server.split(b"<success ")[1]  # XEP-0198 §8.2


def test_c_bind2_01_a_session_that_is_gone_is_replaced_in_the_same_answer() -> None:
    house = House()
    kept = house.lose(house.connect())
    house.sessions.clear()
    again = house.connect(state=kept)
    assert [type(event) for event in again.client.told if isinstance(event, ResumptionFailed | Bound)] == [
        ResumptionFailed,
        Bound,
    ]
    assert again.server.connection.is_managed


def test_a_classic_resumption_without_sasl2() -> None:
    house = House()
    kept = house.lose(house.connect(wish=None))
    again = house.connect(wish=None, state=kept, sasl2=None)
    assert again.client.saw(Resumed)
    assert again.server.saw(Resumed)


@pytest.mark.parametrize("what", ["tokens", "bind", "management"])
def test_what_a_server_does_not_allow_is_not_offered(what: str) -> None:
    allowed: dict[str, object] = {
        "tokens": {"sasl2": Sasl2Allowance()},
        "bind": {"sasl2": Sasl2Allowance(bind_features=None)},
        "management": {"stream_management": None},
    }
    changes = allowed[what]
    assert isinstance(changes, dict)
    pair = House().connect(**changes)
    assert pair.client.connection.phase is Phase.ESTABLISHED
    assert pair.client.saw(TokenReceived) == (what == "management")
    assert pair.client.connection.is_managed == (what != "management")
    [bound] = [event for event in pair.client.told if isinstance(event, Bound)]
    assert (bound.inline is None) == (what == "bind")


# --- one side alone ---


class Server(Transcript):
    def __init__(self, **changes: object) -> None:
        values = {"mechanisms": ("PLAIN",), "sasl2": Sasl2Allowance(), "tls_mode": TlsMode.DIRECT}
        config = receiver_config(
            **{**values, "stream_management": StreamManagementAllowance(), **changes},
        )
        super().__init__(Connection(config))
        self.receives(OPENING)
        self.offer = self.sent()

    def authenticate(self, *children: str, mechanism: str = "PLAIN", initial: str = JULIET) -> list[Event]:
        first = f"<initial-response>{initial}</initial-response>" + "".join(children)
        return self.receives(f"<authenticate xmlns='urn:xmpp:sasl:2' mechanism='{mechanism}'>{first}</authenticate>")


def test_xep_0386_the_offer() -> None:
    tokens = MemoryTokens(ManualClock().now)
    assert Server(sasl2=Sasl2Allowance(tokens=tokens)).offer.endswith(
        '<stream:features><authentication xmlns="urn:xmpp:sasl:2"><mechanism>PLAIN</mechanism><inline>'
        '<bind xmlns="urn:xmpp:bind:0"><inline><feature var="urn:xmpp:carbons:2"/><feature var="urn:xmpp:csi:0"/>'
        '<feature var="urn:xmpp:sm:3"/></inline></bind><sm xmlns="urn:xmpp:sm:3"/>'
        '<fast xmlns="urn:xmpp:fast:0"><mechanism>HT-SHA-256-EXPR</mechanism><mechanism>HT-SHA-256-ENDP</mechanism>'
        "<mechanism>HT-SHA-256-NONE</mechanism></fast></inline></authentication>"
        '<mechanisms xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><mechanism>PLAIN</mechanism></mechanisms>'
        "</stream:features>"
    )


def test_xep_0386_the_answer_to_a_bind() -> None:
    server = Server()
    bind = (
        "<bind xmlns='urn:xmpp:bind:0'><tag>AwesomeXMPP</tag><enable xmlns='urn:xmpp:carbons:2'/>"
        "<enable xmlns='urn:xmpp:sm:3'/><inactive xmlns='urn:xmpp:csi:0'/></bind>"
    )
    agent = "<user-agent id='u'><software>AwesomeXMPP</software></user-agent>"
    assert server.authenticate(agent, bind) == [
        Authenticated("PLAIN", None, ACCOUNT),
        BindWanted(ACCOUNT, None, "AwesomeXMPP", "u"),
    ]
    assert server.sent() == ""
    archive = ArchiveMetadata(
        ArchiveStart("YWxwaGEg", "2008-08-22T21:09:04Z"), ArchiveEnd("b21lZ2Eg", "2020-04-20T14:34:21Z")
    )
    server.connection.accept_bind(ACCOUNT.with_resource("AwesomeXMPP.4232f4d4"), archive)
    assert server.sent() == (
        '<success xmlns="urn:xmpp:sasl:2">'
        "<authorization-identifier>juliet@im.example.com/AwesomeXMPP.4232f4d4</authorization-identifier>"
        '<bound xmlns="urn:xmpp:bind:0"><metadata xmlns="urn:xmpp:mam:2">'
        '<start id="YWxwaGEg" timestamp="2008-08-22T21:09:04Z"/><end id="b21lZ2Eg" timestamp="2020-04-20T14:34:21Z"/>'
        '</metadata><enabled xmlns="urn:xmpp:sm:3"/></bound></success>'
        '<stream:features><sm xmlns="urn:xmpp:sm:3"/></stream:features>'
    )
    bound, _ = server.connection.events()
    assert isinstance(bound, Bound)
    assert bound.inline is not None
    assert bound.inline.archive == archive


def test_xep_0388_a_login_without_requests_is_followed_by_features_and_a_bind() -> None:
    server = Server()
    server.authenticate()
    assert server.sent() == (
        '<success xmlns="urn:xmpp:sasl:2"><authorization-identifier>juliet@im.example.com</authorization-identifier>'
        '</success><stream:features><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/><sm xmlns="urn:xmpp:sm:3"/>'
        "</stream:features>"
    )
    [wanted] = server.receives("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
    assert wanted == BindWanted(ACCOUNT, None)
    server.connection.accept_bind(ACCOUNT.with_resource("x"))
    assert [type(event) for event in server.connection.events()] == [Bound]


def test_a_refused_inline_bind_leaves_a_login() -> None:
    server = Server()
    server.authenticate("<bind xmlns='urn:xmpp:bind:0'/>")
    server.connection.refuse_bind(ErrorCondition.RESOURCE_CONSTRAINT)
    assert "<bound" not in server.sent()
    assert server.connection.phase is Phase.NEGOTIATING
    assert [type(event) for event in server.receives("<message/>")] == [StreamFailed, StreamClosed]


def test_a_stanza_before_the_resumption_is_decided_is_not_authorized() -> None:
    server = Server()
    resume = "<resume xmlns='urn:xmpp:sm:3' h='0' previd='some-long-sm-id'/>"
    events = server.authenticate(resume)
    assert events[1] == ResumeWanted(ACCOUNT, "some-long-sm-id")
    assert "some-long-sm-id" not in repr(events)
    bind = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
    assert StreamFailed in [type(event) for event in server.receives(bind)]


def test_s_28_a_client_that_acknowledges_too_much_while_resuming_is_sent_away() -> None:
    server = Server()
    server.authenticate("<resume xmlns='urn:xmpp:sm:3' h='5' previd='x'/>")
    server.connection.accept_resume(ResumptionState("x", ACCOUNT.with_resource("y")))
    sent = server.sent()
    assert "<success" not in sent
    assert '<handled-count-too-high xmlns="urn:xmpp:sm:3" h="5" send-count="0"/>' in sent


@pytest.mark.parametrize(
    ("xml", "condition"),
    [
        ("<authenticate xmlns='urn:xmpp:sasl:2' mechanism='X-NONE'/>", "invalid-mechanism"),
        ("<authenticate xmlns='urn:xmpp:sasl:2'/>", "invalid-mechanism"),
        (
            "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>=</initial-response>"
            "</authenticate>",
            "incorrect-encoding",
        ),
        (
            "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>AGp1bGlldAB3cm9uZw=="
            "</initial-response></authenticate>",
            "not-authorized",
        ),
        (
            "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><resume xmlns='urn:xmpp:sm:3'/></authenticate>",
            "malformed-request",
        ),
        ("<authenticate xmlns='urn:xmpp:sasl:2' mechanism='HT-SHA-256-NONE'/>", "invalid-mechanism"),
        ("<abort xmlns='urn:xmpp:sasl:2'/>", "aborted"),
        ("<response xmlns='urn:xmpp:sasl:2'/>", "malformed-request"),
    ],
)
def test_each_failure_has_its_condition_in_this_profile(xml: str, condition: str) -> None:
    server = Server()
    assert server.receives(xml) == []
    assert server.sent() == (
        f'<failure xmlns="urn:xmpp:sasl:2"><{condition} xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/></failure>'
    )


def test_xep_0484_a_token_without_an_installation_is_malformed() -> None:
    server = Server(sasl2=Sasl2Allowance(tokens=MemoryTokens(ManualClock().now)))
    server.authenticate("<fast xmlns='urn:xmpp:fast:0'/>", mechanism="HT-SHA-256-NONE")
    assert "<malformed-request " in server.sent()
    server.authenticate("<fast xmlns='urn:xmpp:fast:0'/>", mechanism="PLAIN")
    assert "<invalid-mechanism " in server.sent()


def test_an_initial_response_may_come_late() -> None:
    server = Server()
    server.receives("<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'/>")
    assert server.sent() == '<challenge xmlns="urn:xmpp:sasl:2"/>'
    assert server.receives(f"<response xmlns='urn:xmpp:sasl:2'>{JULIET}</response>") == [
        Authenticated("PLAIN", None, ACCOUNT)
    ]


def test_xep_0388_a_second_login_on_the_stream_ends_it() -> None:
    server = Server()
    server.authenticate()
    assert StreamFailed in [type(event) for event in server.authenticate()]


def test_sasl2_is_not_taken_where_it_is_not_offered() -> None:
    server = Server(sasl2=None)
    assert "urn:xmpp:sasl:2" not in server.offer
    assert StreamFailed in [type(event) for event in server.authenticate()]


# --- cutting the bytes ---


def whole_session(cut: Callable[[bytes], Iterable[bytes]] = lambda data: (data,)) -> tuple[list[str], list[str]]:
    """Log in, lose the link, resume by token, talk and part; return what both sides were told, as text."""
    house = House()
    first = house.connect(cut=cut)
    first.client.connection.send(message("a"))
    again = house.connect(state=house.lose(first), token=token_of(first), cut=cut)
    again.server.connection.send(Presence(id="p"))
    again.run()
    for side in (again.client, again.server):
        side.connection.mark_handled()
    again.run()
    again.client.connection.close()
    again.run()
    told = [
        [f"{type(event).__name__} {event.stanza.id if isinstance(event, StanzaReceived) else ''}" for event in side]
        for side in (first.client.told + again.client.told, first.server.told + again.server.told)
    ]
    return told[0], told[1]


def test_a_whole_session_split_at_every_byte_tells_the_same() -> None:
    whole = whole_session()
    assert "Resumed " in whole[0]
    assert whole[0][-1] == "StreamClosed "
    assert "Acknowledged " in whole[1]
    lengths: list[int] = []

    def measure(data: bytes) -> Iterable[bytes]:
        lengths.append(len(data))
        return (data,)

    whole_session(measure)
    for number in range(max(lengths)):

        def cut(data: bytes, at: int = number) -> Iterable[bytes]:
            return (data[:at], data[at:])

        assert whole_session(cut) == whole


@pytest.mark.parametrize("size", [1, 3])
def test_a_whole_session_in_small_pieces_tells_the_same(size: int) -> None:
    def cut(data: bytes) -> Iterable[bytes]:
        return (data[start : start + size] for start in range(0, len(data), size))

    assert whole_session(cut) == whole_session()
