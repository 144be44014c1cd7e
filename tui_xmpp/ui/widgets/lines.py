"""Widgets that draw themselves line by line, painted at the price of what has changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class DrawnLines(Widget):
    """A widget whose ``draw_lines`` gives whole, opaque lines, and the same strip for a line that looks the same.

    Such a line needs none of what Textual's styling adds (borders, padding, opacity: give it none in CSS), and a strip
    that was painted before is already cut, filtered and encoded. After every change of what is drawn call
    :meth:`repaint`, or ``refresh`` where nearly all of it differs.
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._drawn: dict[int, Strip] = {}
        """The lines on the screen, or about to be there, as far as they are known."""

    def draw_lines(self, lines: Sequence[int]) -> list[Strip]:
        """Return the strips of visible lines, each as wide as the widget; to be overridden."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        return self.draw_lines((y,))[0]

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the strips of a region, drawing only lines that are not known."""
        drawn = self._drawn
        unknown = [y for y in crop.line_range if y not in drawn]
        if unknown:
            drawn.update(zip(unknown, self.draw_lines(unknown), strict=True))
        strips = [drawn[y] for y in crop.line_range]
        background = self.background_colors[1]
        for line_filter in self.get_line_filters():
            strips = [strip.apply_filter(line_filter, background) for strip in strips]
        x1, x2 = crop.column_span
        if x1 > 0 or x2 < self.size.width:
            return [strip.crop(x1, x2) for strip in strips]
        return strips

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Draw and paint regions anew, or all there is."""
        if regions:
            for region in regions:
                for y in region.line_range:
                    self._drawn.pop(y, None)
        else:
            self._drawn.clear()
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def repaint(self) -> None:
        """Draw anew, and paint the lines that differ from the ones on the screen."""
        if not self.is_attached:
            return
        width, height = self.size
        before = self._drawn
        lines = dict(enumerate(self.draw_lines(range(height))))
        differing = [y for y, strip in lines.items() if strip is not (old := before.get(y)) and strip != old]
        if len(differing) > height // 2:
            self.refresh()
        elif differing:
            self.refresh(*(Region(0, y, width, 1) for y in differing))
        self._drawn = lines
