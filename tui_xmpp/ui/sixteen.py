"""Draw with nothing but the terminal's own sixteen colours, whatever these are: each colour becomes one of them.

Only the default ink and ground are sure to be readable together. So ground is never coloured: what stands out is drawn
reversed, what is only touched is underlined, what is quiet is dim, and six of the colours are left for ink.
"""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color as Ink
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_HUES = (1, 3, 2, 6, 4, 5)
"""The terminal's red, yellow, green, cyan, blue and magenta, in the order of their hues, 60 degrees apart."""
_DARK_BLUE = 4
_GREY = 24
"""How far apart red, green and blue may be in what counts as grey."""
_SEEN, _MARKED, _FILLED = 16, 56, 160
"""From which brightness on a ground is not the plain one, stands out, is filled with a colour."""
_LOUD = 200
"""From which brightness on grey ink is not dim."""

_DEFAULT = Ink.default()


class SixteenColors(LineFilter):
    """Turn what is drawn in :data:`~tui_xmpp.ui.theme.TERMINAL` into the terminal's own colours.

    ``has_color`` False leaves all colours out (https://no-color.org); ``is_dark`` brightens the blue that few terminals
    show well on black.
    """

    def __init__(self, *, has_color: bool = True, is_dark: bool = True) -> None:
        super().__init__()
        self.has_color = has_color
        self.is_dark = is_dark

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments in other styles; called for each line drawn."""
        return [
            Segment(text, _drawn(style, self.has_color, self.is_dark) if style is not None else None, control)
            for text, style, control in segments
        ]


@lru_cache(maxsize=4096)
def _drawn(style: Style, has_color: bool, is_dark: bool) -> Style:
    ink, ground = _rgb(style.color), _rgb(style.bgcolor)
    if style.reverse:
        ink, ground = ground, ink
    brightness = max(ground) if ground is not None else 0
    is_ground_grey = ground is None or max(ground) - min(ground) < _GREY
    if brightness >= _MARKED:
        is_filled = brightness >= _FILLED and not is_ground_grey
        color = _nearest(ground, is_dark) if has_color and is_filled and ground is not None else _DEFAULT
        return style + Style(color=color, bgcolor="default", dim=False, reverse=True)
    color, is_dim = _DEFAULT, False
    if ink is not None:
        if max(ink) - min(ink) < _GREY:
            is_dim = max(ink) < _LOUD
        elif has_color:
            color = _nearest(ink, is_dark)
    is_touched = brightness > _SEEN
    return style + Style(
        color=color, bgcolor="default", dim=bool(is_dim or style.dim), reverse=False, underline=is_touched or None
    )


def _rgb(color: Ink | None) -> tuple[int, int, int] | None:
    return None if color is None or color.is_default else color.get_truecolor()


def _nearest(rgb: tuple[int, int, int], is_dark: bool) -> Ink:
    red, green, blue = rgb
    high, low = max(rgb), min(rgb)
    reach = high - low
    if high == red:
        hue = (green - blue) / reach
    elif high == green:
        hue = 2 + (blue - red) / reach
    else:
        hue = 4 + (red - green) / reach
    number = _HUES[round(hue) % 6]
    return Ink.from_ansi(number + 8 if number == _DARK_BLUE and is_dark else number)
