"""Widgets that draw themselves line by line, painted at the price of what has changed."""

from __future__ import annotations

from typing import Self

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class DrawnLines(Widget):
    """A widget whose ``render_line`` gives whole, opaque lines, and the same strip for a line that looks the same.

    Such a line needs none of what Textual's styling adds (borders, padding, opacity: give it none in CSS), and a strip
    that was painted before is already cut, filtered and encoded.
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._painted: dict[int, Strip] = {}
        """The lines as they stand on the screen, where that is known."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the strips of a region, straight from ``render_line``."""
        background = self.background_colors[1]
        filters = self.get_line_filters()
        x1, x2 = crop.column_span
        is_cropped = x1 > 0 or x2 < self.size.width
        strips = []
        for y in crop.line_range:
            strip = self.render_line(y)
            for line_filter in filters:
                strip = strip.apply_filter(line_filter, background)
            strips.append(strip.crop(x1, x2) if is_cropped else strip)
        return strips

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Have regions painted anew, or all there is."""
        if regions:
            for region in regions:
                for y in region.line_range:
                    self._painted.pop(y, None)
        else:
            self._painted.clear()
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def repaint(self) -> None:
        """Have those lines painted anew that differ from the ones on the screen."""
        width, height = self.size
        if not self.is_attached or not width:
            return
        before = self._painted
        lines = {y: self.render_line(y) for y in range(height)}
        differing = [y for y, strip in lines.items() if strip is not (old := before.get(y)) and strip != old]
        if len(differing) > height // 2:
            self.refresh()
        elif differing:
            self.refresh(*(Region(0, y, width, 1) for y in differing))
        self._painted = lines
