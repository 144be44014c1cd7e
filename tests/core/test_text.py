from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tui_xmpp.core.text import (
    BODY_LIMIT,
    BODY_LINE_LIMIT,
    BODY_LINES,
    MARKS,
    balanced,
    confusion,
    doubt,
    find_links,
    isolated,
    isolates,
    sanitize_body,
    sanitize_line,
    sanitize_title,
    skeleton,
)

ANYTHING = st.text(st.characters(codec=None) | st.sampled_from("\x1b\x9b\r\n\t\u202e\u2066\u2069\u200d\ufe0f\u0301a é"))


def is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or (ord(character) & 0xFFFE) == 0xFFFE


@given(ANYTHING)
@example("\x1b]0;title\x07\x1b[2J")
@example("\ufdd0\U0001ffff")
def test_s_31_no_control_comes_out_of_a_line(text: str) -> None:
    shown = sanitize_line(text)
    assert not any(map(is_control, shown))
    assert not set(shown) & set("\n\t\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
    assert sanitize_line(shown) == shown


@given(ANYTHING)
@example("\r\x0b\x0c\x85\u2028\u2029")
def test_s_31_no_control_but_line_feed_and_tab_comes_out_of_a_body(text: str) -> None:
    shown = sanitize_body(text)
    assert not any(is_control(c) for c in shown if c not in "\n\t")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_s_31_every_line_end_is_one_line_feed(end: str) -> None:
    assert sanitize_body(f"one{end}two") == "one\ntwo"
    assert sanitize_line(f"one{end}two") == "one two"


def test_s_31_escape_sequences_lose_their_escape() -> None:
    assert sanitize_body("\x1b[31mred\x9b0m") == "�[31mred�0m"
    assert "\x1b" not in sanitize_title("\x1b]2;owned\x07")


def test_s_32_markup_is_text() -> None:
    assert sanitize_line("[bold]x[/][@click=app.quit]y") == "[bold]x[/][@click=app.quit]y"


def test_s_33_directions_are_stripped_from_names_and_closed_in_bodies() -> None:
    assert sanitize_line("photo\u202egpj.exe") == "photogpj.exe"
    assert sanitize_body("a\u202eb\nc") == "a\u202eb\u202c\nc"
    assert sanitize_body("a\u2069b") == "ab"
    assert balanced("\u2067x\u202ey\u2069") == "\u2067x\u202ey\u202c\u2069"
    for closed in ("\u2067x\u2069y", "\u202ex\u202cy", "\u2066a\u2067b\u2069c\u2069d"):
        assert sanitize_body(closed) == closed


@given(st.text(st.sampled_from("a\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")))
def test_s_33_a_line_ends_in_the_direction_it_began(text: str) -> None:
    depth = 0
    for character in balanced(text):
        if character in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068":
            depth += 1
        elif character in "\u202c\u2069":
            depth -= 1
        assert 0 <= depth <= 8
    assert depth == 0


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Darcy", "Darcy"),
        ("naïve 漢字", "naïve 漢字"),
        ("שלום", "\u2067שלום\u2069"),
        ("12 שלום abc", "\u206712 שלום abc\u2069"),
        ("abc مرحبا", "\u2066abc مرحبا\u2069"),
        ("مرحبا abc", "\u2067مرحبا abc\u2069"),
        ("a\u202eb\u202c", "\u2066a\u202eb\u202c\u2069"),
    ],
)
def test_s_33_what_runs_from_right_to_left_reorders_nothing_beside_it(text: str, shown: str) -> None:
    assert isolated(text) == shown


def test_s_33_a_row_has_the_direction_of_its_paragraph() -> None:
    assert isolates("abc שלום", "שלום abc שלום") == ("\u2067", "\u2069")


def test_s_34_marks_are_capped_and_stand_on_something() -> None:
    assert sanitize_body("Z" + "\u0335" * 100 + "a") == "Z" + "\u0335" * MARKS + "a"
    assert sanitize_line("\u0301a") == "◌\u0301a"
    assert sanitize_body("x\n\u0301") == "x\n◌\u0301"
    assert sanitize_line("a \u0301\u0301b") == "a ◌\u0301\u0301b"
    for base in ("\u0301", "é\u0301", "\u05d0\u0301", "漢\u0301", "ب\u0301\u200d"):
        for mark in ("\u0301", "\u20dd", "\u093e"):
            shown = sanitize_line(base + mark * 100)
            assert sum(unicodedata.category(one)[0] == "M" for one in shown) == MARKS


def test_tabs_stay_in_bodies_and_are_spaces_in_lines() -> None:
    for text in ("a\tb", "a\tb\u0301"):
        assert sanitize_body(text) == text
        assert sanitize_line(text) == text.replace("\t", " ")
    assert sanitize_line(" a ") == sanitize_line("\ta\n") == "a"


def test_s_34_what_cannot_be_seen_is_removed() -> None:
    assert sanitize_line("pay\u200bpal\ufeff\u2060\u00ad\u3164") == "paypal"
    assert sanitize_line("a\U000e0061\U000e0062") == "a"
    assert sanitize_line("pay\u200dpal") == "paypal"
    assert sanitize_line("می\u200c\u200c\u200dخواهم") == "می\u200cخواهم"


