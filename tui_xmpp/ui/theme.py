"""The themes of the program and the inks its line-drawn widgets use."""

from __future__ import annotations

from functools import lru_cache

from rich.style import Style
from textual.color import Color
from textual.theme import Theme

from tui_xmpp.ui.colors import CONTRAST as LEAST_CONTRAST
from tui_xmpp.ui.colors import contrast
from tui_xmpp.values import dataclass

DARK = Theme(
    name="tui-xmpp-dark",
    primary="#7fb4ca",
    secondary="#9aa5b8",
    accent="#7fb4ca",
    foreground="#d8dbe2",
    background="#15171c",
    surface="#1b1e25",
    panel="#232730",
    success="#93c47d",
    warning="#e3b25f",
    error="#f0808a",
    dark=True,
    variables={"scrollbar-background": "#232730", "scrollbar": "#454c5a", "input-selection-background": "#7fb4ca 35%"},
)

LIGHT = Theme(
    name="tui-xmpp-light",
    primary="#14607c",
    secondary="#59616e",
    accent="#14607c",
    foreground="#24272e",
    background="#fcfbf8",
    surface="#f2f0ea",
    panel="#e6e3da",
    success="#2f6b1f",
    warning="#855300",
    error="#a8201a",
    dark=False,
    variables={"scrollbar-background": "#e6e3da", "scrollbar": "#b9b4a6", "input-selection-background": "#14607c 25%"},
)

CONTRAST = Theme(
    name="tui-xmpp-contrast",
    primary="#5fd7ff",
    secondary="#d0d0d0",
    accent="#5fd7ff",
    foreground="#ffffff",
    background="#000000",
    surface="#080808",
    panel="#101010",
    success="#7fff7f",
    warning="#ffd75f",
    error="#ff9c9c",
    dark=True,
    variables={"scrollbar-background": "#101010", "scrollbar": "#b0b0b0", "input-selection-background": "#5fd7ff 50%"},
)

TERMINAL = Theme(
    name="tui-xmpp-terminal",
    primary="#00ffff",
    secondary="#ffffff",
    accent="#00ffff",
    foreground="#ffffff",
    background="#000000",
    surface="#010101",
    panel="#020202",
    success="#00ff00",
    warning="#ffff00",
    error="#ff0000",
    dark=True,
    variables={"scrollbar-background": "#000000", "scrollbar": "#808080", "input-selection-background": "#00ffff 45%"},
)
"""Stands for the terminal's own colours: :class:`~tui_xmpp.ui.sixteen.SixteenColors` puts those in its place."""

OURS = (DARK, LIGHT, CONTRAST, TERMINAL)

AUTO = "auto"
"""Dark or light, as the terminal is."""

SHORT_NAMES = {theme.name.removeprefix("tui-xmpp-"): theme.name for theme in OURS}
"""What a person types after ``/theme`` for the program's own."""


def short_name(name: str) -> str:
    """Return a theme's name as a person types it."""
    return next((short for short, full in SHORT_NAMES.items() if full == name), name)


@lru_cache(maxsize=32)
def quiet(background: Color, foreground: Color, ground: Color) -> Color:
    """Return the ink of what matters less, still readable on ``ground``: as far from the background as that needs."""
    share = 0.62
    while share < 1 and contrast(background.blend(foreground, share).normalized, ground.normalized) < LEAST_CONTRAST:
        share += 0.04
    return background.blend(foreground, min(share, 1.0))


@dataclass(frozen=True, slots=True)
class Inks:
    """Styles of text without a background, and of grounds without text."""

    text: Style
    strong: Style
    dim: Style
    accent: Style
    badge: Style
    good: Style
    warning: Style
    error: Style
    cursor: Style
    resting_cursor: Style
    surface: Style
    panel: Style


def inks(theme: Theme) -> Inks:
    """Return the inks of any Textual theme."""
    return _inks(
        theme.primary,
        theme.foreground,
        theme.background,
        theme.surface,
        theme.panel,
        theme.success,
        theme.warning,
        theme.error,
        theme.dark,
    )


@lru_cache(maxsize=8)
def _inks(
    primary: str,
    foreground: str | None,
    background: str | None,
    surface: str | None,
    panel: str | None,
    success: str | None,
    warning: str | None,
    error: str | None,
    is_dark: bool,
) -> Inks:
    fore = Color.parse(foreground or ("#e0e0e0" if is_dark else "#202020"))
    back = Color.parse(background or ("#121212" if is_dark else "#fafafa"))
    accent = Color.parse(primary)

    def ink(color: Color, *, is_bold: bool = False) -> Style:
        return Style(color=color.hex6, bold=is_bold or None)

    def named(color: str | None, fallback: str) -> Style:
        return ink(Color.parse(color or fallback))

    return Inks(
        text=ink(fore),
        strong=ink(fore, is_bold=True),
        dim=ink(quiet(back, fore, Color.parse(panel) if panel else back)),
        accent=ink(accent),
        badge=ink(accent, is_bold=True),
        good=named(success, "#4ebf71"),
        warning=named(warning, "#ffa62b"),
        error=named(error, "#ba3c5b"),
        cursor=Style(bgcolor=back.blend(accent, 0.30).hex6),
        resting_cursor=Style(bgcolor=back.blend(accent, 0.14).hex6),
        surface=Style(bgcolor=Color.parse(surface).hex6 if surface else back.blend(fore, 0.04).hex6),
        panel=Style(bgcolor=Color.parse(panel).hex6 if panel else back.blend(fore, 0.08).hex6),
    )
