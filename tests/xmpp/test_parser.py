"""Every row of the incoming XML guard (RFC 6120 §11), on bytes as a peer would send them."""

from __future__ import annotations

import contextlib
import gc
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tui_xmpp.xmpp.element import Element
from tui_xmpp.xmpp.parser import ParserLimits, StreamFooter, StreamHeader, StreamParser, StreamViolation
from tui_xmpp.xmpp.stream_errors import StreamErrorCondition as Condition

DECLARATION = b"<?xml version='1.0'?>"
OPENING = (
    b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
    b"from='im.example.com' id='++TR84Sm6A3hnt3Q065SnAbbk3Y=' version='1.0' xml:lang='en'>"
)
HEADER = DECLARATION + OPENING
SMALL = ParserLimits(max_bytes=1000, max_depth=8, max_elements=20, max_attributes=4)


def read(*chunks: bytes, limits: ParserLimits | None = None) -> list[object]:
    """Return what the chunks give: HEADER, FOOTER, tags, and the condition of a violation as the last item."""
    parser = StreamParser(limits)
    seen: list[object] = []
    for chunk in chunks:
        try:
            for item in parser.feed(chunk):
                if isinstance(item, StreamHeader):
                    seen.append("HEADER")
                elif isinstance(item, StreamFooter):
                    seen.append("FOOTER")
                else:
                    seen.append(item.tag)
        except StreamViolation as violation:
            seen.append(violation.condition)
    return seen


def test_a_stream_gives_header_elements_and_footer() -> None:
    assert read(HEADER + b"<message/><r xmlns='urn:xmpp:sm:3'/></stream:stream>") == [
        "HEADER",
        "{jabber:client}message",
        "{urn:xmpp:sm:3}r",
        "FOOTER",
    ]


def test_the_header_is_known_at_its_last_byte() -> None:
    parser = StreamParser()
    assert list(parser.feed(HEADER[:-1])) == []
    assert list(parser.feed(HEADER[-1:])) == [
        StreamHeader(None, "im.example.com", "++TR84Sm6A3hnt3Q065SnAbbk3Y=", "1.0", "en")
    ]


def test_c_xml_12_an_element_is_told_at_the_last_byte_of_its_end_tag() -> None:
    parser = StreamParser()
    stanza = b"<message><body>wherefore</body></message>"
    assert len(list(parser.feed(HEADER + stanza[:-1]))) == 1
    [element] = parser.feed(stanza[-1:])
    assert isinstance(element, Element)
    assert element.findtext("{jabber:client}body") == "wherefore"


@pytest.mark.parametrize(
    "doctype",
    [b"<!DOCTYPE stream>", b"<!DOCTYPE foo [<!ENTITY bar 'baz'>]>", b"<!DOCTYPE foo SYSTEM 'file:///etc/passwd'>"],
)
def test_c_xml_05_doctype_is_restricted_xml(doctype: bytes) -> None:
    assert read(DECLARATION + doctype + OPENING) == [Condition.RESTRICTED_XML]


def test_c_xml_05_billion_laughs_is_never_expanded() -> None:
    laughs = b"".join(b"<!ENTITY l%d '%s'>" % (n + 1, b"&l%d;" % n * 10) for n in range(9))
    doctype = b"<!DOCTYPE lolz [<!ENTITY l0 'lol'>" + laughs + b"]>"
    assert read(DECLARATION + doctype + OPENING + b"<message><body>&l9;</body></message>") == [Condition.RESTRICTED_XML]


@pytest.mark.parametrize("place", ["prolog", "between", "inside"])
@pytest.mark.parametrize("node", [b"<!-- aside -->", b"<?php evil?>"])
def test_c_xml_06_comments_and_processing_instructions_are_restricted_xml(node: bytes, place: str) -> None:
    if place == "prolog":
        assert read(DECLARATION + node + OPENING) == [Condition.RESTRICTED_XML]
    elif place == "between":
        assert read(HEADER + b"<presence/>" + node) == [
            "HEADER",
            "{jabber:client}presence",
            Condition.RESTRICTED_XML,
        ]
    else:
        assert read(HEADER, b"<message><body>" + node + b"</body></message>") == [
            "HEADER",
            Condition.RESTRICTED_XML,
        ]


@pytest.mark.parametrize("stanza", [b"<message><body>&foo;</body></message>", b"<message id='&foo;'/>"])
def test_c_xml_07_an_undeclared_entity_is_restricted_xml(stanza: bytes) -> None:
    assert read(HEADER, stanza) == ["HEADER", Condition.RESTRICTED_XML]


