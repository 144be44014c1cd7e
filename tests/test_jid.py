"""Addresses: every row of the specifications' tables, and what holds for any text."""

from __future__ import annotations

import contextlib
import copy
import pickle
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_xmpp.errors import TuiXmppError
from tui_xmpp.jid import BareJID, FullJID, JIDError, escape_local, parse_jid, unescape_local

LABEL_63 = "a" * 63

VALID = [
    # RFC 7622 §3.5, table 1
    ("juliet@example.com", "juliet", "example.com", None),
    ("juliet@example.com/foo", "juliet", "example.com", "foo"),
    ("juliet@example.com/foo bar", "juliet", "example.com", "foo bar"),
    ("juliet@example.com/foo@bar", "juliet", "example.com", "foo@bar"),
    ("foo\\20bar@example.com", "foo\\20bar", "example.com", None),
    ("fussball@example.com", "fussball", "example.com", None),
    ("fußball@example.com", "fußball", "example.com", None),
    ("π@example.com", "π", "example.com", None),
    ("Σ@example.com/foo", "σ", "example.com", "foo"),
    ("σ@example.com/foo", "σ", "example.com", "foo"),
    ("ς@example.com/foo", "ς", "example.com", "foo"),
    ("king@example.com/♚", "king", "example.com", "♚"),
    ("example.com", None, "example.com", None),
    ("example.com/foobar", None, "example.com", "foobar"),
    ("a.example.com/b@example.net", None, "a.example.com", "b@example.net"),
    # disputed: OpaqueString allows a leading space (erratum 4560)
    ("juliet@example.com/ foo", "juliet", "example.com", " foo"),
    # rows other implementations test
    ("server/resource@foo", None, "server", "resource@foo"),
    ("server/resource@foo/bar", None, "server", "resource@foo/bar"),
    ("user@CaSe-InSeNsItIvE", "user", "case-insensitive", None),
    ("user@192.168.1.1", "user", "192.168.1.1", None),
    ("user@[2001:638:a000:4134::ffff:40]", "user", "[2001:638:a000:4134::ffff:40]", None),
    ("user@[2001:638:A000:4134::FFFF:40%eno1]", "user", "[2001:638:a000:4134::ffff:40%eno1]", None),
    (f"user@{LABEL_63}.example", "user", f"{LABEL_63}.example", None),
    ("user@example.org/🍺", "user", "example.org", "🍺"),
    # our own boundaries
    ("ｊｕｌｉｅｔ@example.com", "juliet", "example.com", None),
    ("juliet@ＥＸＡＭＰＬＥ．ｃｏｍ", "juliet", "example.com", None),
    ("juliet@example。com", "juliet", "example.com", None),
    ("example.com.", None, "example.com", None),
    ("JULIET@EXAMPLE.COM/Foo", "juliet", "example.com", "Foo"),
    ("a@BÜCHER.example", "a", "bücher.example", None),
    ("a@bu\u0308cher.example", "a", "bücher.example", None),
    ("a@xn--bcher-kva.example", "a", "bücher.example", None),
    ("a@b/x\u3000y\u1680z", "a", "b", "x y z"),
    ("a@b/cafe\u0301", "a", "b", "café"),
    ("e\u0301@b", "é", "b", None),
]

INVALID = [
    # RFC 7622 §3.5, table 2
    '"juliet"@example.com',
    "foo bar@example.com",
    "@example.com/",
    "henryⅣ@example.com",
    "♚@example.com",
    "juliet@",
    "/foobar",
    # rows other implementations test
    "a\x01b@example.com",
    "@example.com",
    "node@/server",
    "@server",
    "@server/resource",
    "@/resource",
    "@/",
    "/",
    "@",
    "user@",
    "user@@",
    "user@@host",
    "user@@host/resource",
    "xsf@muc.xmpp.org/\u061cx",
    "username@example.org@example.org",
    # our own boundaries
    "",
    "a@b/",
    "user@example..com",
    "user@.example.com",
    "user@example.com..",
    "user@.",
    f"user@{'a' * 64}.example",
    f"user@{'ü' * 63}.example",
    "user@-a.example",
    "user@a-.example",
    "user@ab--cd.example",
    "user@xn--foo-.example",
    "user@xn--\u00fc.example",
    "user@a_b.example",
    "user@example.com:5222",
    "user@exa mple.com",
    "user＠example.com／x y＠",
    "us＠er@example.com",
    "us／er@example.com",
    "user@example.com／foo",
    "user@☃.example",
    "user@[::1",
    "user@[::g]",
    "user@[1.2.3.4]",
    "user@[::1]x",
    "user@[::1%]",
    "∞@example.com",
    "a\tb@example.com",
    "a@b/x\ty",
    "a@b/\ud800",
    "\udfff@b",
    "a@\ud800",
    "אa@b",
    *(f"a{c}b@example.com" for c in "\"&':<> "),
]


