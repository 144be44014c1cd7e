"""XEP-0198: the counts and the queue, on the stream and alone, as XML in and XML out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.support.wire import (
    ConnectionPair,
    Side,
    Transcript,
    counting_ids,
    credentials,
    initiator_config,
    receiver_config,
)
from tui_xmpp.clock import ManualClock
from tui_xmpp.jid import FullJID
from tui_xmpp.xmpp.config import Sasl2Allowance, Sasl2Wish, TlsMode
from tui_xmpp.xmpp.connection import Connection, ConnectionStateError, UnackedQueueFullError
from tui_xmpp.xmpp.events import (
    Acknowledged,
    Bound,
    Event,
    NonzaReceived,
    Resumed,
    ResumptionFailed,
    StanzaReceived,
    StreamClosed,
    StreamFailed,
    StreamManagementEnabled,
    StreamManagementRefused,
)
from tui_xmpp.xmpp.inline import UserAgent
from tui_xmpp.xmpp.sasl import ChannelBinding
from tui_xmpp.xmpp.stanza import Body, Iq, IqType, Message, Presence, Stanza
from tui_xmpp.xmpp.stanza_errors import ErrorCondition
from tui_xmpp.xmpp.stream_errors import HostPort
from tui_xmpp.xmpp.stream_machine import Phase
from tui_xmpp.xmpp.stream_management import (
    MODULUS,
    AckPolicy,
    Enabled,
    HandledCountError,
    ResumptionState,
    StreamManagement,
    StreamManagementAllowance,
    StreamManagementWish,
    UnackedStanza,
)

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
JID = FullJID.parse("juliet@im.example.com/balcony")
SM = "xmlns='urn:xmpp:sm:3'"
SM_OUT = 'xmlns="urn:xmpp:sm:3"'
HEADER = (
    "<?xml version='1.0'?><stream:stream from='im.example.com' id='1' version='1.0' xmlns='jabber:client' "
    "xmlns:stream='http://etherx.jabber.org/streams'>"
)
MECHANISMS = (
    "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>"
    "</stream:features>"
)
SUCCESS = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"
# XEP-0198, example 1
FEATURES = f"<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm {SM}/></stream:features>"
BIND_RESULT = f"<iq id='c1' type='result'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>{JID}</jid></bind></iq>"
REQUEST_OUT = f"<r {SM_OUT}/>"


@cache
def message(id_: str) -> Message:
    return Message(id=id_).with_payloads(Body("x"))


def ids(stanzas: Iterable[Stanza]) -> list[str | None]:
    return [stanza.id for stanza in stanzas]


def state(*unacked: str, handled: int = 0, acked: int = 0) -> ResumptionState:
    kept = tuple(UnackedStanza(message(id_), NOW) for id_ in unacked)
    return ResumptionState("some-long-sm-id", JID, handled, acked, kept, 300, HostPort("2001:41D0:1:A49b::1", 9222))


class Client(Transcript):
    """A client that wishes for stream management; ``enabled`` is past example 5 of XEP-0198."""

    def __init__(self, **changes: object) -> None:
        wish = {"stream_management": StreamManagementWish(), "clock": ManualClock(NOW), "tls_mode": TlsMode.DIRECT}
        super().__init__(Connection(initiator_config(**{**wish, **changes})))

    def authenticated(self) -> Client:
        self.receives(HEADER, MECHANISMS)
        self.connection.offer_credentials(credentials(is_plain_allowed=True))
        self.receives(SUCCESS, HEADER)
        self.sent()
        return self

    def bound(self) -> Client:
        self.authenticated().receives(FEATURES, BIND_RESULT)
        return self

    def enabled(self, attributes: str = "id='some-long-sm-id' resume='true'") -> Client:
        self.bound().receives(f"<enabled {SM} {attributes}/>")
        self.sent()
        return self


# --- enabling ---


def test_x_198_03_one_enable_after_bind_and_the_session_begins_at_once() -> None:
    client = Client().authenticated()
    [bound] = client.receives(FEATURES, BIND_RESULT)
    assert isinstance(bound, Bound)
    assert client.sent().endswith(f'<enable {SM_OUT} resume="true"/>')
    assert client.receives(
        f"<enabled {SM} id='some-long-sm-id' location='[2001:41D0:1:A49b::1]:9222' max='300' resume='true'/>"
    ) == [StreamManagementEnabled(True, 300, HostPort("2001:41D0:1:A49b::1", 9222))]
    assert client.connection.is_managed


def test_nothing_is_enabled_unless_wished_for_or_offered() -> None:
    unwished = Client(stream_management=None).bound()
    assert "<enable" not in unwished.sent()
    unoffered = Client().authenticated()
    unoffered.receives(FEATURES.replace(f"<sm {SM}/>", ""), BIND_RESULT)
    assert "<enable" not in unoffered.sent()
    for client in (unwished, unoffered):
        assert [type(event) for event in client.receives(f"<r {SM}/>")] == [NonzaReceived]
        assert client.connection.resumption_state() is None
        assert client.connection.has_room
        with pytest.raises(ConnectionStateError):
            client.connection.request_ack()


def test_the_wish_says_for_how_long() -> None:
    wish = StreamManagementWish(is_resumable=False, max_seconds=60)
    assert Client(stream_management=wish).bound().sent().endswith(f'<enable {SM_OUT} max="60"/>')


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("", StreamManagementEnabled(False, None, None)),
        ("id='x'", StreamManagementEnabled(False, None, None)),
        ("resume='true'", StreamManagementEnabled(False, None, None)),
        ("id='x' resume='1' max='-1' location='::'", StreamManagementEnabled(True, None, None)),
        (f"id='{'x' * 4000}' resume='1'", StreamManagementEnabled(True, None, None)),
        (f"id='{'x' * 4001}' resume='1'", StreamManagementEnabled(False, None, None)),
        (f"id='{'🌹' * 1001}' resume='1'", StreamManagementEnabled(False, None, None)),
        ("id='x' resume='1' max='9999999999'", StreamManagementEnabled(True, None, None)),
        ("id='x' resume='1' max='999999999'", StreamManagementEnabled(True, 999999999, None)),
        ("id='x' resume='1' max='٣'", StreamManagementEnabled(True, None, None)),
    ],
)
def test_x_198_03_only_a_usable_id_can_be_resumed(attributes: str, expected: StreamManagementEnabled) -> None:
    client = Client().bound()
    assert client.receives(f"<enabled {SM} {attributes}/>") == [expected]
    assert (client.connection.resumption_state() is not None) == expected.is_resumable


def test_a_refusal_leaves_the_stream_as_it_is() -> None:
    """XEP-0198, example 6."""
    client = Client().bound()
    client.connection.send(message("a"))
    client.sent()
    refused = f"<failed {SM}><unexpected-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>"
    assert client.receives(refused) == [StreamManagementRefused(ErrorCondition.UNEXPECTED_REQUEST)]
    client.connection.send(message("b"))
    assert client.sent() == '<message id="b"><body>x</body></message>'
    assert client.connection.unacked == ()


# --- outbound: what is acknowledged ---


def test_x_198_01_what_is_sent_after_enable_counts_and_is_asked_about_once_granted() -> None:
    """XEP-0198, example 8: the message goes before ``<enabled/>`` comes."""
    client = Client().bound()
    client.connection.send(message("a"))
    assert client.sent().endswith("</message>")
    client.receives(f"<enabled {SM}/>")
    assert client.sent() == REQUEST_OUT
    assert client.receives(f"<a {SM} h='1'/>") == [Acknowledged((message("a"),))]


def test_x_198_02_each_burst_is_followed_by_one_request() -> None:
    """XEP-0198, example 17, with the burst this program sends at once."""
    client = Client().enabled()
    for number in range(5):
        client.connection.send(message(str(number)))
    assert client.sent().count(REQUEST_OUT) == 1
    assert client.sent() == ""
    [acknowledged] = client.receives(f"<a {SM} h='5'/>")
    assert isinstance(acknowledged, Acknowledged)
    assert ids(acknowledged.stanzas) == ["0", "1", "2", "3", "4"]
    client.connection.send(Presence())
    assert client.sent().endswith(REQUEST_OUT)
    [acknowledged] = client.receives(f"<a {SM} h='6'/>")
    assert acknowledged == Acknowledged((Presence(),))


def test_x_198_02_while_a_request_is_unanswered_the_next_comes_after_a_while() -> None:
    client = Client(stream_management=StreamManagementWish(policy=AckPolicy(request_every=3))).enabled()
    asked = []
    for number in range(8):
        client.connection.send(message(str(number)))
        asked.append(REQUEST_OUT in client.sent())
    assert asked == [True, False, False, True, False, False, True, False]
    client.receives(f"<a {SM} h='1'/>")
    assert client.sent() == REQUEST_OUT


def test_x_198_02_an_answer_may_say_nothing_new_and_an_ack_may_come_unasked() -> None:
    client = Client().enabled()
    client.connection.send(message("a"))
    client.connection.send(message("b"))
    assert client.receives(f"<a {SM} h='0'/>") == []
    assert client.receives(f"<a {SM} h='1'/>") == [Acknowledged((message("a"),))]
    assert ids(one.stanza for one in client.connection.unacked) == ["b"]


def test_only_stanzas_count() -> None:
    client = Client().enabled()
    client.connection.keepalive()
    client.connection.request_ack()
    client.connection.mark_handled(0)
    assert client.sent() == f" {REQUEST_OUT}"
    assert client.receives(f"<a {SM} h='0'/>") == []
    assert client.connection.unacked == ()


@pytest.mark.parametrize("h", ["10", "0", "4294967295", "4294967304", "-1"])
def test_s_28_acknowledging_too_much_or_less_than_before_ends_the_stream(h: str) -> None:
    """XEP-0198, example 16: eight were sent."""
    client = Client().enabled()
    for number in range(8):
        client.connection.send(message(str(number)))
    client.receives(f"<a {SM} h='7'/>")
    client.sent()
    failed, closed = client.receives(f"<a {SM} h='{h}'/>")
    assert isinstance(failed, StreamFailed)
    assert isinstance(closed, StreamClosed)
    assert client.sent() == (
        '<stream:error><undefined-condition xmlns="urn:ietf:params:xml:ns:xmpp-streams"/>'
        f'<handled-count-too-high {SM_OUT} h="{h}" send-count="8"/></stream:error></stream:stream>'
    )
    assert client.connection.resumption_state() is None
    assert ids(one.stanza for one in client.connection.unacked) == ["7"]


@pytest.mark.parametrize("h", ["", "h='x'", "h=''", "h='1.0'"])
def test_s_28_an_unreadable_count_ends_the_stream(h: str) -> None:
    [failed, _] = Client().enabled().receives(f"<a {SM} {h}/>")
    assert isinstance(failed, StreamFailed)
    assert failed.condition == "bad-format"


def test_x_198_06_the_queue_is_bounded_and_says_when_there_is_room() -> None:
    client = Client(stream_management=StreamManagementWish(policy=AckPolicy(max_unacked=2))).enabled()
    client.connection.send(message("a"))
    client.connection.send(message("b"))
    room = [client.connection.has_room]
    with pytest.raises(UnackedQueueFullError):
        client.connection.send(message("c"))
    assert '"c"' not in client.sent()
    client.receives(f"<a {SM} h='1'/>")
    room.append(client.connection.has_room)
    assert room == [False, True]
    client.connection.send(message("c"))
    assert ids(one.stanza for one in client.connection.unacked) == ["b", "c"]


# --- inbound: what is safe here ---


def test_x_198_02_a_request_is_answered_at_once_with_what_is_safe() -> None:
    client = Client().enabled()
    client.receives("<message/><presence/><iq type='get' id='1'><x xmlns='y'/></iq>")
    client.receives(f"<r {SM}/>")
    assert client.sent() == f'<a {SM_OUT} h="0"/>'
    client.connection.mark_handled()
    assert client.sent() == ""
    client.connection.mark_handled(2)
    assert client.sent() == f'<a {SM_OUT} h="3"/>'  # what was owed since the request
    client.receives("<message/>")
    client.connection.mark_handled()
    assert client.sent() == ""
    client.receives(f"<r {SM}/>")
    assert client.sent() == f'<a {SM_OUT} h="4"/>'


def test_x_198_01_what_came_before_enabled_does_not_count_however_late_it_is_handled() -> None:
    client = Client().bound()
    client.receives("<presence/><presence/>", f"<enabled {SM}/>", "<message/>")
    client.sent()
    for safe in (0, 0, 1):
        client.connection.mark_handled()
        client.receives(f"<r {SM}/>")
        assert client.sent().endswith(f'<a {SM_OUT} h="{safe}"/>')


def test_marking_more_than_came_is_a_bug_of_the_caller() -> None:
    client = Client().enabled()
    client.receives("<message/>")
    with pytest.raises(ConnectionStateError):
        client.connection.mark_handled(2)
    with pytest.raises(ConnectionStateError):
        client.connection.mark_handled(-1)
    client.connection.mark_handled(1)
    with pytest.raises(ConnectionStateError):
        client.connection.mark_handled(1)


def test_s_28_a_flood_of_requests_is_answered_one_by_one_and_keeps_nothing() -> None:
    client = Client().enabled()
    client.receives(f"<r {SM}/>" * 1000)
    assert client.sent() == f'<a {SM_OUT} h="0"/>' * 1000


# --- ends ---


def test_c_str_12_a_polite_close_says_first_what_is_safe_and_ends_the_session() -> None:
    client = Client().enabled()
    client.receives("<message/>")
    client.connection.mark_handled()
    client.connection.send(message("a"))
    client.sent()
    client.connection.close()
    assert client.sent() == f'<a {SM_OUT} h="1"/></stream:stream>'
    assert client.connection.resumption_state() is None
    # What comes before the server's own end still counts, and nothing is written any more.
    assert client.receives(f"<r {SM}/><a {SM} h='1'/><message/>")[0] == Acknowledged((message("a"),))
    client.connection.mark_handled()
    assert client.sent() == ""


def test_c_str_12_nothing_is_written_after_the_closing_tag() -> None:
    client = Client().enabled()
    client.receives("<message/>", f"<r {SM}/>")  # owed an answer that will come too late
    client.sent()
    client.connection.send(message("a"))
    client.connection.close()
    assert client.sent().endswith("</stream:stream>")
    client.connection.mark_handled()
    assert client.sent() == ""


def test_c_str_13_a_broken_stream_can_be_resumed() -> None:
    client = Client().enabled("id='some-long-sm-id' resume='true' max='300'")
    client.connection.send(message("a"))
    client.receives("<message/><message/>")
    client.connection.mark_handled()
    client.connection.receive_eof()
    kept = client.connection.resumption_state()
    assert kept == ResumptionState("some-long-sm-id", JID, 1, 0, (UnackedStanza(message("a"), NOW),), 300)


@pytest.mark.parametrize(
    ("ending", "is_resumable"),
    [
        ("</stream:stream>", False),
        ("<!-- not allowed -->", False),
        ("<unknown/>", False),
        # Servers end a silent stream so, and keep its session.
        (
            "<stream:error><connection-timeout xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
            "</stream:stream>",
            True,
        ),
    ],
)
def test_c_str_12_a_session_that_either_side_has_closed_is_over(ending: str, is_resumable: bool) -> None:
    client = Client().enabled()
    client.receives(ending)
    assert client.connection.phase is Phase.CLOSED
    assert (client.connection.resumption_state() is not None) == is_resumable


# --- resumption on a classic stream ---


def test_x_198_04_resume_instead_of_bind_and_send_again_what_may_be_lost() -> None:
    """XEP-0198, examples 12 and 13."""
    client = Client(resumption=state("a", "b", "c", handled=9, acked=4)).authenticated()
    assert client.receives(FEATURES) == []
    assert client.sent() == f'<resume {SM_OUT} h="9" previd="some-long-sm-id"/>'
    [resumed] = client.receives(f"<resumed {SM} h='6' previd='some-long-sm-id'/>")
    assert isinstance(resumed, Resumed)
    assert (resumed.jid, resumed.h) == (JID, 6)
    assert (ids(resumed.acknowledged), ids(resumed.resent)) == (["a", "b"], ["c"])
    assert resumed.features.has_stream_management
    assert client.sent() == f'<message id="c"><body>x</body></message>{REQUEST_OUT}'
    assert client.connection.jid == JID
    assert client.connection.stanzas_sent == 1
    # The counts go on where they were.
    client.receives("<message/>")
    client.connection.mark_handled()
    client.receives(f"<r {SM}/>")
    assert client.sent() == f'<a {SM_OUT} h="10"/>'
    assert client.receives(f"<a {SM} h='7'/>") == [Acknowledged((message("c"),))]
    kept = client.connection.resumption_state()
    assert kept is not None
    assert (kept.handled, kept.acked, kept.max_seconds, kept.location) == (10, 7, 300, state().location)


def test_x_198_04_a_failed_resumption_tells_what_may_be_lost_and_binds() -> None:
    """XEP-0198, example 14."""
    client = Client(resumption=state("a", "b", acked=4)).authenticated()
    client.receives(FEATURES)
    client.sent()
    [failed] = client.receives(
        f"<failed {SM} h='5'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>"
    )
    assert failed == ResumptionFailed(
        ErrorCondition.ITEM_NOT_FOUND, 5, (message("a"),), (UnackedStanza(message("b"), NOW),)
    )
    assert "xmpp-bind" in client.sent()
    client.receives(BIND_RESULT)
    assert client.sent() == f'<enable {SM_OUT} resume="true"/>'
    assert client.connection.unacked == ()


@pytest.mark.parametrize("h", ["", "h='3'", "h='7'"])
def test_x_198_04_a_failure_without_a_usable_count_loses_none(h: str) -> None:
    client = Client(resumption=state("a", "b", acked=4)).authenticated()
    [failed] = client.receives(FEATURES, f"<failed {SM} {h}/>")
    assert isinstance(failed, ResumptionFailed)
    assert failed.h is None
    assert (failed.acknowledged, ids(one.stanza for one in failed.unacked)) == ((), ["a", "b"])


@pytest.mark.parametrize("h", ["3", "7"])
def test_s_28_an_impossible_count_in_resumed_ends_the_stream_and_the_session(h: str) -> None:
    client = Client(resumption=state("a", "b", acked=4)).authenticated()
    client.receives(FEATURES)
    client.sent()
    failed, *_ = client.receives(f"<resumed {SM} h='{h}' previd='some-long-sm-id'/>")
    assert isinstance(failed, ResumptionFailed)
    assert ids(one.stanza for one in failed.unacked) == ["a", "b"]
    assert f'<handled-count-too-high {SM_OUT} h="{h}" send-count="6"/>' in client.sent()
    assert client.connection.resumption_state() is None


@pytest.mark.parametrize("answer", [f"<resumed {SM} h='0' previd='other'/>", f"<resumed {SM}/>", "<message/>"])
def test_what_is_no_answer_to_resume_ends_the_stream(answer: str) -> None:
    client = Client(resumption=state()).authenticated()
    [failed, _] = client.receives(FEATURES, answer)
    assert isinstance(failed, StreamFailed)


def test_a_server_without_the_feature_is_not_asked_to_resume() -> None:
    client = Client(resumption=state("a")).authenticated()
    client.receives(FEATURES.replace(f"<sm {SM}/>", ""))
    assert "xmpp-bind" in client.sent()


# --- the state ---


def test_x_198_06_the_state_survives_a_restart_of_the_program() -> None:
    kept = state("a", "b", handled=7, acked=3)
    read = ResumptionState.from_dict(json.loads(json.dumps(kept.to_dict())))
    assert read is not None
    assert (read.id, read.jid, read.handled, read.acked) == (kept.id, kept.jid, 7, 3)
    assert (read.max_seconds, read.location) == (kept.max_seconds, kept.location)
    assert [(one.stanza.id, one.sent_at) for one in read.unacked] == [("a", NOW), ("b", NOW)]
    first = read.unacked[0].stanza
    assert isinstance(first, Message)
    assert first.body() == "x"


@pytest.mark.parametrize(
    "change",
    [
        {"id": None, "jid": "juliet@im.example.com"},
        {"handled": -1},
        {"handled": "7"},
        {"acked": MODULUS},
        {"acked": True},
        {"unacked": "none"},
        {"unacked": [["<message", "2026-01-01T12:00:00+00:00"]]},
        {"unacked": [["<message xmlns='jabber:client'/>", "yesterday"]]},
        {"unacked": [["<other/>", "2026-01-01T12:00:00+00:00"]]},
        {"unacked": [1]},
    ],
)
def test_a_damaged_state_is_nothing_to_resume(change: dict[str, object]) -> None:
    assert ResumptionState.from_dict({**state("a").to_dict(), **change}) is None
    assert ResumptionState.from_dict({}) is None


def test_a_state_of_a_server_that_named_neither_place_nor_time_survives_too() -> None:
    bare = replace(state("a"), location=None, max_seconds=None)
    read = ResumptionState.from_dict(bare.to_dict())
    assert read is not None
    assert read.to_dict() == bare.to_dict()
    assert (read.location, read.max_seconds) == (None, None)
    odd = ResumptionState.from_dict({**bare.to_dict(), "max_seconds": "long"})
    assert odd is not None
    assert odd.max_seconds is None


def test_s_30_the_id_and_what_was_written_are_never_shown() -> None:
    shown = repr(state("a")) + repr(state("a").unacked[0])
    assert "some-long-sm-id" not in shown
    assert "body" not in shown


def test_a_state_can_be_kept_up_to_date_without_a_stream() -> None:
    kept = state("a", handled=MODULUS - 1)
    assert kept.with_handled(3).handled == 2
    later = kept.with_unacked(UnackedStanza(message("b"), NOW))
    assert ids(one.stanza for one in later.unacked) == ["a", "b"]


# --- the machine alone ---


def test_x_198_04_where_what_was_sent_is_not_known_any_more_the_peers_count_is_taken_as_it_is() -> None:
    machine = StreamManagement.resumed(AckPolicy(), lambda: NOW, replace(state(), acked=None, unacked=()))
    assert machine.acknowledge(7) == ()
    machine.sent(message("a"))
    assert machine.count == 8
    assert ids(machine.acknowledge(8)) == ["a"]


def test_x_198_02_what_was_not_safe_when_it_was_asked_about_is_owed_once_it_is() -> None:
    machine = StreamManagement.resumed(AckPolicy(), lambda: NOW, state())
    assert machine.answer(2, 2).h == 2
    assert machine.owed(2) is None
    assert machine.answer(3, 2).h == 2
    assert machine.owed(2) is None
    owed = machine.owed(3)
    assert owed is not None
    assert owed.h == 3
    assert machine.owed(3) is None


@pytest.mark.parametrize("h", [-1, MODULUS, MODULUS + 1])
def test_s_28_a_count_out_of_its_range_is_none(h: int) -> None:
    machine = StreamManagement(AckPolicy(), lambda: NOW)
    machine.sent(message("a"))
    with pytest.raises(HandledCountError):
        machine.acknowledge(h)


def test_x_198_01_the_counts_wrap_at_2_32() -> None:
    machine = StreamManagement.resumed(AckPolicy(), lambda: NOW, state("a", handled=MODULUS - 2, acked=MODULUS - 2))
    machine.sent(message("b"))
    machine.sent(message("c"))
    assert ids(machine.acknowledge(MODULUS - 1)) == ["a"]
    assert ids(machine.acknowledge(1)) == ["b", "c"]
    assert machine.acknowledge(1) == ()
    with pytest.raises(HandledCountError) as raised:
        machine.acknowledge(MODULUS - 1)
    assert (raised.value.h, raised.value.sent) == (MODULUS - 1, 1)
    assert f"acknowledged {MODULUS - 1} stanzas, but 1 were sent" in str(raised.value)
    assert [machine.handled(marked) for marked in range(4)] == [MODULUS - 2, MODULUS - 1, 0, 1]


@given(st.integers(0, MODULUS - 1), st.integers(0, 20), st.integers(-5, MODULUS + 5))
@settings(max_examples=200)
def test_s_28_only_counts_between_the_last_and_what_was_sent_are_taken(start: int, sent: int, h: int) -> None:
    machine = StreamManagement.resumed(AckPolicy(), lambda: NOW, state(acked=start))
    for number in range(sent):
        machine.sent(message(str(number)))
    possible = [(start + number) % MODULUS for number in range(sent + 1)]
    if h in possible:
        assert ids(machine.acknowledge(h)) == [str(number) for number in range(possible.index(h))]
        assert len(machine.unacked) == sent - possible.index(h)
    else:
        with pytest.raises(HandledCountError):
            machine.acknowledge(h)
        assert len(machine.unacked) == sent


def test_before_both_have_agreed_nothing_is_asked() -> None:
    machine = StreamManagement(AckPolicy(), lambda: NOW)
    machine.sent(message("a"))
    assert not machine.is_request_due()
    machine.begin(0, Enabled())
    assert machine.is_request_due()


# --- the receiver (for the loopback) ---


def pair(client: dict[str, object] | None = None, server: dict[str, object] | None = None) -> ConnectionPair:
    made = ConnectionPair(
        initiator_config(**{"stream_management": StreamManagementWish(), **(client or {})}),
        receiver_config(
            **{"mechanisms": ("PLAIN",), "stream_management": StreamManagementAllowance(), **(server or {})}
        ),
        login=credentials(is_plain_allowed=True),
    )
    made.open()
    return made


def enabled_event(side: Side) -> StreamManagementEnabled:
    [event] = [event for event in side.told if isinstance(event, StreamManagementEnabled)]
    return event


def test_a_server_grants_what_its_allowance_says() -> None:
    location = HostPort("im2.example.com", 5223)
    made = pair(server={"stream_management": StreamManagementAllowance(max_seconds=90, location=location)})
    assert enabled_event(made.client) == StreamManagementEnabled(True, 90, location)
    assert enabled_event(made.server) == StreamManagementEnabled(True, 90, location)
    ours, theirs = made.client.connection.resumption_state(), made.server.connection.resumption_state()
    assert ours is not None
    assert theirs is not None
    assert (ours.id, ours.jid) == (theirs.id, theirs.jid)


def test_a_server_may_acknowledge_without_keeping_sessions() -> None:
    made = pair(server={"stream_management": StreamManagementAllowance(is_resumable=False)})
    assert made.client.connection.is_managed
    assert made.client.connection.resumption_state() is None


def test_a_server_refuses_a_second_enable_and_a_resumption_after_bind() -> None:
    made = pair()
    for xml in (f"<enable {SM}/>", f"<resume {SM} h='0' previd='x'/>"):
        made.server.connection.receive_data(xml.encode())
        assert "<unexpected-request " in made.server.connection.data_to_send().decode()


def test_a_server_refuses_enable_before_bind_and_a_broken_resume() -> None:
    server = Transcript(
        Connection(
            receiver_config(
                mechanisms=("PLAIN",), tls_mode=TlsMode.DIRECT, stream_management=StreamManagementAllowance()
            )
        )
    )
    opening = HEADER.replace("from=", "to=")
    server.receives(opening)
    login = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGp1bGlldAByMG0zMG15cjBtMzA=</auth>"
    server.receives(login, opening)
    assert f"<sm {SM_OUT}/>" in server.sent()
    server.receives(f"<enable {SM}/>")
    assert server.sent() == (
        f'<failed {SM_OUT}><unexpected-request xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></failed>'
    )
    server.receives(f"<resume {SM} h='0'/>")
    assert "<bad-request " in server.sent()


def test_both_sides_acknowledge_what_they_have_marked() -> None:
    made = pair()
    made.client.connection.send(message("a"))
    made.server.connection.send(message("b"))
    made.run()
    assert not made.client.saw(Acknowledged)
    made.server.connection.mark_handled()
    made.client.connection.mark_handled()
    made.run()
    assert [event for event in made.client.told if isinstance(event, Acknowledged)] == [Acknowledged((message("a"),))]
    assert made.server.saw(Acknowledged)


def test_s_28_a_server_gives_a_session_only_to_its_owner_and_by_its_id() -> None:
    made = ConnectionPair(
        initiator_config(stream_management=StreamManagementWish(), resumption=state("a")),
        receiver_config(mechanisms=("PLAIN",), stream_management=StreamManagementAllowance()),
        login=credentials(is_plain_allowed=True),
    )
    foreign = ResumptionState("some-long-sm-id", FullJID.parse("romeo@im.example.com/orchard"))
    made.server.sessions["some-long-sm-id"] = foreign
    with pytest.raises(ConnectionStateError):
        made.open()
    with pytest.raises(ConnectionStateError):
        made.server.connection.accept_resume(ResumptionState("another", JID))
    made.server.connection.refuse_resume(handled=0)
    made.run()
    [failed] = [event for event in made.client.told if isinstance(event, ResumptionFailed)]
    assert (failed.condition, failed.h) == (ErrorCondition.ITEM_NOT_FOUND, 0)
    assert made.client.saw(Bound)
    with pytest.raises(ConnectionStateError):
        made.server.connection.refuse_resume()
    with pytest.raises(ConnectionStateError):
        made.server.connection.accept_resume(foreign)


# --- any interleaving of sends, reads, marks, cuts and resumptions ---


class App:
    """One end of a conversation that goes on over many streams: what it wrote, and what it has kept of the other's."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.kept: list[str | None] = []
        self.acknowledged: list[str | None] = []
        self.arrived: list[str | None] = []
        """Received on this stream and not yet kept: lost with the stream."""

    def take(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, StanzaReceived):
                self.arrived.append(event.stanza.id)
            elif isinstance(event, Acknowledged):
                self.acknowledged += ids(event.stanzas)
            elif isinstance(event, Resumed):
                self.acknowledged += ids(event.acknowledged)
            else:
                assert not isinstance(event, StreamFailed), event


