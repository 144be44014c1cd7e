"""The program's own themes: all that is written can be read, and sixteen colours are enough."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorType
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from tests.support.scenes import DARCY, ELIZABETH, netherfield
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.blocks import Palette
from tui_xmpp.ui.colors import contrast, name_color
from tui_xmpp.ui.sixteen import SixteenColors
from tui_xmpp.ui.theme import CONTRAST, DARK, LIGHT, OURS, TERMINAL, inks

SEEN = (DARK, LIGHT, CONTRAST)
INKS = ("text", "strong", "dim", "accent", "badge", "good", "warning", "error")
GROUNDS = ("background", "surface", "panel", "cursor", "resting_cursor")
MUST_BE_READ = {DARK.name: 4.5, LIGHT.name: 4.5, CONTRAST.name: 7.0}


def ratio(one: str, other: str) -> float:
    first, second = (tuple(channel / 255 for channel in Color.parse(color).rgb) for color in (one, other))
    return contrast(first, second)  # type: ignore[arg-type]


def ground_of(theme: Theme, name: str) -> str:
    if name == "background":
        return str(theme.background)
    color = getattr(inks(theme), name).bgcolor
    assert color is not None
    return str(color.get_truecolor().hex)


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("ink", INKS)
@pytest.mark.parametrize("theme", SEEN, ids=lambda theme: theme.name)
def test_every_ink_is_readable_on_every_ground(theme: Theme, ink: str, ground: str) -> None:
    color = getattr(inks(theme), ink).color.get_truecolor().hex
    # A row under the cursor is coloured behind words that are repeated elsewhere in plain: 3 is enough for the quiet.
    least = MUST_BE_READ[theme.name] if "cursor" not in ground else 3.0
    assert ratio(color, ground_of(theme, ground)) >= least


@pytest.mark.parametrize("theme", SEEN, ids=lambda theme: theme.name)
def test_messages_are_readable(theme: Theme) -> None:
    background, foreground, accent, error, warning = (
        Color.parse(str(getattr(theme, name))) for name in ("background", "foreground", "accent", "error", "warning")
    )
    palette = Palette.of(background, foreground, accent=accent, error=error, warning=warning)
    for ink in ("foreground", "muted", "accent", "error", "warning"):
        assert ratio(getattr(palette, ink), palette.background) >= 4.5, ink
    assert ratio(palette.faint, palette.background) >= 3.0
    assert ratio(palette.quote, palette.background) >= 4.5
    for part in (palette.foreground, *palette.parts):
        assert ratio(part, palette.code) >= 4.4, part
    assert ratio(palette.foreground, palette.cursor) >= 4.5
    assert ratio(palette.foreground, palette.selection) >= 4.5
    for name in ("Romeo", "juliet@capulet.lit", "council", "😺"):
        assert ratio(name_color(name, palette.background), palette.background) >= 4.4


COLORS = st.none() | st.tuples(*[st.integers(0, 255)] * 3).map(lambda rgb: Color(*rgb).hex6)


@given(COLORS, COLORS, st.booleans(), st.booleans(), st.booleans())
def test_sixteen_colours_are_enough_for_every_style(
    ink: str | None, ground: str | None, is_reversed: bool, has_color: bool, is_dark: bool
) -> None:
    style = Style(color=ink, bgcolor=ground, reverse=is_reversed, bold=True, meta={"offset": (0, 1)})
    (drawn,) = SixteenColors(has_color=has_color, is_dark=is_dark).apply([Segment("x", style)], Color(0, 0, 0))
    assert drawn.text == "x"
    assert drawn.style is not None
    assert drawn.style.bold
    assert drawn.style.meta == {"offset": (0, 1)}
    assert drawn.style.bgcolor is not None
    assert drawn.style.bgcolor.is_default
    color = drawn.style.color
    assert color is not None
    assert color.type in ((ColorType.STANDARD, ColorType.DEFAULT) if has_color else (ColorType.DEFAULT,))


@pytest.mark.parametrize("kind", ["cursor", "panel", "surface"])
def test_what_stands_out_does_so_by_more_than_colour(kind: str) -> None:
    style = inks(TERMINAL).text + getattr(inks(TERMINAL), kind)
    (drawn,) = SixteenColors(has_color=False).apply([Segment("x", style)], Color(0, 0, 0))
    assert drawn.style is not None
    assert bool(drawn.style.reverse) is (kind == "cursor")


@pytest.mark.parametrize(("color", "number"), [("#ff0000", 1), ("#00ff00", 2), ("#ffff00", 3), ("#00ffff", 6)])
def test_a_hue_is_the_terminals_own(color: str, number: int) -> None:
    (drawn,) = SixteenColors().apply([Segment("x", Style(color=color))], Color(0, 0, 0))
    assert drawn.style is not None
    assert drawn.style.color is not None
    assert drawn.style.color.number == number


def colors_on(app: TuiXmppApp) -> set[ColorType]:
    strips = app.screen._compositor.render_strips()
    styles = [segment.style for strip in strips for segment in strip if segment.style is not None]
    return {color.type for style in styles for color in (style.color, style.bgcolor) if color is not None}


async def test_the_terminals_theme_writes_no_other_colours() -> None:
    scene = netherfield()
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test(size=(100, 30)) as pilot:
        app.main.open_chat(ELIZABETH, DARCY)
        app.set_theme("terminal")
        await pilot.pause()
        await pilot.press("ctrl+n")
        await pilot.pause()
        assert colors_on(app) <= {ColorType.STANDARD, ColorType.DEFAULT}
        app.set_theme("dark")
        await pilot.pause()
        assert ColorType.TRUECOLOR in colors_on(app)


async def test_without_colour_nothing_is_coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    scene = netherfield()
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        assert colors_on(app) == {ColorType.DEFAULT}


def test_our_themes_have_names_of_their_own() -> None:
    assert len({theme.name for theme in OURS}) == len(OURS)
    assert all(dataclasses.is_dataclass(theme) for theme in OURS)


@pytest.mark.parametrize("theme", [theme for theme in BUILTIN_THEMES.values() if not theme.ansi], ids=lambda t: t.name)
def test_words_that_matter_less_are_readable_in_every_theme_there_is(theme: Theme) -> None:
    ink = inks(theme)
    least = min(4.5, ratio(str(ink.text.color.get_truecolor().hex), ground_of(theme, "panel")))  # type: ignore[union-attr]
    assert ratio(str(ink.dim.color.get_truecolor().hex), ground_of(theme, "panel")) >= least - 0.01  # type: ignore[union-attr]