@pytest.mark.parametrize(("text", "local", "domain", "resource"), VALID)
def test_c_jid_02_to_05_valid_rows(text: str, local: str | None, domain: str, resource: str | None) -> None:
    jid = parse_jid(text)

    assert (jid.local, jid.domain) == (local, domain)
    if resource is None:
        assert isinstance(jid, BareJID)
    else:
        assert isinstance(jid, FullJID)
        assert jid.resource == resource
        assert jid.bare == BareJID(local, domain)
    assert str(jid) == (f"{local}@" if local else "") + domain + (f"/{resource}" if resource else "")
    assert parse_jid(str(jid)) == jid


@pytest.mark.parametrize("text", INVALID)
def test_c_jid_02_to_05_invalid_rows(text: str) -> None:
    with pytest.raises(JIDError):
        parse_jid(text)


def test_c_jid_04_the_case_of_sigma_matters_only_where_lower_case_says_so() -> None:
    assert parse_jid("Σ@example.com/foo") == parse_jid("σ@example.com/foo") != parse_jid("ς@example.com/foo")
    assert parse_jid("fussball@example.com") != parse_jid("fußball@example.com")


@pytest.mark.parametrize("letter", ["a", "é", "あ", "𐐨"])
def test_c_jid_01_each_part_holds_1023_octets_after_preparation(letter: str) -> None:
    size = len(letter.encode())
    longest = letter * (1023 // size) + "a" * (1023 % size)

    assert BareJID(longest, "b").local == longest
    assert FullJID("a", "b", longest).resource == longest
    with pytest.raises(JIDError, match="part before @ is too long"):
        BareJID(longest + "a", "b")
    with pytest.raises(JIDError, match="part after / is too long"):
        FullJID("a", "b", longest + "a")


def test_c_jid_01_a_domain_holds_1023_octets() -> None:
    longest = ".".join(["a" * 63] * 16)
    longest_in_two_octet_letters = ".".join(["ü" * 30 + "aaa"] * 16)

    assert len(longest) == len(longest_in_two_octet_letters.encode()) == 1023
    for domain in (longest, longest_in_two_octet_letters):
        assert parse_jid(domain).domain == domain
        assert parse_jid(domain + ".").domain == domain
        with pytest.raises(JIDError, match="too long"):
            parse_jid(domain[:-1] + ".b")


def test_c_jid_01_a_part_may_shrink_to_its_limit() -> None:
    assert BareJID("ａ" * 1023, "b").local == "a" * 1023


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("foo bar@example.com", "The part before @ may not contain a space."),
        ("a'b@example.com", "The part before @ may not contain “'”."),
        ("a\x01@example.com", "The part before @ may not contain the invisible character U+0001."),
        ("user@ex_ample.com", "The server name may not contain “_”."),
        ("user@exam..ple", "The server name has a dot too many: an address looks like name@example.com."),
        ("user@", "The server name is missing: an address looks like name@example.com."),
        ("@example.com", "The part before @ is missing: an address looks like name@example.com."),
        ("אa@b", "The part before @ mixes right-to-left and left-to-right letters in a way not allowed."),
        (f"a@{'b' * 64}", "The server name has a piece longer than 63 characters between two dots."),
        ("a@-b", "The server name has a hyphen in the wrong place in “-b”."),
        ("a@xn--0", "The server name is not a valid international domain name: check its spelling."),
        ("a@b/\ud800", "The part after / may not contain the invisible character U+D800."),
        ("a@b/", "The part after / is missing: leave the / out or put a resource after it."),
        ("a@b/x\ty", "The part after / may not contain the invisible character U+0009."),
        ("", "The address is empty: it looks like name@example.com."),
    ],
)
def test_each_error_says_which_part_and_why(text: str, sentence: str) -> None:
    with pytest.raises(JIDError) as caught:
        parse_jid(text)

    assert str(caught.value) == sentence
    assert isinstance(caught.value, TuiXmppError)


