"""Stream errors: each known, worded and reacted to (RFC 6120 §4.9.3, C-STR-19)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_xmpp.xmpp.element import parse_element, serialize_stream_child
from tui_xmpp.xmpp.stream_errors import (
    MEANINGS,
    HostPort,
    Reaction,
    StreamError,
    StreamErrorCondition,
    decode_stream_error,
    encode_stream_error,
    parse_host_port,
)

SLOW = "bad-format bad-namespace-prefix invalid-namespace invalid-xml not-well-formed restricted-xml"
SLOW += " unsupported-encoding unsupported-stanza-type unsupported-version improper-addressing invalid-from"
SLOW += " unsupported-feature policy-violation"
SOON = "connection-timeout remote-connection-failed internal-server-error resource-constraint system-shutdown"
SOON += " undefined-condition"
REACTIONS = {
    **dict.fromkeys(SLOW.split(), Reaction.RECONNECT_SLOWLY),
    **dict.fromkeys(SOON.split(), Reaction.RECONNECT),
    "conflict": Reaction.CONFLICT,
    "host-gone": Reaction.STOP,
    "host-unknown": Reaction.STOP,
    "not-authorized": Reaction.ASK_CREDENTIALS,
    "reset": Reaction.RECONNECT_NOW,
    "see-other-host": Reaction.REDIRECT,
}


def error(inner: str) -> StreamError:
    return decode_stream_error(
        parse_element(f"<stream:error xmlns:stream='http://etherx.jabber.org/streams'>{inner}</stream:error>")
    )


def condition(name: str, text: str = "") -> str:
    return f"<{name} xmlns='urn:ietf:params:xml:ns:xmpp-streams'>{text}</{name}>"


def test_c_str_19_there_are_25_conditions_and_each_has_a_meaning() -> None:
    assert {one.value for one in StreamErrorCondition} == set(REACTIONS)
    assert len(REACTIONS) == 25
    assert set(MEANINGS) == set(StreamErrorCondition)
    assert len({meaning.sentence for meaning in MEANINGS.values()}) == 25


@pytest.mark.parametrize(("name", "reaction"), REACTIONS.items())
def test_c_str_19_each_condition_has_its_reaction(name: str, reaction: Reaction) -> None:
    read = error(condition(name, "example.net:5222" if name == "see-other-host" else ""))
    assert read.condition == name
    assert read.reaction is reaction
    assert read.sentence.endswith(".")


def test_c_str_18_unknown_or_missing_conditions_are_undefined_and_text_is_kept() -> None:
    assert error("").condition is StreamErrorCondition.UNDEFINED_CONDITION
    read = error(condition("out-of-coffee") + condition("text", "sorry") + "<x xmlns='urn:x'/>")
    assert read.condition is StreamErrorCondition.UNDEFINED_CONDITION
    assert read.text == "sorry"
    assert read.application is not None
    assert read.application.tag == "{urn:x}x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[2001:41D0:1:A49b::1]:9222", HostPort("2001:41D0:1:A49b::1", 9222)),
        ("[::1]", HostPort("::1")),
        ("1.2.3.4:5222", HostPort("1.2.3.4", 5222)),
        ("other.example.com", HostPort("other.example.com")),
        (" other.example.com:5223\n", HostPort("other.example.com", 5223)),
        ("other.example.com:0", None),
        ("other.example.com:65536", None),
        ("other.example.com:", None),
        ("other.example.com:x", None),
        ("other.example.com:٣", None),
        ("2001:db8::1", None),
        ("[::1", None),
        ("[::1]5222", None),
        ("[example.com]:1", None),
        ("user@host", None),
        ("http://host/", None),
        ("a b", None),
        ("", None),
    ],
)
def test_c_red_01_see_other_host_is_host_and_port(text: str, expected: HostPort | None) -> None:
    assert parse_host_port(text) == expected
    read = error(condition("see-other-host", text))
    assert read.see_other_host == expected
    assert read.reaction is (Reaction.REDIRECT if expected else Reaction.RECONNECT)


@given(st.text(alphabet="[]:1a.@ /"))
def test_c_red_01_no_text_makes_it_raise(text: str) -> None:
    found = parse_host_port(text)
    assert found is None or found.host


@pytest.mark.parametrize(
    "sent",
    [
        StreamError(StreamErrorCondition.CONFLICT, "again"),
        StreamError(StreamErrorCondition.SEE_OTHER_HOST, None, HostPort("::1", 5222)),
        StreamError(StreamErrorCondition.SEE_OTHER_HOST, None, HostPort("host.example")),
    ],
)
def test_an_error_survives_both_ways(sent: StreamError) -> None:
    assert decode_stream_error(encode_stream_error(sent)) == sent
    assert serialize_stream_child(encode_stream_error(sent)).startswith(b"<stream:error><")
