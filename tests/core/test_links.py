from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_xmpp.core.links import ascii_url, card, is_file, is_sound, shown, true_host
from tui_xmpp.core.text import find_links, sanitize_body

LONG = "https://pemberley.lit/library/" + "shelf/" * 20 + "novels.html?by=author#a"


def test_s_38_a_short_link_is_whole_and_a_long_one_shows_its_host_and_its_end() -> None:
    assert shown("https://pemberley.lit/library", 40) == "https://pemberley.lit/library"
    assert shown(LONG, 40) == "https://pemberley.lit/….html?by=author#a"
    assert len(shown(LONG, 40)) <= 40
    assert shown(LONG, 10) == "https://pemberley.lit/…"
    assert shown("xmpp:darcy@pemberley.lit?message;body=" + "x" * 99, 20) == "xmpp:darcy@pemberle…"


def test_s_38_no_host_is_cut_however_long() -> None:
    host = "login.bank.example." + "a" * 60 + ".evil.example"
    assert shown(f"https://{host}/{'x' * 99}", 30) == f"https://{host}/…"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://аррӏе.com/", "xn--80ak6aa92e.com"),
        ("https://pаypal.com:8443/x", "xn--pypal-4ve.com:8443"),
        ("https://münchen.example/", "münchen.example"),
        ("https://пример.рф/", "пример.рф"),
        ("https://xn--80ak6aa92e.com/", "xn--80ak6aa92e.com"),
        ("http://[::1]:5280/", "[::1]:5280"),
    ],
)
def test_s_35_a_host_that_looks_like_another_is_shown_as_the_wire_has_it(url: str, host: str) -> None:
    assert true_host(url) == host
    assert host in shown(url, 60)


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("https://upload.example.org/f00/photo.jpg", "▣ photo.jpg · upload.example.org"),
        ("https://upload.example.org/f00/The%20ball.PNG?w=1", "▣ The ball.PNG · upload.example.org"),
        ("https://a.example/song.opus", "♪ song.opus · a.example"),
        ("https://a.example/dance.mp4", "▶ dance.mp4 · a.example"),
        ("https://a.example/will.pdf", "▤ will.pdf · a.example"),
        ("https://a.example/x/", "▤ file · a.example"),
        # S-41: nothing in a name leads elsewhere, and nothing in it reorders it
        ("https://a.example/..%2F..%2Fetc%5Cpasswd.png", "▣ .._.._etc_passwd.png · a.example"),
        ("https://a.example/photo%E2%80%AEgpj.exe", "▤ photogpj.exe · a.example"),
        ("https://a.example/a%0Ab%1B%5B2J.gif", "▣ a b�[2J.gif · a.example"),
    ],
)
def test_a_file_is_a_card_that_names_it_and_its_host(url: str, line: str) -> None:
    assert card(url) == line


def test_a_long_name_keeps_its_ending() -> None:
    name = card("https://a.example/" + "x" * 200 + ".jpeg").partition(" · ")[0]
    assert name.endswith("xxxxxxx.jpeg")
    assert len(name) == 50


def test_only_web_addresses_that_end_like_a_file_are_files() -> None:
    assert is_file("https://a.example/b.jpg")
    assert is_file("HTTP://a.example/b.tar.gz")
    assert not is_file("https://a.example/b.html")
    assert not is_file("https://a.jpg")
    assert not is_file("xmpp:b.jpg")


def test_s_38_a_terminals_own_hyperlink_is_ascii() -> None:
    assert ascii_url("https://a.example/b?c=%20d") == "https://a.example/b?c=%20d"
    assert ascii_url("https://münchen.example/Straße?q=ü") == ("https://xn--mnchen-3ya.example/Stra%C3%9Fe?q=%C3%BC")


def test_s_38_what_is_no_single_link_is_not_sound() -> None:
    assert is_sound("https://a.example/b")
    assert not is_sound("javascript:alert(1)")
    assert not is_sound("https://a.example/b https://b.example")
    assert not is_sound("https://user@evil.example/")


@given(st.text(), st.integers(0, 90))
def test_s_38_any_link_can_be_shown(text: str, room: int) -> None:
    for link in find_links(sanitize_body(f"https://{text} https://a.example/{text} xmpp:{text}")):
        assert "\n" not in shown(link.url, room) + card(link.url)
        assert true_host(link.url) in shown(link.url, room)
        assert ascii_url(link.url).isascii()
        assert is_file(link.url) in (True, False)
