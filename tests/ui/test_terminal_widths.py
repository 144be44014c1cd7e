"""Emoji on terminals that draw them in pieces: each row keeps its cells."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich._unicode_data import load as load_cell_table
from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.color import Color
from textual.pilot import Pilot

from tests.support.scenes import DARCY, ELIZABETH, NOW, netherfield
from tests.ui.test_screen import app_of, running
from tests.ui.test_screen import cells as cells_of
from tui_xmpp.core.events import HistoryLoaded
from tui_xmpp.core.model import Direction, Message
from tui_xmpp.core.text import sanitize_body
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.terminal_widths import QUESTION, SAMPLES, PlainEmoji, count_spacing_marks, forget, plain
from tui_xmpp.ui.wrapping import fit, graphemes, wrap

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


def answer(app: TuiXmppApp, *columns: int) -> None:
    """Tell the app where the cursor stood after each sample."""
    app.awaits_widths = True
    for x in columns:
        app.post_message(events.CursorPosition(x, 0))


async def test_an_answer_nobody_asked_for_decides_nothing() -> None:
    async with running(netherfield(), 80, 24) as pilot:
        app = app_of(pilot)
        before = app.emoji
        for _ in SAMPLES:
            app.post_message(events.CursorPosition(1, 0))
        await pilot.pause()
        assert app.emoji is before


async def test_the_terminals_answer_decides() -> None:
    async with running(netherfield(), 80, 24) as pilot:
        app = app_of(pilot)
        app.emoji = PlainEmoji()
        assert app.emoji in app.get_line_filters()
        answer(app, 2, 4, 1, 1)
        await pilot.pause()
        (shown,) = app.emoji.apply([Segment("👨\u200d👩\u200d👧👍🏽❤\ufe0f")], Color(0, 0, 0))
        assert shown.text == "👨\u200d👩\u200d👧👍❤ "
        app.emoji = PlainEmoji()
        answer(app, 2, 2, 2, 1)
        await pilot.pause()
        assert app.emoji not in app.get_line_filters()


@pytest.fixture
def widths() -> Iterator[None]:
    """Give Rich its own widths back."""
    table = load_cell_table("auto").widths
    assert isinstance(table, list)
    before = list(table)
    yield
    table[:] = before
    forget()


HINDI = "हिन्दी में किताबों की बात नाच के कमरे में नहीं हो सकती"


@pytest.mark.usefixtures("widths")
def test_marks_beside_their_letters_are_counted_where_the_terminal_gives_them_a_cell() -> None:
    assert cell_len("कि") == 1
    assert count_spacing_marks()
    assert not count_spacing_marks()
    assert (
        cell_len("कि"),
        cell_len("தமிழ்"),
        cell_len("e\u0301"),
        cell_len("漢字"),
        cell_len("👨\u200d👩\u200d👧"),
    ) == (2, 4, 1, 4, 2)
    assert list(graphemes("किताब")) == ["कि", "ता", "ब"]
    spans = wrap(HINDI, 12)
    assert all(HINDI[end : end + 1] in (" ", "") for _, end in spans), "no word is torn"
    assert all(cell_len(HINDI[start:end]) <= 12 for start, end in spans)
    assert fit(HINDI, 7).endswith("…") or cell_len(fit(HINDI, 7)) == 7


@pytest.mark.usefixtures("widths")
async def test_messages_are_wrapped_anew_when_the_terminal_has_answered() -> None:
    scene = netherfield()
    message = Message("hindi", ELIZABETH, DARCY, Direction.INCOMING, NOW, HINDI, author=DARCY)
    async with running(scene, 80, 24) as pilot:
        app = app_of(pilot)
        app.main.open_chat(ELIZABETH, DARCY)
        scene.publish(HistoryLoaded(ELIZABETH, DARCY, (message,), is_latest=True, is_start=True))
        await pilot.pause()
        before = [row for row in shown(pilot) if any("\u0900" <= c <= "\u097f" for c in row)]
        answer(app, 2, 2, 2, 2)
        await pilot.pause()
        after = [row for row in shown(pilot) if any("\u0900" <= c <= "\u097f" for c in row)]
        assert len(after) > len(before)
        assert all(cell_len(row) == 80 for row in after)


def shown(pilot: Pilot[None]) -> list[str]:
    return cells_of(pilot).splitlines()