@pytest.mark.timeout(2)
@pytest.mark.parametrize("shape", ["{}@b", "{}", "a@b/{}"])
def test_s_10_a_monstrous_part_costs_little(shape: str) -> None:
    with pytest.raises(JIDError, match="too long"):
        parse_jid(shape.format("é" * 3_000_000))


def test_s_57_long_addresses_are_not_kept() -> None:
    short, long = "a@b/" + "r" * 200, "a@b/" + "r" * 300

    assert parse_jid(short) is parse_jid(short)
    assert parse_jid(long) is not parse_jid(long)


def test_c_jid_03_domain_in_a_labels() -> None:
    assert parse_jid("a@Bücher.example/x").domain_ascii == "xn--bcher-kva.example"
    assert parse_jid("a@example.com").domain_ascii == "example.com"
    assert parse_jid("a@[::1]").domain_ascii == "[::1]"


def test_c_jid_05_a_resource_may_be_written_in_a_newer_unicode() -> None:
    # Unassigned in the oldest Unicode a supported Python knows; noncharacters never get assigned.
    assert FullJID.parse("room@muc.example/\U0001fae8 hi").resource == "\U0001fae8 hi"
    assert FullJID.parse("room@muc.example/\U000e0fff\u3000e\u0301").resource == "\U000e0fff é"
    for noncharacter in ("\ufdd0", "\ufffe", "\U0010ffff"):
        with pytest.raises(JIDError):
            FullJID.parse(f"room@muc.example/{noncharacter}")


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("Σ@example.com", "σ@example.com"),
        ("ς@example.com", "ς@example.com"),
        ("Fußball@example.com", "fußball@example.com"),
        ("a@b/x\u3000y", "a@b/x y"),
        ("a@b/x\u1680y", "a@b/x y"),
        ("a@b/ x", "a@b/ x"),
    ],
)
def test_c_jid_07_letters_and_spaces_are_mapped_as_precis_says(text: str, prepared: str) -> None:
    assert str(parse_jid(text)) == prepared


@pytest.mark.parametrize("text", ["Ⅳ@b", "♚@b", "a b@b", "a\x7f@b", '"@b', "a@b/\t", "a@b/\u061c"])
def test_c_jid_07_what_precis_or_rfc_7622_forbids_is_no_address(text: str) -> None:
    with pytest.raises(JIDError):
        parse_jid(text)


def test_c_jid_06_made_of_parts_is_prepared_too() -> None:
    assert BareJID("Juliet", "EXAMPLE.com.") == BareJID.parse("juliet@example.com")
    assert BareJID("juliet", "example.com").with_resource("x\u3000y") == FullJID.parse("juliet@example.com/x y")
    for local, domain in ((None, ""), ("", "b"), ("a@b", "c"), ("a", "b/c")):
        with pytest.raises(JIDError):
            BareJID(local, domain)


def test_bare_and_full_are_distinct() -> None:
    bare, full = BareJID.parse("a@b"), FullJID.parse("a@b/c")

    assert bare != full
    assert bare.bare is bare
    assert full.bare == bare
    assert full.with_resource("d") == bare.with_resource("d")
    assert len({bare, full, BareJID.parse("A@B"), full.bare}) == 2
    assert sorted([full, BareJID(None, "b"), bare]) == [bare, full, BareJID(None, "b")]
    assert bare < full
    assert bare != "a@b"
    assert repr(full) == "FullJID('a@b/c')"
    with pytest.raises(JIDError, match="should end before"):
        BareJID.parse("a@b/c")
    with pytest.raises(JIDError, match="needs a resource"):
        FullJID.parse("a@b")


