"""Stanzas from the RFCs' own examples, and from peers that get them wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_xmpp.jid import parse_jid
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.element import build, parse_element, sendable, serialize
from tui_xmpp.xmpp.payload import PayloadError
from tui_xmpp.xmpp.stanza import (
    Body,
    Iq,
    IqType,
    Message,
    MessageType,
    Presence,
    PresenceType,
    Priority,
    Show,
    ShowPayload,
    Status,
    Subject,
    Thread,
    decode_stanza,
    encode_stanza,
    stanza_element,
)
from tui_xmpp.xmpp.stanza_errors import ErrorCondition, ErrorType, StanzaError, decode_stanza_error, encode_stanza_error


def message(xml: str) -> Message:
    stanza = decode_stanza(parse_element(xml.replace("<message", "<message xmlns='jabber:client'", 1)))
    assert isinstance(stanza, Message)
    return stanza


def presence(xml: str) -> Presence:
    stanza = decode_stanza(parse_element(xml.replace("<presence", "<presence xmlns='jabber:client'", 1)))
    assert isinstance(stanza, Presence)
    return stanza


def iq(xml: str) -> Iq:
    stanza = decode_stanza(parse_element(xml.replace("<iq", "<iq xmlns='jabber:client'", 1)))
    assert isinstance(stanza, Iq)
    return stanza


RFC_6121_5_2_3 = """
<message from='juliet@example.com/balcony' id='z94nb37h' to='romeo@example.net' type='chat' xml:lang='en'>
  <body>Wherefore art thou, Romeo?</body>
  <body xml:lang='cs'>PročeŽ jsi ty, Romeo?</body>
  <subject>I implore you!</subject>
  <subject xml:lang='cs'>Úpěnlivě prosím!</subject>
  <thread parent='e0ffe42b28561960c6b12b944a092794b9683a38'>0e3141cd80894871a68e6fe6b1ec56fa</thread>