@pytest.mark.parametrize(
    "text",
    [
        "👨\u200d👩\u200d👧",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "1\ufe0f\u20e3",
        "❤\ufe0f",
        "می\u200cخواهم",
        "क्\u200dष",
        "e\u0301",
        "🇬🇧",
        "日本のテスト",
    ],
)
def test_s_34_what_joins_rightly_stays(text: str) -> None:
    assert sanitize_line(text) == text
    assert sanitize_body(text) == text


def test_s_34_length_is_capped_before_layout_and_says_how_much_is_missing() -> None:
    assert sanitize_line("x" * 600, 10) == "x" * 9 + "…"
    assert sanitize_line("é" * 10, 10) == "é" * 10
    assert sanitize_body("x" * 600, 10) == "x" * 10 + "…(590 more characters)"
    shown = sanitize_body("x\n" * BODY_LIMIT)
    assert shown.count("\n") == BODY_LINES - 1
    assert shown.endswith("more characters)")
    for line in ("x", "e\u0301"):
        whole = "\n".join([line] * BODY_LINES)
        assert sanitize_body(whole) == whole
        assert sanitize_body(f"{whole}\nabc\n") == whole + "…(5 more characters)"
        assert sanitize_body(f"{whole}\nabc\n", 10 * BODY_LIMIT) == f"{whole}\nabc\n", "all of it was asked for"
    longest = "x" * BODY_LINE_LIMIT
    assert sanitize_body(f"{longest}\nx") == f"{longest}\nx"
    for more in (1, 5):
        assert sanitize_body(longest + "x" * more) == f"{longest}…({more} more characters)"
    assert len(sanitize_body("é\u0301" * 10 * BODY_LIMIT)) < 2 * BODY_LIMIT


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("аррӏе", "look like “apple”"),
        ("ра", "look like “pa”"),
        ("pаypal@example.com", "mixes Cyrillic and Latin"),
        ("juliet@cаpulet.lit", "mixes Cyrillic and Latin"),
        ("adm\u200bin", "hidden"),
        ("adm\u202ein", "hidden"),
    ],
)
def test_s_35_names_that_look_like_others_are_told(text: str, part: str) -> None:
    assert part in confusion(text)


@pytest.mark.parametrize(
    "text",
    [
        "Juliet",
        "а b",
        "漢かカa",
        "münchen.example",
        "Иван Smith",
        "日本のテスト",
        "한국어漢字",
        "Αθήνα",
        "мама@пример.рф",
        "عربي",
        "",
    ],
)
def test_s_35_honest_names_are_left_in_peace(text: str) -> None:
    assert confusion(text) == ""


def test_s_14_names_that_an_eye_may_mix_up_have_one_skeleton() -> None:
    assert skeleton("Fitzwilliam Darcy") == skeleton(" FITZWILLIAM  Dárcy") == skeleton("Fitzwilliаm Dаrсу")
    assert skeleton("Darcy") != skeleton("Darby")


def test_s_35_an_address_is_doubted_before_a_name() -> None:
    assert "mixes" in doubt("pаypal@example.com", "x\u200by")
    assert "hidden" in doubt("x@example.com", "x\u200by")
    assert doubt("x@example.com", "Иван") == ""


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("see https://en.wikipedia.org/wiki/Foo_(bar), ok", ("https://en.wikipedia.org/wiki/Foo_(bar)",)),
        ("(http://a.example/b)", ("http://a.example/b",)),
        ("<https://a.example/?q=1&r=2>.", ("https://a.example/?q=1&r=2",)),
        (
            "[https://a.example](https://b.example)",
            (
                "https://a.example",
                "https://b.example",
            ),
        ),
        ("HTTPS://A.example!", ("HTTPS://A.example",)),
        (
            "mailto:a@b.example, geo:1.5,-2",
            (
                "mailto:a@b.example",
                "geo:1.5,-2",
            ),
        ),
        ("xmpp:romeo@montague.lit?message;body=hi", ("xmpp:romeo@montague.lit?message;body=hi",)),
        ("“https://a.example/x”", ("https://a.example/x",)),
        ("https://a.example/?to=https://b.example", ("https://a.example/?to=https://b.example",)),
        ("at https:// and at https://b.example", ("https://b.example",)),
        ("nothing at all", ()),
        ("https://[::1]:8443/x", ("https://[::1]:8443/x",)),
        ("https://a.example:99999/", ()),
        ("https:// http://", ()),
        ("javascript:alert(1) data:text/html,x file:///etc/passwd", ()),
        ("https://bank.example@evil.example/", ()),
        ("https://user:word@evil.example/", ()),
        ("https://bank.example%2fevil.example/ https://bank!example", ()),
        ("mailto:nobody geo:nowhere", ()),
        ("https://a.example/(x]y", ("https://a.example/(x",)),
        ("https://", ()),
        ("nohttps://a.example", ()),
    ],
)
def test_s_38_links_are_found_whole_and_only_of_known_kinds(text: str, urls: tuple[str, ...]) -> None:
    links = find_links(text)
    assert tuple(link.url for link in links) == urls
    assert all(text[link.start : link.end] == link.url for link in links)


@given(ANYTHING)
def test_s_38_finding_links_never_raises(text: str) -> None:
    shown = sanitize_body("https://" + text + " xmpp:" + text)
    ends = 0
    for link in find_links(shown):
        assert ends <= link.start < link.end
        assert link.url.isprintable() or not link.url.isascii()
        ends = link.end