def test_c_xml_07_predefined_entities_and_character_references_are_text() -> None:
    parser = StreamParser()
    list(parser.feed(HEADER))
    [element] = parser.feed(b"<message>&lt;&gt;&amp;&quot;&apos;&#x1F339;</message>")
    assert isinstance(element, Element)
    assert element.text == "<>&\"'\N{ROSE}"


@pytest.mark.parametrize(
    "stanza",
    [b"<foo:message/>", b"<message foo:from='x'/>", b"<message><foo:body/></message>", b"<m xmlns:xml='urn:x'/>"],
)
def test_c_xml_07_an_undeclared_prefix_is_not_well_formed(stanza: bytes) -> None:
    assert read(HEADER, stanza) == ["HEADER", Condition.NOT_WELL_FORMED]


def test_c_xml_07_a_stanza_without_namespace_is_refused_but_a_child_is_not() -> None:
    assert read(HEADER, b"<message xmlns=''/>") == ["HEADER", Condition.INVALID_NAMESPACE]
    assert read(HEADER, b"<message><x xmlns=''/></message>") == ["HEADER", "{jabber:client}message"]


def test_a_relative_namespace_such_as_vcard_temp_is_fine() -> None:
    assert read(HEADER, b"<iq><vCard xmlns='vcard-temp'/></iq>") == ["HEADER", "{jabber:client}iq"]
    assert read(HEADER, b"<iq><x xmlns='not a uri'/></iq>") == ["HEADER", "{jabber:client}iq"]


@pytest.mark.parametrize(
    "data",
    [
        b"<?xml version='1.0' encoding='iso-8859-1'?>" + OPENING + b"<message>caf\xe9</message>",
        "<?xml version='1.0' encoding='utf-16'?>".encode("utf-16") + OPENING.decode().encode("utf-16-le"),
        OPENING.decode().encode("utf-16-le"),
        OPENING.decode().encode("utf-16-be"),
    ],
)
def test_c_xml_08_only_utf_8_is_read(data: bytes) -> None:
    assert read(data)[-1] is Condition.NOT_WELL_FORMED


def test_c_xml_08_a_bom_or_a_missing_declaration_is_tolerated() -> None:
    assert read(b"\xef\xbb\xbf" + HEADER) == ["HEADER"]
    assert read(OPENING) == ["HEADER"]


@pytest.mark.parametrize(
    "stanza",
    [
        b"<message>\xff</message>",
        b"<message>&#0;</message>",
        b"<message>&#1;</message>",
        b"<message>\xed\xa0\x80</message>",
        b"<message id='1' id='2'/>",
        b"<message></presence>",
        b"<message<message/>",
        b"<message><body></message>",
        b"<?xml version='1.0'?>",
    ],
)
def test_broken_xml_is_not_well_formed(stanza: bytes) -> None:
    assert read(HEADER, stanza + b"<") == ["HEADER", Condition.NOT_WELL_FORMED]


def test_c_xml_09_a_stanza_of_exactly_the_limit_passes_and_one_byte_more_does_not() -> None:
    exact = b"<message>" + b"x" * (1000 - 19) + b"</message>"
    assert len(exact) == 1000
    assert read(HEADER, exact, limits=SMALL) == ["HEADER", "{jabber:client}message"]
    assert read(HEADER, exact * 3, limits=SMALL) == ["HEADER"] + ["{jabber:client}message"] * 3
    longer = exact.replace(b"<message>", b"<message>x")
    assert read(HEADER, longer, limits=SMALL) == ["HEADER", Condition.POLICY_VIOLATION]


def test_c_xml_09_the_limit_holds_while_the_stanza_is_incomplete() -> None:
    assert read(HEADER, b"<message>", *[b"x" * 100] * 10, limits=SMALL) == ["HEADER", Condition.POLICY_VIOLATION]


def test_c_xml_09_the_limit_holds_in_an_endless_start_tag_and_attribute() -> None:
    assert read(HEADER, b"<message a='", *[b">" * 100] * 10, limits=SMALL) == ["HEADER", Condition.POLICY_VIOLATION]
    assert read(HEADER, b"<" + b"m" * 2000, limits=SMALL) == ["HEADER", Condition.POLICY_VIOLATION]


def test_c_xml_09_the_limit_holds_before_the_header() -> None:
    assert read(b"<" + b"s" * 2000, limits=SMALL) == [Condition.POLICY_VIOLATION]


