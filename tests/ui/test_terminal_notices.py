"""The bytes that make a terminal notify."""

from __future__ import annotations

from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_xmpp.ui.terminal_notices import Way, known_way, sequence

WAYS: tuple[Way, ...] = ("osc9", "osc99", "osc777")


@pytest.mark.parametrize(
    ("environment", "way"),
    [
        ({"TERM": "xterm-256color"}, None),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "osc9"),
        ({"TERM": "tmux-256color", "TERM_PROGRAM": "tmux", "KITTY_WINDOW_ID": "1"}, "osc99"),
        ({"TERM": "xterm-kitty"}, "osc99"),
        ({"TERM": "foot"}, "osc777"),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7200"}, "osc777"),
    ],
)
def test_the_way_is_the_one_the_terminal_is_known_to_take(environment: dict[str, str], way: Way | None) -> None:
    assert known_way(environment) == way


def test_each_way_has_its_own_bytes() -> None:
    assert sequence("osc9", "Darcy", "Do you dance?", {}) == "\x1b]9;Darcy: Do you dance?\x1b\\"
    assert sequence("osc777", "Darcy", "one; two", {}) == "\x1b]777;notify;Darcy;one, two\x1b\\"
    title, body, _ = sequence("osc99", "Darcy", "Do you dance?", {}).split("\x1b\\")
    assert title.startswith("\x1b]99;i=tui-xmpp:e=1:d=0;")
    assert b64decode(title.rpartition(";")[2]) == b"Darcy"
    assert "p=body" in body
    assert b64decode(body.rpartition(";")[2]) == b"Do you dance?"


def test_a_number_at_the_start_is_no_command_of_the_terminal() -> None:
    assert sequence("osc9", "4;1;50", "", {}) == "\x1b]9; 4;1;50\x1b\\"


def test_tmux_and_screen_hand_the_sequence_on() -> None:
    assert sequence("osc9", "Darcy", "", {"TMUX": "x"}) == "\x1bPtmux;\x1b\x1b]9;Darcy\x1b\x1b\\\x1b\\"
    assert sequence("osc9", "Darcy", "", {"STY": "x"}) == "\x1bP\x1b]9;Darcy\a\x1b\\"


@given(st.sampled_from(WAYS), st.text(), st.text(), st.sampled_from([{}, {"TMUX": "x"}, {"STY": "x"}]))
def test_s_36_no_text_ends_or_extends_the_sequence(
    way: Way, title: str, text: str, environment: dict[str, str]
) -> None:
    harmless = sequence(way, "a", "b" if text.strip() else "", environment)
    written = sequence(way, title, text, environment)
    controls = [character for character in written if ord(character) < 32 or 127 <= ord(character) < 160]
    expected = [character for character in harmless if ord(character) < 32]
    # Text of which nothing is left when it is made safe may lack its own part; more there never is.
    assert controls == expected or len(controls) < len(expected)