def test_an_address_cannot_change_and_survives_copying() -> None:
    full = FullJID.parse("a@b/c")

    with pytest.raises(AttributeError):
        full.local = "x"  # type: ignore[misc]
    assert copy.deepcopy(full) == pickle.loads(pickle.dumps(full)) == full


def test_start_up_does_not_pay_for_unicode_tables() -> None:
    script = (
        "import sys, tui_xmpp.jid as j; j.parse_jid('Juliet@Example.com/x');"
        "sys.exit(sum(m in sys.modules for m in ('precis_i18n', 'idna', 'ipaddress')))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=30).returncode == 0


# --- what holds for any text ---

PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            ["@", "/", ".", "[", "]", "xn--", "-", "ａ", "。", "İ", "ς", "\u0301", "א", "1", "\u200d", "ß", "\u03f4"]
        ),
        st.text(max_size=6),
        st.from_regex(r"[a-zA-Z0-9.@/-]{1,8}", fullmatch=True),
    ),
    max_size=8,
).map("".join)


@given(st.one_of(PIECES, st.text(st.one_of(st.characters(), st.characters(categories=["Cs"])), max_size=40)))
def test_any_text_is_an_address_or_a_jid_error(text: str) -> None:
    try:
        jid = parse_jid(text)
    except JIDError:
        return
    assert parse_jid(str(jid)) == jid
    assert type(parse_jid(str(jid))) is type(jid)
    assert hash(parse_jid(str(jid))) == hash(jid)
    assert str(parse_jid(str(jid))) == str(jid)
    assert jid.domain_ascii.isascii()
    assert BareJID(jid.local, jid.domain_ascii) == jid.bare


@given(st.text(min_size=1, max_size=12))
def test_any_single_part_is_stable_once_prepared(text: str) -> None:
    with contextlib.suppress(JIDError):
        local = BareJID(text, "b").local
        assert BareJID(local, "b").local == local
    with contextlib.suppress(JIDError):
        domain = BareJID(None, text).domain
        assert BareJID(None, domain).domain == domain


# --- XEP-0106 ---

ESCAPED = [
    ("space cadet", "space\\20cadet"),
    ('call me "ishmael"', "call\\20me\\20\\22ishmael\\22"),
    ("at&t guy", "at\\26t\\20guy"),
    ("d'artagnan", "d\\27artagnan"),
    ("/.fanboy", "\\2f.fanboy"),
    ("::foo::", "\\3a\\3afoo\\3a\\3a"),
    ("<foo>", "\\3cfoo\\3e"),
    ("user@host", "user\\40host"),
    ("c:\\net", "c\\3a\\net"),
    ("c:\\\\net", "c\\3a\\\\net"),
    ("c:\\cool stuff", "c\\3a\\cool\\20stuff"),
    ("c:\\5commas", "c\\3a\\5c5commas"),
    ("\\2plus\\2is\\4", "\\2plus\\2is\\4"),
    ("foo\\bar", "foo\\bar"),
    ("foob\\41r", "foob\\41r"),
]


@pytest.mark.parametrize(("text", "escaped"), ESCAPED)
def test_c_jid_09_escaping_rows(text: str, escaped: str) -> None:
    assert escape_local(text) == escaped
    assert unescape_local(escaped) == text
    assert BareJID(escaped, "gateway.example").local == escaped


@pytest.mark.parametrize("text", [" foo", "foo ", " "])
def test_c_jid_09_no_outer_space(text: str) -> None:
    with pytest.raises(JIDError):
        escape_local(text)


def test_c_jid_09_an_outer_escaped_space_stays_as_it_is() -> None:
    assert unescape_local("\\20foo\\20bar\\20") == "\\20foo bar\\20"


@given(st.text("ab25cf07 \\\"&'/:<>@", max_size=12).filter(lambda t: t == t.strip(" ")))
def test_c_jid_09_unescaping_undoes_escaping(text: str) -> None:
    assert unescape_local(escape_local(text)) == text