def test_c_xml_09_the_default_is_one_mebibyte() -> None:
    body = b"x" * 65536
    assert read(HEADER, b"<message>", *[body] * 17)[-1] is Condition.POLICY_VIOLATION
    assert read(HEADER, b"<message>", *[body] * 15, b"</message>")[-1] == "{jabber:client}message"


def test_c_xml_09_stanzas_after_each_other_are_counted_each() -> None:
    stanza = b"<message>" + b"x" * 800 + b"</message>"
    assert read(HEADER, *[stanza] * 5, limits=SMALL) == ["HEADER"] + ["{jabber:client}message"] * 5


def test_s_27_depth_is_limited() -> None:
    assert read(HEADER, b"<a>" * 7 + b"</a>" * 7, limits=SMALL) == ["HEADER", "{jabber:client}a"]
    assert read(HEADER, b"<a>" * 8, limits=SMALL) == ["HEADER", Condition.POLICY_VIOLATION]
    assert read(HEADER, b"<a>" * 64) == ["HEADER", Condition.POLICY_VIOLATION]


def test_s_27_elements_and_attributes_are_limited() -> None:
    assert read(HEADER, b"<a>" + b"<b/>" * 20, limits=SMALL) == ["HEADER", Condition.POLICY_VIOLATION]
    attributes = b" ".join(b"a%d='%d'" % (n, n) for n in range(5))
    assert read(HEADER, b"<a " + attributes + b"/>", limits=SMALL) == ["HEADER", Condition.POLICY_VIOLATION]


def test_text_between_stanzas_is_bad_format_and_the_stanza_before_it_counts() -> None:
    assert read(HEADER, b"<presence/>text<presence/>") == [
        "HEADER",
        "{jabber:client}presence",
        Condition.BAD_FORMAT,
    ]
    assert read(HEADER, b"text<presence/>") == ["HEADER", Condition.BAD_FORMAT]
    assert read(HEADER, b"\xc2\xa0<presence/>") == ["HEADER", Condition.BAD_FORMAT]


def test_whitespace_between_stanzas_is_keepalive() -> None:
    assert read(HEADER, b" ", b"\n<presence/> \r\n", b"\t", b"<presence/>") == [
        "HEADER",
        "{jabber:client}presence",
        "{jabber:client}presence",
    ]


def test_what_follows_an_unended_tag_of_the_same_name_is_told_at_its_last_byte() -> None:
    """Newer versions of expat put off looking at a tag of which they have seen the beginning."""
    start = b"<message id='" + b"x" * 500
    for chunks in ([start, b"'/>"], [start, b"'>", b"<body/></message>"]):
        assert read(HEADER, *chunks) == ["HEADER", "{jabber:client}message"]


def test_white_space_within_a_stanza_is_text() -> None:
    parser = StreamParser()
    [_, element] = [
        item for part in (HEADER, b"<message>", b" ", b"a<b/>", b"\n", b"</message>") for item in parser.feed(part)
    ]
    assert isinstance(element, Element)
    assert (element.text, element[0].tail) == (" a", "\n")


def test_keepalives_do_not_count_as_a_stanza() -> None:
    assert read(HEADER, *[b" " * 500] * 10, b" " * 5000, b"<presence/>", limits=SMALL) == [
        "HEADER",
        "{jabber:client}presence",
    ]


def test_c_xml_10_a_stanza_is_detached_from_the_stream() -> None:
    parser = StreamParser()
    items = [*parser.feed(HEADER), *parser.feed(b"<message><body>a</body></message> <message/>")]
    for element in items[1:]:
        assert isinstance(element, Element)
        assert element.tail is None


@pytest.mark.parametrize(
    "chunk",
    [
        b"<message><body>" + b"x" * 500 + b"</body></message>",
        b" " * 500,
        b"<iq>" + b"<v xmlns='vcard-temp'/>" * 3 + b"</iq>",
        b"<iq><" + b"n" * 100 + b"%d/></iq>",
        b"<iq " + b"n" * 100 + b"%d=''/>",
    ],
    ids=["stanzas", "keepalives", "vcards", "names", "attributes"],
)
def test_s_57_a_long_stream_needs_no_more_memory_than_a_short_one(chunk: bytes) -> None:
    parser = StreamParser()
    list(parser.feed(HEADER))

    def feed(start: int, end: int) -> int:
        for number in range(start, end):
            for _ in parser.feed(chunk % number if b"%d" in chunk else chunk):
                pass
        gc.collect()
        return tracemalloc.get_traced_memory()[0] + _resident()

    tracemalloc.start()
    try:
        before = feed(0, 2000)
        after = feed(2000, 6000)
    finally:
        tracemalloc.stop()
    assert after - before < 1_000_000


