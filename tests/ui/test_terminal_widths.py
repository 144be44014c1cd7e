"""Emoji on terminals that draw them in pieces: each row keeps its cells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.color import Color

from tests.support.scenes import netherfield
from tests.ui.test_screen import app_of, running
from tui_xmpp.core.text import sanitize_body
from tui_xmpp.ui.terminal_widths import QUESTION, SAMPLES, PlainEmoji, plain

EMOJI = st.text(st.sampled_from("a 👨👩👧👍🏽🏻❤⚠1#💂♂🇬🇧\u200d\ufe0f\u20e3\u0301क्षि漢") | st.characters(codec=None))


@pytest.mark.parametrize(
    ("text", "draws", "shown"),
    [
        ("👨\u200d👩\u200d👧!", (False, False, False), "👨!"),
        ("👨\u200d👩\u200d👧!", (True, False, False), "👨\u200d👩\u200d👧!"),
        ("👍🏽!", (True, False, False), "👍!"),
        ("👍🏽!", (True, True, False), "👍🏽!"),
        ("❤\ufe0f!", (True, True, False), "❤ !"),
        ("❤\ufe0f!", (True, True, True), "❤\ufe0f!"),
        ("1\ufe0f\u20e3!", (False, False, False), "1\u20e3 !"),
        ("💂🏽\u200d♂\ufe0f!", (True, False, False), "💂\u200d♂!"),
        ("क्\u200dष", (False, False, False), "क्\u200dष"),
    ],
)
def test_what_the_terminal_draws_in_pieces_is_drawn_plainer(
    text: str, draws: tuple[bool, bool, bool], shown: str
) -> None:
    assert plain(text, *draws) == shown


@given(EMOJI, st.booleans(), st.booleans(), st.booleans())
def test_the_cells_of_a_row_stay(text: str, joins: bool, tones: bool, selects: bool) -> None:
    row = sanitize_body(text).replace("\n", " ")
    assert cell_len(plain(row, joins, tones, selects)) == cell_len(row)


def test_a_row_without_emoji_of_several_characters_is_left_alone() -> None:
    segments = [Segment("Darcy"), Segment(" naïve 漢字 🏇")]
    assert PlainEmoji().apply(segments, Color(0, 0, 0)) is segments


def test_the_question_asks_once_for_each_sample() -> None:
    assert QUESTION.count("\x1b[6n") == len(SAMPLES)


async def test_the_terminals_answer_decides() -> None:
    async with running(netherfield(), 80, 24) as pilot:
        app = app_of(pilot)
        app.emoji = PlainEmoji()
        assert app.emoji in app.get_line_filters()
        for x in (2, 4, 1):
            app.post_message(events.CursorPosition(x, 0))
        await pilot.pause()
        (shown,) = app.emoji.apply([Segment("👨\u200d👩\u200d👧👍🏽❤\ufe0f")], Color(0, 0, 0))
        assert shown.text == "👨\u200d👩\u200d👧👍❤ "
        app.emoji = PlainEmoji()
        for _ in SAMPLES:
            app.post_message(events.CursorPosition(2, 0))
        await pilot.pause()
        assert app.emoji not in app.get_line_filters()
