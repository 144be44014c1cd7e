"""Paint what changed in the frontmost widgets without looking at what lies behind them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderResult
from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor, CompositorMap, CompositorUpdate, ReflowResult
from textual.geometry import Region, Size
from textual.strip import Strip

from tui_xmpp.ui.strips import DrawnStrip

if TYPE_CHECKING:
    from textual.widget import Widget


class LinesUpdate(CompositorUpdate):
    """Whole pieces of lines, each with the place on the screen where it begins."""

    def __init__(self, lines: list[tuple[int, int, Strip]]) -> None:
        self._lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for x, y, strip in self._lines:
            yield Control.move_to(x, y)
            yield from strip

    def render_segments(self, console: Console) -> str:
        """Return the terminal's sequences; a look holds from line to line."""
        written: list[str] = []
        look = ""
        for x, y, strip in self._lines:
            written.append(f"\x1b[{y + 1};{x + 1}H")
            runs = strip.runs(console) if isinstance(strip, DrawnStrip) else [("", strip.render(console))]
            for wanted, text in runs:
                if wanted != look:
                    written.append(f"\x1b[0;{wanted}m" if wanted else "\x1b[0m")
                    look = wanted
                written.append(text)
        if look:
            written.append("\x1b[0m")
        return "".join(written)


class FrontCompositor(Compositor):
    """Textual's own, with a short way for what nearly always changes: lines of widgets that nothing lies before.

    Textual draws and cuts to pieces everything that stands where something changes, the panes around it too, and then
    drops all but the frontmost.
    """

    def __init__(self) -> None:
        super().__init__()
        self._laid_out: CompositorMap = {}

    def reflow(self, parent: Widget, size: Size) -> ReflowResult:
        """Lay everything out anew; tell what was not there, and what had another size, when that was done last.

        Textual compares with a map that is also drawn when someone asks for a widget's place. A widget that was found
        like that before it was laid out would never learn that it has a size.
        """
        self._full_map = self._laid_out
        result = super().reflow(parent, size)
        self._laid_out = self._full_map
        return result

    def clear(self) -> None:
        """Let go of all widgets."""
        super().clear()
        self._laid_out = {}

    def render_partial_update(self) -> ChopsUpdate | LinesUpdate | None:  # type: ignore[override]
        """Return what writes the regions that changed, None where none did."""
        screen = self.size.region
        changed: dict[tuple[Widget, int, int], set[int]] = {}
        for dirty in self._dirty_regions:
            region = dirty.intersection(screen)
            if not region:
                continue
            front = self._front(region)
            if front is None:
                return super().render_partial_update()
            changed.setdefault((front, region.x, region.width), set()).update(region.line_range)
        self._dirty_regions.clear()
        lines = [line for (widget, x, width), rows in changed.items() for line in self._lines(widget, x, width, rows)]
        return LinesUpdate(lines) if lines else None

    def _front(self, region: Region) -> Widget | None:
        """Return the widget that is all one sees of a region, None where there are several."""
        for widget, (place, clip) in self.visible_widgets.items():
            seen = place.intersection(clip)
            if seen.overlaps(region):
                return widget if seen.contains_region(region) else None
        return None

    def _lines(self, widget: Widget, x: int, width: int, rows: set[int]) -> Iterable[tuple[int, int, Strip]]:
        place, _ = self.visible_widgets[widget]
        first, last = min(rows), max(rows)
        crop = Region(x - place.x, first - place.y, width, last - first + 1)
        return [(x, y, strip) for y, strip in enumerate(widget.render_lines(crop), first) if y in rows]