def _resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * 4096


def test_nothing_is_read_after_the_footer() -> None:
    assert read(HEADER + b"<presence/></stream:stream>junk<!-- aside --><&", b"more>") == [
        "HEADER",
        "{jabber:client}presence",
        "FOOTER",
    ]


def test_nothing_is_read_after_a_violation() -> None:
    assert read(HEADER, b"text<presence/>", HEADER + b"<message/>") == ["HEADER", Condition.BAD_FORMAT]


def test_what_came_before_broken_xml_in_one_chunk_is_told() -> None:
    assert read(HEADER + b"<presence/></wrong>") == [
        "HEADER",
        "{jabber:client}presence",
        Condition.NOT_WELL_FORMED,
    ]


@pytest.mark.parametrize(
    "opening",
    [
        b"<stream xmlns='jabber:client'>",
        b"<s:features xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:client'>",
        b"<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:server'>",
        b"<html>",
    ],
)
def test_c_str_05_another_root_or_content_is_an_invalid_namespace(opening: bytes) -> None:
    assert read(opening) == [Condition.INVALID_NAMESPACE]


def test_c_str_05_prefixes_are_free() -> None:
    assert read(
        b"<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:client'><message/></s:stream>"
    ) == ["HEADER", "{jabber:client}message", "FOOTER"]
    assert read(
        b"<stream xmlns='http://etherx.jabber.org/streams' xmlns:c='jabber:client'><c:message/><error/></stream>"
    ) == ["HEADER", "{jabber:client}message", "{http://etherx.jabber.org/streams}error", "FOOTER"]


def test_many_names_do_not_end_a_stream_with_its_own_prefixes() -> None:
    opening = b"<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:client' xmlns:sm='urn:xmpp:sm:3'>"
    names = [b"<iq><n%d/></iq>" % number for number in range(2500)]
    seen = read(opening, *names, b"<sm:r/><s:error/></s:stream>")
    assert seen == [
        "HEADER",
        *["{jabber:client}iq"] * 2500,
        "{urn:xmpp:sm:3}r",
        "{http://etherx.jabber.org/streams}error",
        "FOOTER",
    ]


SESSION = (
    HEADER
    + "<message xml:lang='de'><body>Grüße <![CDATA[<b>]]> &amp; \N{ROSE}</body></message> ".encode()
    + b"<iq type='get' id='1'><query xmlns='jabber:iq:roster' ver=''/></iq>\n<presence/></stream:stream> after"
)


@pytest.mark.parametrize("limits", [None, SMALL])
def test_every_split_of_a_session_gives_the_same_items(limits: ParserLimits | None) -> None:
    whole = read(SESSION, limits=limits)
    assert len(whole) == 5
    for position in range(len(SESSION)):
        assert read(SESSION[:position], SESSION[position:], limits=limits) == whole
    assert read(*(SESSION[n : n + 1] for n in range(len(SESSION))), limits=limits) == whole


FRAGMENTS = st.sampled_from(
    [
        HEADER, OPENING, DECLARATION, b"<message>", b"</message>", b"<a/>", b"<a", b" b='", b"'", b">", b"&lt;", b"&x;",
        b"<!--", b"-->", b"<?x ?>", b"<!DOCTYPE a>", b"<![CDATA[", b"]]>", b" ", b"text", b"\xff", b"\x00",
        b"</stream:stream>", b"<x:y/>", b" xmlns=''", b" xmlns='v'", "\N{ROSE}".encode(),
    ]
)  # fmt: skip


@given(st.lists(FRAGMENTS | st.binary(max_size=12), max_size=30), st.booleans())
@example([HEADER, b"<a b='", b"&x;", b"'", b">"], True)
@settings(max_examples=300)
def test_only_a_violation_ever_escapes(chunks: list[bytes], begins_well: bool) -> None:
    parser = StreamParser(SMALL)
    with contextlib.suppress(StreamViolation):
        for chunk in [HEADER, *chunks] if begins_well else chunks:
            for item in parser.feed(chunk):
                assert isinstance(item, StreamHeader | StreamFooter | Element)
