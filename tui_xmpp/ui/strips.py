"""Lines as a terminal is told them: a look once for all neighbours that share it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import ANSIToTruecolor, LineFilter
from textual.strip import Strip

_SYSTEMS = {
    "standard": ColorSystem.STANDARD,
    "256": ColorSystem.EIGHT_BIT,
    "truecolor": ColorSystem.TRUECOLOR,
    "windows": ColorSystem.WINDOWS,
}
_PLAIN = Style.null()


class DrawnStrip(Strip):
    """A strip that is half as long on its way to the terminal, which a slow line and a long scroll feel.

    Its segments stay as they are, each with its own meta data; what is written joins those that look alike. Of blanks
    only the ground is seen.
    """

    __slots__ = ("_filtered", "_number", "_places", "_plain", "_runs")

    def __init__(
        self,
        segments: Iterable[Segment],
        cell_length: int | None = None,
        *,
        places: Sequence[int] = (),
        number: int = 0,
    ) -> None:
        """Take segments and, where a text can be selected, at which character of line ``number`` each begins."""
        self._plain = list(segments)
        self._cell_length = cell_length
        self._places, self._number = places, number
        self._filtered: dict[tuple[LineFilter, Color], DrawnStrip | None] = {}
        """What filters have made of it; None where that is itself, which shall not hold on to itself."""
        self._runs: list[tuple[str, str]] | None = None

    def __getattr__(self, name: str) -> object:
        """Make what else Textual keeps of a strip when it is first asked for, as few strips are.

        That is seven caches, and in the segments the mark by which its text selection knows a cell.
        """
        super().__init__(self._marked() if self._places else self._plain, self._cell_length)
        return object.__getattribute__(self, name)

    def _marked(self) -> Iterator[Segment]:
        for (text, style, control), place in zip(self._plain, self._places, strict=True):
            yield Segment(text, (style or _PLAIN) + Style(meta={"offset": (place, self._number)}), control)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, DrawnStrip):
            return (self._plain, self._places, self._number) == (other._plain, other._places, other._number)
        return super().__eq__(other)

    def apply_filter(self, filter: LineFilter, background: Color) -> Strip:  # noqa: A002 - Textual's own name for it
        """Return the filtered strip, of the same kind."""
        key = filter, background
        if key not in self._filtered:
            self._filtered[key] = self._made_by(filter, background)
        strip = self._filtered[key]
        return self if strip is None else strip

    def _made_by(self, line_filter: LineFilter, background: Color) -> DrawnStrip | None:
        """Return what a filter makes of it, None for the same."""
        if isinstance(line_filter, ANSIToTruecolor) and all(_is_true(style) for _, style, _ in self._plain):
            return None
        segments = line_filter.apply(self._plain, background)
        if segments is self._plain:
            return None
        if len(segments) == len(self._plain):
            return DrawnStrip(segments, self.cell_length, places=self._places, number=self._number)
        return DrawnStrip(line_filter.apply(list(self), background), self.cell_length)

    def render(self, console: Console) -> str:
        """Return the terminal's sequences."""
        return "".join([f"\x1b[{look}m{text}\x1b[0m" if look else text for look, text in self.runs(console)])

    def runs(self, console: Console) -> list[tuple[str, str]]:
        """Return the looks (SGR parameters, none: plain) and what is written in each."""
        if self._runs is None:
            system = _SYSTEMS.get(console.color_system or "", ColorSystem.TRUECOLOR)
            self._runs = [
                (self.render_ansi(style, system), _linked(text, style)) for text, style in self._joined(system)
            ]
        return self._runs

    def _joined(self, system: ColorSystem) -> list[tuple[str, Style]]:
        runs: list[tuple[str, Style]] = []
        last = ""
        for text, style_or_none, _ in self._plain:
            style = style_or_none or _PLAIN
            told = self.render_ansi(style, system)
            if runs:
                before, look = runs[-1]
                if (told == last and style.link == look.link) or (text.isspace() and _is_one_ground(look, style)):
                    runs[-1] = before + text, look
                    continue
                if before.isspace() and _is_one_ground(look, style):
                    runs[-1] = before + text, style
                    last = told
                    continue
            runs.append((text, style))
            last = told
        return runs


def _linked(text: str, style: Style) -> str:
    return f"\x1b]8;id={style.link_id};{style.link}\x1b\\{text}\x1b]8;;\x1b\\" if style.link else text


def _is_true(style: Style | None) -> bool:
    """Tell whether a style has no colour of the terminal's own."""
    if style is None:
        return True
    color, ground = style.color, style.bgcolor
    return (
        (color is None or color.triplet is not None)
        and (ground is None or ground.triplet is not None)
        and not style.dim
    )


def _is_one_ground(one: Style, other: Style) -> bool:
    """Tell whether blanks in either style look the same."""
    return one.bgcolor == other.bgcolor and not (_marks_blanks(one) or _marks_blanks(other))


def _marks_blanks(style: Style) -> bool:
    return bool(style.reverse or style.underline or style.underline2 or style.strike or style.overline or style.link)