</message>""".strip()


def test_rfc_6121_5_2_a_message_with_all_its_parts() -> None:
    received = message(RFC_6121_5_2_3)
    assert received.from_ == parse_jid("juliet@example.com/balcony")
    assert received.to == parse_jid("romeo@example.net")
    assert (received.id, received.type, received.lang) == ("z94nb37h", MessageType.CHAT, "en")
    assert received.bodies == {None: "Wherefore art thou, Romeo?", "cs": "PročeŽ jsi ty, Romeo?"}
    assert received.subjects == {None: "I implore you!", "cs": "Úpěnlivě prosím!"}
    assert received.thread == Thread("0e3141cd80894871a68e6fe6b1ec56fa", "e0ffe42b28561960c6b12b944a092794b9683a38")


def test_c_stz_06_the_body_is_chosen_by_the_users_language_then_the_plain_one() -> None:
    received = message(RFC_6121_5_2_3)
    assert received.body("cs", "en") == "PročeŽ jsi ty, Romeo?"
    assert received.body("cs-CZ") == "PročeŽ jsi ty, Romeo?"
    assert received.body("de") == received.body() == "Wherefore art thou, Romeo?"
    assert received.subject("cs") == "Úpěnlivě prosím!"
    two = message("<message><body xml:lang='de'>Tag</body><body xml:lang='fr'>Jour</body></message>")
    assert two.body("en") == "Tag"
    assert two.body("fr") == "Jour"


def test_c_msg_03_the_first_of_two_bodies_in_one_language_stands_and_an_empty_subject_is_one() -> None:
    received = message("<message><body>one</body><body>two</body><subject/></message>")
    assert received.body() == "one"
    assert received.subject() == ""
    assert message("<message/>").body("en") is None
    assert message("<message/>").subject() is None
    assert message("<message><body/></message>").body() == ""


def test_a_body_ends_where_markup_begins() -> None:
    assert message("<message><body>a<b xmlns='urn:x'>c</b>d</body></message>").body() == "a"


@pytest.mark.parametrize("kind", ["chat", "error", "groupchat", "headline", "normal"])
def test_c_msg_01_types(kind: str) -> None:
    assert message(f"<message type='{kind}'/>").type.value == kind


@pytest.mark.parametrize("kind", ["", "CHAT", "unknown", " chat"])
def test_c_msg_01_a_missing_or_unknown_type_is_normal(kind: str) -> None:
    assert message("<message/>").type is MessageType.NORMAL
    assert message(f"<message type='{kind}'/>").type is MessageType.NORMAL


@pytest.mark.parametrize(
    "kind", ["error", "probe", "subscribe", "subscribed", "unavailable", "unsubscribe", "unsubscribed"]
)
def test_c_pre_02_types(kind: str) -> None:
    assert presence(f"<presence type='{kind}'/>").type.value == kind


@pytest.mark.parametrize("kind", ["available", "invisible", "", "unknown"])
def test_c_pre_02_an_unknown_type_is_told_as_unknown(kind: str) -> None:
    assert presence("<presence/>").type is PresenceType.AVAILABLE
    assert presence(f"<presence type='{kind}'/>").type is PresenceType.UNKNOWN


@pytest.mark.parametrize("show", list(Show))
def test_c_pre_03_show(show: Show) -> None:
    assert presence(f"<presence><show>{show.value}</show></presence>").show is show


@pytest.mark.parametrize("xml", ["", "<show/>", "<show>busy</show>", "<show>away</show><show>dnd</show>"])
def test_c_pre_03_no_unknown_or_two_shows_are_plain_available(xml: str) -> None:
    assert presence(f"<presence>{xml}</presence>").show is None


@pytest.mark.parametrize(("text", "value"), [("-128", -128), ("127", 127), ("0", 0), (" 5 ", 5), ("+7", 7)])
def test_c_pre_04_priority(text: str, value: int) -> None:
    assert presence(f"<presence><priority>{text}</priority></presence>").priority == value


@pytest.mark.parametrize("text", ["", "128", "-129", "high", "1.5", "--1", "٣", "1_0", "9" * 5000])
def test_c_pre_04_a_priority_out_of_range_or_no_number_is_zero(text: str) -> None:
    assert presence(f"<presence><priority>{text}</priority></presence>").priority == 0
    assert presence("<presence/>").priority == 0


def test_c_pre_05_status_in_several_languages() -> None:
    received = presence(
        "<presence><show>dnd</show><status>Wooing Juliet</status>"
        "<status xml:lang='cs'>Dvořím se Julii</status></presence>"
    )
    assert received.statuses == {None: "Wooing Juliet", "cs": "Dvořím se Julii"}
    assert received.status("cs") == "Dvořím se Julii"
    assert received.status() == "Wooing Juliet"


# --- addresses ---


@pytest.mark.parametrize(
    "address", ["", "@", "a@b@c/", "ju liet@example.com", "a@b/" + "x" * 1100, "\N{BLACK CHESS KING}@b"]
)
def test_c_jid_06_s_29_a_bad_address_is_kept_as_text_and_flagged(address: str) -> None:
    received = message(f"<message from='{address}' to='romeo@example.net'/>")
    assert received.is_malformed
    assert received.flaw is not None
    assert "'from'" in received.flaw
    assert received.from_ is None
    assert received.raw_from == address
    assert received.to == parse_jid("romeo@example.net")
    assert received.raw_to is None


def test_c_jid_06_a_bad_address_can_be_answered_as_it_came() -> None:
    received = iq("<iq type='get' id='1' from='ju liet@example.com'><ping xmlns='urn:xmpp:ping'/></iq>")
    assert encode_stanza(received.error_reply(ErrorCondition.JID_MALFORMED)).startswith(
        b'<iq type="error" id="1" to="ju liet@example.com">'
    )


def test_c_stz_01_missing_addresses_are_none_and_no_flaw() -> None:
    received = message("<message/>")
    assert (received.to, received.from_, received.flaw) == (None, None, None)


# --- iq ---


@pytest.mark.parametrize(
    "xml",
    [
        "<iq type='get' id='1'/>",
        "<iq type='set' id='1'><a xmlns='urn:a'/><b xmlns='urn:b'/></iq>",
        "<iq type='result' id='1'><a xmlns='urn:a'/><b xmlns='urn:b'/></iq>",
        "<iq type='error' id='1'/>",
        "<iq type='subscribe' id='1'><a xmlns='urn:a'/></iq>",
        "<iq id='1'><a xmlns='urn:a'/></iq>",
        "<iq type='get'><a xmlns='urn:a'/></iq>",
    ],
)
def test_c_stz_03_a_wrong_number_of_children_or_type_is_a_flaw(xml: str) -> None:
    assert iq(xml).is_malformed


@pytest.mark.parametrize(
    "xml",
    [
        "<iq type='get' id='1'><a xmlns='urn:a'/></iq>",
        "<iq type='result' id='1'/>",
        "<iq type='result' id='1'><a xmlns='urn:a'/></iq>",
        "<iq type='error' id='1'><a xmlns='urn:a'/><error type='cancel'/></iq>",
    ],
)
def test_c_stz_03_a_proper_iq_has_no_flaw(xml: str) -> None:
    assert iq(xml).flaw is None


@pytest.mark.parametrize(
    ("kind", "is_request"), [("get", True), ("set", True), ("result", False), ("error", False), ("x", True)]
)
def test_c_stz_03_requests_are_answered_and_answers_are_not(kind: str, is_request: bool) -> None:
    assert iq(f"<iq type='{kind}' id='1'><a xmlns='urn:a'/></iq>").is_request is is_request


def test_c_stz_03_replies_go_back_with_the_same_id() -> None:
    request = iq("<iq type='get' id='q' from='a@b/c' to='d@e/f'><ping xmlns='urn:xmpp:ping'/></iq>")
    assert encode_stanza(request.result()) == b'<iq type="result" id="q" to="a@b/c" from="d@e/f"/>'
    assert encode_stanza(request.result(build("urn:x", "pong"))) == (
        b'<iq type="result" id="q" to="a@b/c" from="d@e/f"><pong xmlns="urn:x"/></iq>'
    )
    assert encode_stanza(request.error_reply(ErrorCondition.SERVICE_UNAVAILABLE, "no ping")) == (
        b'<iq type="error" id="q" to="a@b/c" from="d@e/f"><error type="cancel">'
        b'<service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>'
        b'<text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas">no ping</text></error></iq>'
    )


def test_the_child_of_an_iq_is_its_payload_not_its_error() -> None:
    answer = iq("<iq type='error' id='1'><error type='cancel'/><query xmlns='jabber:iq:roster'/></iq>")
    assert answer.child is not None
    assert answer.child.tag == "{jabber:iq:roster}query"
    assert iq("<iq type='result' id='1'/>").child is None


# --- errors ---

DEFAULT_TYPES = {
    "bad-request": "modify", "conflict": "cancel", "feature-not-implemented": "cancel", "forbidden": "auth",
    "gone": "cancel", "internal-server-error": "cancel", "item-not-found": "cancel", "jid-malformed": "modify",
    "not-acceptable": "modify", "not-allowed": "cancel", "not-authorized": "auth", "policy-violation": "modify",
    "recipient-unavailable": "wait", "redirect": "modify", "registration-required": "auth",
    "remote-server-not-found": "cancel", "remote-server-timeout": "wait", "resource-constraint": "wait",
    "service-unavailable": "cancel", "subscription-required": "auth", "undefined-condition": "cancel",
    "unexpected-request": "wait",
}  # fmt: skip


def test_c_stz_08_there_are_22_conditions() -> None:
    assert {one.value for one in ErrorCondition} == set(DEFAULT_TYPES)


@pytest.mark.parametrize(("name", "kind"), DEFAULT_TYPES.items())
def test_c_stz_08_each_condition_has_its_default_type_and_survives_both_ways(name: str, kind: str) -> None:
    condition = ErrorCondition(name)
    assert condition.default_type == kind
    error = StanzaError(condition, ErrorType.CONTINUE, "text", parse_jid("a@b"), None, build("urn:x", "own"))
    read = decode_stanza_error(encode_stanza_error(error))
    assert (read.condition, read.type, read.text, read.by) == (condition, ErrorType.CONTINUE, "text", parse_jid("a@b"))
    assert read.application is not None
    assert serialize(read.application) == b'<own xmlns="urn:x"/>'
    bare = decode_stanza_error(build(ns.CLIENT, "error", children=(build(ns.STANZA_ERRORS, name),)))
    assert bare.type == kind


def test_rfc_6120_8_3_3_5_gone_names_the_new_address() -> None:
    received = message(
        "<message from='romeo@example.net' id='sj2b371v' to='juliet@im.example.com/churchyard' type='error'>"
        "<error by='example.net' type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>"
        "xmpp:romeo@afterlife.example.net</gone></error></message>"
    )
    assert received.error == StanzaError(
        ErrorCondition.GONE, ErrorType.CANCEL, None, parse_jid("example.net"), "xmpp:romeo@afterlife.example.net"
    )


@pytest.mark.parametrize("xml", ["<error/>", "<error type='x' by='@'><nonsense xmlns='urn:x'/></error>"])
def test_c_stz_08_an_unreadable_error_is_an_undefined_condition(xml: str) -> None:
    error = message(f"<message type='error'>{xml}</message>").error
    assert error is not None
    assert (error.condition, error.type, error.by) == (ErrorCondition.UNDEFINED_CONDITION, ErrorType.CANCEL, None)
    assert message("<message/>").error is None


def test_message_and_presence_can_be_refused_too() -> None:
    assert encode_stanza(message("<message id='1' from='a@b'/>").error_reply(ErrorCondition.FORBIDDEN)).startswith(
        b'<message type="error" id="1" to="a@b"><error type="auth"><forbidden '
    )
    assert encode_stanza(presence("<presence from='a@b'/>").error_reply(ErrorCondition.GONE)).startswith(
        b'<presence type="error" to="a@b"><error type="cancel"><gone '
    )


# --- payloads and the way out ---


def test_payloads_are_added_read_and_left_out() -> None:
    sent = Presence().with_payloads(ShowPayload(Show.XA), Status("gone", "en"), Priority(-1))
    assert encode_stanza(sent) == (
        b'<presence><show>xa</show><status xml:lang="en">gone</status><priority>-1</priority></presence>'
    )
    assert sent.show is Show.XA
    assert sent.priority == -1
    assert sent.payload(Status) == Status("gone", "en")
    assert sent.payload(Body) is None
    assert list(message("<message><body>a</body><body xml:lang='x'>b</body></message>").payloads(Body)) == [
        Body("a"),
        Body("b", "x"),
    ]


def test_a_broken_payload_raises_only_when_it_is_read() -> None:
    received = presence("<presence><priority>high</priority></presence>")
    with pytest.raises(PayloadError):
        received.payload(Priority)


def test_a_stanza_can_be_sent_twice_and_its_children_stay_its_own() -> None:
    received = message("<message><body>a</body> <x xmlns='urn:x'><y/></x></message>")
    once = encode_stanza(received)
    assert once == encode_stanza(received) == b'<message><body>a</body><x xmlns="urn:x"><y/></x></message>'
    forwarded = build("urn:xmpp:forward:0", "forwarded", children=(stanza_element(received),))
    assert serialize(forwarded) == (
        b'<forwarded xmlns="urn:xmpp:forward:0"><message xmlns="jabber:client"><body>a</body>'
        b'<x xmlns="urn:x"><y/></x></message></forwarded>'
    )
    standing = stanza_element(received)
    encode_stanza(received)
    assert standing.findtext("{jabber:client}body") == "a"


def test_encoding_is_the_inverse_of_decoding() -> None:
    received = message(RFC_6121_5_2_3)
    again = message(encode_stanza(received).decode())
    assert encode_stanza(again) == encode_stanza(received)
    assert again.bodies == received.bodies


@given(st.text())
def test_c_xml_03_any_text_can_be_sent_and_arrives_without_what_xml_cannot_carry(text: str) -> None:
    sent = Message(id="1").with_payloads(Body(text), Subject(text, "en"))
    received = message(encode_stanza(sent).decode())
    assert received.body() == sendable(text)
    assert received.subject("en") == sendable(text)


def test_c_xml_03_what_is_stripped() -> None:
    assert sendable("\x00\x08\x0b\x1f\ud800\udfff\ufffe\uffff") == ""
    kept = "\t\n\r \x7f\x85\u2028\ufdd0\U0001f339\U0010ffff"
    assert sendable(kept) == kept


def test_only_stanzas_are_decoded() -> None:
    with pytest.raises(ValueError, match="not a stanza"):
        decode_stanza(build("urn:x", "message"))


def test_unavailable_presence_on_the_wire() -> None:
    assert encode_stanza(Presence(type=PresenceType.UNAVAILABLE)) == b'<presence type="unavailable"/>'
    assert encode_stanza(Iq(id="1", type=IqType.RESULT)) == b'<iq type="result" id="1"/>'


def test_an_element_is_written_as_it_was_read() -> None:
    text = (
        '<a xmlns="urn:a" xml:lang="en" xmlns:ns1="urn:b" ns1:c="&lt;&quot;&#10;&#9;&#13;&gt;&amp;\'">'
        '&lt;&gt;&amp;"&#13;<b xmlns=""><a xmlns="urn:a"/> tail &lt;</b><d/></a>'
    )
    assert serialize(parse_element(text)).decode() == text
    assert serialize(parse_element('<x xmlns="urn:a"><y/></x>'), "urn:a") == b"<x><y/></x>"