class Resuming(RuleBasedStateMachine):
    """Two Connections over a link that is cut at any byte; the model is the order of writing on each side."""

    client_state: ResumptionState | None

    @initialize(is_sasl2=st.booleans(), restarts=st.booleans(), start=st.sampled_from([0, MODULUS - 3]))
    def log_in(self, is_sasl2: bool, restarts: bool, start: int) -> None:
        self.is_sasl2, self.restarts, self.start = is_sasl2, restarts, start
        self.client, self.server = App(), App()
        self.sessions: dict[str, ResumptionState] = {}
        self.make_server_id = counting_ids("s")
        self.number = 0
        self.up = self.down = b""
        self.connect(None)
        # The first stream ends at once, so that the counts can be set near their wrap.
        self.cut()
        (id_, theirs), ours = self.sessions.popitem(), self.client_state
        assert ours is not None
        self.sessions[id_] = theirs.with_handled(start)
        moved = {**self.sessions[id_].to_dict(), "acked": start}
        read = ResumptionState.from_dict(moved)
        assert read is not None
        self.sessions[id_] = read
        mine = ResumptionState.from_dict({**ours.with_handled(start).to_dict(), "acked": start})
        self.client_state = mine
        self.reconnect()

    def connect(self, state: ResumptionState | None) -> None:
        agent = UserAgent("d4565fa7-4d72-4749-b3d3-740edbf87770")
        self.pair = ConnectionPair(
            initiator_config(
                tls_mode=TlsMode.DIRECT,
                stream_management=StreamManagementWish(policy=AckPolicy(request_every=2)),
                sasl2=Sasl2Wish(agent) if self.is_sasl2 else None,
                resumption=state,
            ),
            receiver_config(
                tls_mode=TlsMode.DIRECT,
                mechanisms=("PLAIN",),
                stream_management=StreamManagementAllowance(policy=AckPolicy(request_every=3)),
                sasl2=Sasl2Allowance() if self.is_sasl2 else None,
                make_id=self.make_server_id,
            ),
            login=credentials(is_plain_allowed=True),
            binding=ChannelBinding({}, "TLSv1.3"),
        )
        self.pair.server.sessions = self.sessions
        self.pair.open()
        self.is_up = True
        for side, app in ((self.pair.client, self.client), (self.pair.server, self.server)):
            app.arrived = []
            app.take(side.told)
            assert side.connection.is_managed
            assert side.saw(Resumed) == (state is not None)

    # --- rules ---

    @precondition(lambda self: self.is_up)
    @rule(is_client=st.booleans(), count=st.integers(1, 4))
    def write(self, is_client: bool, count: int) -> None:
        side, app = self.ends(is_client)
        for _ in range(count):
            self.number += 1
            app.written.append(f"m{self.number}")
            side.connection.send(message(f"m{self.number}"))

    @precondition(lambda self: not self.is_up)
    @rule()
    def server_writes_meanwhile(self) -> None:
        self.number += 1
        self.server.written.append(f"m{self.number}")
        [(id_, kept)] = self.sessions.items()
        self.sessions[id_] = kept.with_unacked(UnackedStanza(message(f"m{self.number}"), NOW))

    @precondition(lambda self: self.is_up)
    @rule(is_up=st.booleans(), share=st.floats(0, 1))
    def carry(self, is_up: bool, share: float) -> None:
        """Let some of the bytes that are on their way arrive."""
        self.up += self.pair.client.connection.data_to_send()
        self.down += self.pair.server.connection.data_to_send()
        if is_up:
            size = round(len(self.up) * share)
            data, self.up = self.up[:size], self.up[size:]
        else:
            size = round(len(self.down) * share)
            data, self.down = self.down[:size], self.down[size:]
        side, app = self.ends(not is_up)
        side.connection.receive_data(data)
        app.take(side.connection.events())

    @precondition(lambda self: self.is_up)
    @rule(is_client=st.booleans(), count=st.integers(1, 3))
    def keep(self, is_client: bool, count: int) -> None:
        """Make some of what arrived safe."""
        side, app = self.ends(is_client)
        now, app.arrived = app.arrived[:count], app.arrived[count:]
        app.kept += now
        side.connection.mark_handled(len(now))

    @precondition(lambda self: self.is_up)
    @rule()
    def cut(self) -> None:
        """Lose the link and all that was on it; the program may be started anew as well."""
        for side in (self.pair.client, self.pair.server):
            side.connection.receive_eof()
        self.up = self.down = b""
        self.is_up = False
        ours = self.pair.client.connection.resumption_state()
        theirs = self.pair.server.connection.resumption_state()
        assert ours is not None
        assert theirs is not None
        if self.restarts:
            ours = ResumptionState.from_dict(json.loads(json.dumps(ours.to_dict())))
        self.client_state = ours
        self.sessions[theirs.id] = theirs

    @precondition(lambda self: not self.is_up)
    @rule()
    def reconnect(self) -> None:
        self.connect(self.client_state)

    def ends(self, is_client: bool) -> tuple[Side, App]:
        return (self.pair.client, self.client) if is_client else (self.pair.server, self.server)

    # --- what holds ---

    @invariant()
    def each_is_kept_once_and_in_order(self) -> None:
        for writer, reader in ((self.client, self.server), (self.server, self.client)):
            assert reader.kept == writer.written[: len(reader.kept)]

    @invariant()
    def what_is_acknowledged_is_kept(self) -> None:
        for writer, reader in ((self.client, self.server), (self.server, self.client)):
            assert writer.acknowledged == reader.kept[: len(writer.acknowledged)]

    def teardown(self) -> None:
        if not hasattr(self, "client"):
            return
        if not self.is_up:
            self.reconnect()
        while True:
            before = (len(self.client.acknowledged), len(self.server.acknowledged), len(self.up), len(self.down))
            for is_up in (True, False):
                self.carry(is_up, 1.0)
            for is_client in (True, False):
                self.keep(is_client, len(self.ends(is_client)[1].arrived))
            self.carry(True, 0.0)
            after = (len(self.client.acknowledged), len(self.server.acknowledged), len(self.up), len(self.down))
            if before == after and not self.up and not self.down:
                break
        assert self.server.kept == self.client.written == self.client.acknowledged
        assert self.client.kept == self.server.written == self.server.acknowledged
        assert self.pair.client.connection.unacked == ()


Resuming.TestCase.settings = settings(max_examples=100, stateful_step_count=40)
test_nothing_lost_nothing_twice_nothing_out_of_order = Resuming.TestCase


def test_iq_and_presence_are_kept_too() -> None:
    client = Client().enabled()
    for stanza in (Presence(id="p"), Iq(id="i", type=IqType.RESULT), message("m")):
        client.connection.send(stanza)
    assert ids(one.stanza for one in client.connection.unacked) == ["p", "i", "m"]
