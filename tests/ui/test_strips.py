"""What is written to the terminal: shorter, and the same to the eye."""

from __future__ import annotations

import pyte
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import MONOKAI
from textual.color import Color
from textual.filter import ANSIToTruecolor, Monochrome
from textual.strip import Strip

from tui_xmpp.ui.compositor import LinesUpdate
from tui_xmpp.ui.strips import DrawnStrip

CONSOLE = Console(force_terminal=True, color_system="truecolor")
COLORS = st.sampled_from([None, "#102030", "#a0b0c0", "#405060"])
STYLES = st.builds(
    lambda color, ground, bold, underline, reverse, link, x: Style(
        color=color, bgcolor=ground, bold=bold, underline=underline, reverse=reverse, link=link, meta={"offset": (x, 0)}
    ),
    COLORS,
    COLORS,
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, "https://example.org/"]),
    st.integers(0, 3),
)
SEGMENTS = st.lists(st.builds(Segment, st.sampled_from(["a", "bc d", " ", "   ", "界"]), STYLES), max_size=8)


def seen(written: str) -> list[object]:
    """Return the cells a terminal shows."""
    screen = pyte.Screen(60, 1)
    pyte.Stream(screen).feed(written)
    return cells_of(screen, 0)


def cells_of(screen: pyte.Screen, y: int) -> list[object]:
    """Return the cells of a line; of a blank the colour of what is not there is no part."""
    cells = [screen.buffer[y][x] for x in range(60)]
    return [
        cell._replace(fg="default", bold=False) if cell.data == " " and not (cell.reverse or cell.underscore) else cell
        for cell in cells
    ]


@given(SEGMENTS)
def test_the_terminal_shows_the_same(segments: list[Segment]) -> None:
    assert seen(DrawnStrip(segments).render(CONSOLE)) == seen(Strip(segments).render(CONSOLE))


@given(SEGMENTS)
def test_a_link_covers_the_same_words(segments: list[Segment]) -> None:
    def linked(written: str) -> str:
        parts = written.split("\x1b]8;")[1::2]
        return "".join(part.split("\x1b\\")[1] for part in parts).replace("\x1b[0m", "")

    texts = [segment.text for segment in segments if segment.style and segment.style.link]
    written = DrawnStrip(segments).render(CONSOLE)
    shown = pyte.Screen(60, 1)
    pyte.Stream(shown).feed(linked(written))
    assert shown.display[0].rstrip() == "".join(texts).rstrip()


def test_neighbours_that_look_alike_are_told_once() -> None:
    ground, faint = Style(color="#a0b0c0", bgcolor="#102030"), Style(color="#405060", bgcolor="#102030")
    segments = [Segment(" ", ground), Segment("10:54  ", faint), Segment("  ", ground), Segment("words", ground)]
    strip = DrawnStrip(
        [Segment(text, (style or ground) + Style(meta={"n": n})) for n, (text, style, _) in enumerate(segments)]
    )
    assert strip.render(CONSOLE).count("\x1b[0m") == 2
    assert [segment.style.meta for segment in strip if segment.style] == [{"n": n} for n in range(4)]


def test_a_filter_changes_the_looks_and_not_the_kind() -> None:
    strip = DrawnStrip([Segment("a", Style(color="red")), Segment("b", Style(color="blue"))], 2)
    monochrome, black = Monochrome(), Color.parse("black")
    filtered = strip.apply_filter(monochrome, black)
    assert isinstance(filtered, DrawnStrip)
    assert filtered is strip.apply_filter(monochrome, black)
    assert filtered.text == "ab"


def test_only_colours_of_the_terminal_s_own_are_made_true() -> None:
    true, black = ANSIToTruecolor(MONOKAI), Color.parse("black")
    plain = DrawnStrip([Segment("a", Style(color="#102030", bgcolor="#405060")), Segment("b")], 2)
    assert plain.apply_filter(true, black) is plain
    for style in (Style(color="red"), Style(bgcolor="red"), Style(color="#102030", dim=True)):
        strip = DrawnStrip([Segment("a", style)], 1)
        (made,) = strip.apply_filter(true, black)
        assert [made] == true.apply([Segment("a", style)], black)
        assert made.style != style


def test_it_is_cut_like_any_strip() -> None:
    segments = [Segment("ab", Style(color="#102030")), Segment("cd", Style(color="#405060"))]
    assert DrawnStrip(segments, 4).divide([1, 4]) == Strip(segments, 4).divide([1, 4])
    assert DrawnStrip(segments, 4).crop_extend(3, 6, None) == Strip(segments, 4).crop_extend(3, 6, None)


@given(st.lists(st.tuples(st.booleans(), SEGMENTS), max_size=4))
def test_lines_written_together_look_the_same(lines: list[tuple[bool, list[Segment]]]) -> None:
    strips = [(DrawnStrip if is_drawn else Strip)(segments) for is_drawn, segments in lines]
    written = LinesUpdate([(0, y, strip) for y, strip in enumerate(strips)]).render_segments(CONSOLE)
    apart = [seen(strip.render(CONSOLE)) for strip in strips]
    screen = pyte.Screen(60, len(strips) or 1)
    pyte.Stream(screen).feed(written)
    assert [cells_of(screen, y) for y in range(len(strips))] == apart


def test_a_look_holds_from_line_to_line() -> None:
    strip = DrawnStrip([Segment("words", Style(color="#a0b0c0", bgcolor="#102030"))], 5)
    assert LinesUpdate([(4, 0, strip), (4, 1, strip)]).render_segments(CONSOLE) == (
        "\x1b[1;5H\x1b[0;38;2;160;176;192;48;2;16;32;48mwords\x1b[2;5Hwords\x1b[0m"
    )


def test_a_text_that_can_be_selected_knows_its_characters_also_when_filtered() -> None:
    plain = [Segment(" 10:54 ", Style(color="red")), Segment("words", Style(bold=True))]
    strip = DrawnStrip(plain, 12, places=[-1, 0], number=7)
    for shown in (strip, strip.apply_filter(Monochrome(), Color.parse("black"))):
        assert [segment.style.meta for segment in shown if segment.style] == [{"offset": (-1, 7)}, {"offset": (0, 7)}]
        assert [segment.text for segment in shown] == [" 10:54 ", "words"]
    assert strip == DrawnStrip(plain, 12, places=[-1, 0], number=7)
    assert strip != DrawnStrip(plain, 12, places=[-1, 0], number=8)  # or the wrong line would be selected
