"""The established stream: stanzas, ends, keepalives, and the same events however the bytes are cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.wire import (
    ConnectionPair,
    credentials,
    established_initiator,
    established_receiver,
    initiator_config,
    receiver_config,
)
from tui_xmpp.jid import parse_jid
from tui_xmpp.xmpp.config import TlsMode
from tui_xmpp.xmpp.connection import Connection, ConnectionStateError
from tui_xmpp.xmpp.element import build, parse_element, serialize
from tui_xmpp.xmpp.events import (
    Bound,
    Event,
    NonzaReceived,
    StanzaReceived,
    StreamClosed,
    StreamErrorReceived,
    StreamFailed,
)
from tui_xmpp.xmpp.parser import ParserLimits
from tui_xmpp.xmpp.stanza import (
    Body,
    Iq,
    IqType,
    Message,
    MessageType,
    Presence,
    PresenceType,
    decode_stanza,
    encode_stanza,
)
from tui_xmpp.xmpp.stream_errors import HostPort, StreamError, StreamErrorCondition
from tui_xmpp.xmpp.stream_machine import Phase

ERROR = "<stream:error><{} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
ROMEO = parse_jid("romeo@example.net")


def receive(connection: Connection, xml: str) -> list[Event]:
    connection.receive_data(xml.encode())
    return list(connection.events())


def test_stanzas_flow_both_ways_once_bound() -> None:
    pair = ConnectionPair()
    pair.open()
    message = Message(to=ROMEO, id="m1", type=MessageType.CHAT).with_payloads(Body("Art thou not Romeo?"))
    pair.client.connection.send(message)
    pair.server.connection.send(Presence(from_=ROMEO))
    pair.run()
    [received] = pair.server.stanzas()
    assert isinstance(received, Message)
    assert (received.to, received.id, received.body()) == (ROMEO, "m1", "Art thou not Romeo?")
    assert pair.client.stanzas() == [Presence(from_=ROMEO, lang="en")]


def test_stanzas_are_counted_as_xep_0198_does() -> None:
    pair = ConnectionPair()
    pair.open()
    pair.client.connection.send(Presence())
    pair.client.connection.send_nonza(build("urn:xmpp:sm:3", "r"))
    pair.client.connection.keepalive()
    pair.client.connection.send(Iq(id="1", type=IqType.GET))
    pair.run()
    assert (pair.client.connection.stanzas_sent, pair.client.connection.stanzas_received) == (2, 0)
    assert (pair.server.connection.stanzas_sent, pair.server.connection.stanzas_received) == (0, 2)


def test_c_stz_06_a_stanza_inherits_the_language_of_its_stream() -> None:
    [event] = receive(established_initiator(), "<message><body>Hi</body></message>")
    assert isinstance(event, StanzaReceived)
    assert event.stanza.lang == "en"


def test_c_xml_11_an_unknown_nonza_is_told_and_harmless() -> None:
    connection = established_initiator()
    [nonza, stanza] = receive(connection, "<a xmlns='urn:xmpp:sm:3' h='1'/><presence/>")
    assert isinstance(nonza, NonzaReceived)
    assert nonza.element.get("h") == "1"
    assert isinstance(stanza, StanzaReceived)


def test_c_xml_11_an_unknown_kind_of_stanza_is_a_stream_error() -> None:
    connection = established_initiator()
    [failed, closed] = receive(connection, "<pubsub/>")
    assert isinstance(failed, StreamFailed)
    assert failed.condition is StreamErrorCondition.UNSUPPORTED_STANZA_TYPE
    assert isinstance(closed, StreamClosed)
    assert connection.data_to_send().decode() == ERROR.format("unsupported-stanza-type").replace("'", '"') + (
        "</stream:stream>"
    )


def test_a_violation_is_answered_with_its_stream_error_and_ends_the_stream() -> None:
    connection = established_initiator()
    events = receive(connection, "<presence/><!-- aside -->")
    assert [type(event) for event in events] == [StanzaReceived, StreamFailed, StreamClosed]
    assert b"<restricted-xml " in connection.data_to_send()
    assert connection.phase is Phase.CLOSED
    assert receive(connection, "<presence/>") == []


def test_s_29_a_stanza_with_bad_addresses_is_flagged_not_fatal() -> None:
    connection = established_initiator()
    [event] = receive(connection, "<message from='a@b@c/ ' to='@'/>")
    assert isinstance(event, StanzaReceived)
    assert event.stanza.is_malformed
    assert event.stanza.raw_from == "a@b@c/ "
    assert connection.phase is Phase.ESTABLISHED


# --- ends ---


def test_c_str_11_a_polite_close_waits_for_the_peers_tag_and_still_reads() -> None:
    connection = established_initiator()
    connection.close()
    assert connection.data_to_send() == b"</stream:stream>"
    assert connection.phase is Phase.CLOSING
    [event] = receive(connection, "<presence/>")
    assert isinstance(event, StanzaReceived)
    assert receive(connection, "</stream:stream>") == [StreamClosed(is_clean=True, is_by_peer=False)]
    assert connection.data_to_send() == b""


def test_c_str_11_a_peer_that_closes_first_is_answered() -> None:
    connection = established_initiator()
    assert receive(connection, "</stream:stream>") == [StreamClosed(is_clean=True, is_by_peer=True)]
    assert connection.data_to_send() == b"</stream:stream>"


def test_closing_again_or_after_the_end_does_nothing() -> None:
    connection = established_initiator()
    connection.close()
    connection.close()
    assert connection.data_to_send() == b"</stream:stream>"
    receive(connection, "</stream:stream>")
    connection.close()
    connection.receive_eof()
    assert list(connection.events()) == []
    assert connection.data_to_send() == b""


def test_c_str_12_c_str_13_an_end_without_closing_tag_is_broken_and_sends_none() -> None:
    connection = established_initiator()
    connection.receive_eof()
    assert list(connection.events()) == [StreamClosed(is_clean=False, is_by_peer=True)]
    assert connection.data_to_send() == b""


def test_an_end_while_waiting_for_the_peers_tag_is_not_clean() -> None:
    connection = established_initiator()
    connection.close()
    connection.receive_eof()
    assert list(connection.events()) == [StreamClosed(is_clean=False, is_by_peer=False)]


@pytest.mark.parametrize("condition", [one.value for one in StreamErrorCondition])
def test_c_str_17_every_stream_error_is_the_end_and_answered_with_the_closing_tag(condition: str) -> None:
    connection = established_initiator()
    [error, closed] = receive(connection, ERROR.format(condition) + "</stream:stream>")
    assert isinstance(error, StreamErrorReceived)
    assert error.error.condition == condition
    assert closed == StreamClosed(is_clean=False, is_by_peer=True)
    assert connection.data_to_send() == b"</stream:stream>"


def test_a_close_with_an_error_says_why() -> None:
    connection = established_receiver()
    connection.close(StreamError(StreamErrorCondition.SEE_OTHER_HOST, "moved", HostPort("::1", 5222)))
    assert connection.data_to_send().decode() == (
        '<stream:error><see-other-host xmlns="urn:ietf:params:xml:ns:xmpp-streams">[::1]:5222</see-other-host>'
        '<text xmlns="urn:ietf:params:xml:ns:xmpp-streams">moved</text></stream:error></stream:stream>'
    )


def test_closing_while_tls_begins_sends_nothing() -> None:
    connection = Connection(initiator_config(tls_mode=TlsMode.DIRECT))
    connection.open()
    connection.close()
    assert connection.data_to_send() == b""
    assert list(connection.events()) == [StreamClosed(is_clean=False, is_by_peer=False)]


def test_c_str_14_a_keepalive_is_one_space_and_only_on_a_negotiated_stream() -> None:
    connection = established_initiator()
    connection.keepalive()
    assert connection.data_to_send() == b" "
    connection.close()
    connection.data_to_send()
    connection.keepalive()
    assert connection.data_to_send() == b""


def test_verbs_in_the_wrong_phase_are_refused() -> None:
    connection = Connection(initiator_config())
    with pytest.raises(ConnectionStateError):
        connection.send(Presence())
    connection.open()
    with pytest.raises(ConnectionStateError):
        connection.open()
    with pytest.raises(ConnectionStateError):
        connection.tls_established(None)
    with pytest.raises(ConnectionStateError):
        connection.key_derived(b"")
    with pytest.raises(ConnectionStateError):
        connection.send(Presence())
    with pytest.raises(ConnectionStateError):
        connection.accept_bind(parse_jid("a@b/c").bare.with_resource("x"))


def test_c_xml_01_to_04_what_is_sent_is_plain_xml_1_0_in_utf_8() -> None:
    connection = established_initiator()
    body = '<b> & "q" ]]> \x00\x0b\ud800\ufffe \N{ROSE} é'
    connection.send(Message(to=ROMEO, id="1\x1b").with_payloads(Body(body)))
    assert (
        connection.data_to_send()
        == (
            '<message id="1" to="romeo@example.net"><body>&lt;b&gt; &amp; "q" ]]&gt;  \N{ROSE} é</body></message>'
        ).encode()
    )


# --- cutting the bytes ---


def whole_session(cut: Callable[[bytes], Iterable[bytes]] = lambda data: (data,)) -> tuple[list[str], list[str]]:
    """Log in, talk and part with the bytes cut as told; return what both sides were told, as text."""
    pair = ConnectionPair(
        initiator_config(make_nonce=lambda: "oMsTAAwAAAAMAAAANP0TAAAAAABPU0AA", resource="balcony"),
        receiver_config(mechanisms=("PLAIN",)),
        login=credentials(is_plain_allowed=True),
        cut=cut,
    )
    pair.open()
    pair.client.connection.send(Message(to=ROMEO, id="m").with_payloads(Body("Wherefore <art> thou & \N{ROSE}?")))
    pair.server.connection.send(Presence(from_=ROMEO, type=PresenceType.SUBSCRIBE))
    pair.server.connection.keepalive()
    pair.server.connection.send_nonza(build("urn:xmpp:sm:3", "r"))
    pair.run()
    pair.client.connection.close()
    pair.run()
    return [described(event) for event in pair.client.told], [described(event) for event in pair.server.told]


def described(event: Event) -> str:
    if isinstance(event, StanzaReceived):
        return encode_stanza(event.stanza).decode()
    if isinstance(event, NonzaReceived):
        return serialize(event.element).decode()
    if isinstance(event, Bound):
        return f"Bound({event.jid}, {sorted(event.features.tags)})"
    return repr(event)


def test_a_whole_session_in_one_piece_is_what_it_should_be() -> None:
    client, server = whole_session()
    assert client[-4:] == [
        "Bound(juliet@im.example.com/balcony.c2, ['{urn:ietf:params:xml:ns:xmpp-bind}bind'])",
        '<presence xml:lang="en" type="subscribe" from="romeo@example.net"/>',
        '<r xmlns="urn:xmpp:sm:3"/>',
        "StreamClosed(is_clean=True, is_by_peer=False)",
    ]
    assert server[-2:] == [
        '<message xml:lang="en" id="m" to="romeo@example.net">'
        "<body>Wherefore &lt;art&gt; thou &amp; \N{ROSE}?</body></message>",
        "StreamClosed(is_clean=True, is_by_peer=True)",
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_a_whole_session_in_small_pieces_tells_the_same(size: int) -> None:
    def cut(data: bytes) -> Iterator[bytes]:
        return (data[start : start + size] for start in range(0, len(data), size))

    assert whole_session(cut) == whole_session()


def test_a_whole_session_split_at_every_byte_tells_the_same() -> None:
    whole = whole_session()
    lengths: list[int] = []

    def measure(data: bytes) -> Iterable[bytes]:
        lengths.append(len(data))
        return (data,)

    whole_session(measure)
    for number in range(0, max(lengths), 1):

        def cut(data: bytes, at: int = number) -> Iterable[bytes]:
            return (data[:at], data[at:])

        assert whole_session(cut) == whole


@given(st.lists(st.integers(1, 200), min_size=1, max_size=20))
@settings(max_examples=40)
def test_a_whole_session_in_random_pieces_tells_the_same(sizes: list[int]) -> None:
    def cut(data: bytes) -> Iterator[bytes]:
        start = turn = 0
        while start < len(data):
            end = start + sizes[turn % len(sizes)]
            yield data[start:end]
            start, turn = end, turn + 1

    assert whole_session(cut) == whole_session()


@given(st.lists(st.binary(max_size=40), max_size=10))
@settings(max_examples=100)
def test_whatever_the_peer_sends_no_verb_raises(chunks: list[bytes]) -> None:
    for connection in (
        Connection(initiator_config(limits=ParserLimits(max_bytes=500))),
        Connection(receiver_config(limits=ParserLimits(max_bytes=500))),
    ):
        connection.open()
        for chunk in chunks:
            connection.receive_data(chunk)
        connection.receive_eof()
        assert isinstance(list(connection.events())[-1], StreamClosed)


def test_a_stanza_survives_the_wire_as_it_was_decoded() -> None:
    literal = (
        "<iq xmlns='jabber:client' type='set' id='a' from='romeo@example.net'>"
        "<query xmlns='jabber:iq:roster'><item jid='a@b'><group>x</group></item></query></iq>"
    )
    stanza = decode_stanza(parse_element(literal))
    pair = ConnectionPair()
    pair.open()
    pair.server.connection.send(stanza)
    pair.server.connection.send(stanza)
    pair.run()
    first, second = (event for event in pair.client.told if isinstance(event, StanzaReceived))
    assert described(first) == described(second)
    assert "<group>x</group>" in described(first)
