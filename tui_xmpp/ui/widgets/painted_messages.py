"""How the messages of one conversation look; which lines there are is the window's affair."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, tzinfo

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.selection import Selection
from textual.strip import Strip

from tui_xmpp.clock import Clock, SystemClock
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.core.views import ConversationView
from tui_xmpp.ui.blocks import Palette, speakers
from tui_xmpp.ui.highlighting import Highlighter
from tui_xmpp.ui.render import Renderer
from tui_xmpp.ui.widgets.lines import DrawnLines
from tui_xmpp.ui.widgets.message_window import MessageWindow, Standpoint
from tui_xmpp.ui.wrapping import fit, rows_of


class PaintedMessages(DrawnLines):
    """Paint the lines of a window on messages, in the colours, the width and the words of the day."""

    DEFAULT_CSS = """
    PaintedMessages { width: 1fr; height: 1fr; background: $background; }
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        time_format: str = "%H:%M",
        zone: tzinfo | None = None,
        is_linear: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
    ) -> None:
        super().__init__(id=id)
        self._clock = clock or SystemClock()
        self._time_format = time_format
        self._zone = zone
        self._is_linear = is_linear
        self._unfolded: set[str] = set()  # the long messages the user opened
        self._highlighter = Highlighter()
        self._is_reading_code = False
        self._renderer: Renderer | None = None
        self._palette: Palette | None = None
        self._view: ConversationView | None = None
        self._window = MessageWindow(self._clear_selection)
        self._cursor: str | None = None
        self._new = 0
        self._welcome: Sequence[tuple[str, str]] = (("Welcome", ""),)

    @property
    def welcome(self) -> Sequence[tuple[str, str]]:
        """What stands here while no conversation is shown: a greeting, then keys with what they do."""
        return self._welcome

    @welcome.setter
    def welcome(self, lines: Sequence[tuple[str, str]]) -> None:
        if lines != self._welcome:
            self._welcome = lines
            if self._view is None:
                self.repaint()

    def notify_style_update(self) -> None:
        """Forget the colours: the theme changed."""
        super().notify_style_update()
        self._palette = None
        if self._renderer is not None:
            self._renderer = None
            self._rebuild()

    @property
    def is_linear(self) -> bool:
        """Whether messages are drawn as one plain line after the other."""
        return self._is_linear

    @is_linear.setter
    def is_linear(self, is_linear: bool) -> None:
        self._is_linear = is_linear
        self.lay_out()

    @property
    def time_format(self) -> str:
        """How the times of messages are written."""
        return self._time_format

    @time_format.setter
    def time_format(self, time_format: str) -> None:
        self._time_format = time_format
        self.lay_out()

    def lay_out(self) -> None:
        """Wrap and draw all anew."""
        if self._renderer is not None:
            self._renderer = None
            self._rebuild()
            self.refresh()

    # -- wrapping -------------------------------------------------------------------------------------------------

    def _rebuild(self, place: Standpoint | None = None) -> None:
        self._fit()
        self._window.rebuild(self._view.messages if self._view is not None else (), place)

    def _fit(self) -> bool:
        """Give the window its height and a renderer for the width and colours at hand; False before there is a size."""
        window, view = self._window, self._view
        window.height = self.size.height
        window.renderer = None
        if not self.is_attached or self.size.width < 1 or view is None:
            return False
        if self._renderer is None or self._renderer.width != max(8, self.size.width):
            own, peer = speakers(view.account, view.peer, view.contact.title)
            self._renderer = self._renderer_type()(
                self.size.width,
                self.palette,
                own,
                peer,
                time_format=self._time_format,
                zone=self._zone,
                today=self._today,
                unfolded=self._unfolded,
                highlighter=self._highlighter,
            )
        window.renderer = self._renderer
        return True

    def _renderer_type(self) -> type[Renderer]:
        if not self._is_linear:
            return Renderer
        from tui_xmpp.ui.linear import LinearRenderer

        return LinearRenderer

    def _today(self) -> date:
        return self._clock.now().astimezone(self._zone).date()

    @property
    def palette(self) -> Palette:
        """The colours of the theme at hand."""
        if self._palette is None:
            variables = self.app.theme_variables
            self._palette = Palette.of(
                self.background_colors[1],
                Color.parse(variables["foreground"]),
                accent=Color.parse(variables["accent"]),
                error=Color.parse(variables["error"]),
                warning=Color.parse(variables["warning"]),
            )
        return self._palette

    # -- painting -------------------------------------------------------------------------------------------------

    def draw_lines(self, lines: Sequence[int]) -> list[Strip]:
        """Draw rows of the window."""
        renderer = self._renderer if self._fit() else None
        if renderer is None:
            return [self._centered(y, self._welcome if self._view is None else ()) for y in lines]
        if not self._window.messages:
            return [self._empty(y) for y in lines]
        top = self._window.top
        selection = self.text_selection
        width = self.size.width
        strips = [self._row(renderer, top + y, selection).adjust_cell_length(width) for y in lines]
        if self._highlighter.has_work and not self._is_reading_code:
            self._is_reading_code = True
            self.call_after_refresh(self.run_worker, self._read_code(), exit_on_error=False)
        if not self._window.is_following:
            strips = [self._with_scroll_mark(strip, y) for strip, y in zip(strips, lines, strict=True)]
        return strips

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Leave what others have written as it is; what is drawn here for a screen reader has no signs of its own."""
        plain_signs = getattr(self.app, "plain_signs", None)
        return [each for each in super().get_line_filters() if each is not plain_signs]

    def _row(self, renderer: Renderer, line: int, selection: Selection | None) -> Strip:
        number = self._window.base + line
        if line >= len(self._window.lines):
            # Empty rows too know where they are, so that a selection may begin or end below the last message.
            place = Style(bgcolor=self.palette.background, meta={"offset": (0, number)})
            return Strip([Segment(" " * renderer.width, place)], renderer.width)
        block, index = self._window.lines[line]
        return renderer.draw(
            block,
            index,
            number,
            selected=selection.get_span(number) if selection is not None else None,
            has_cursor=self._cursor is not None and block.stop == self._cursor,
        )

    def _with_scroll_mark(self, strip: Strip, y: int) -> Strip:
        """Add where the window stands, and on the last row what waits below."""
        width, height = self.size
        palette = self.palette
        if y == height - 1:
            arrow = "" if self._is_linear else "↓ "
            text = f" {arrow}{self._new} new message{'s' * (self._new != 1)} " if self._new else f" {arrow}newest "
            if self._window.has_newer:
                text = f" {arrow}newer messages below{', ' if self._is_linear else ' · '}End: the newest "
            style = Style(color=palette.background, bgcolor=palette.accent if self._new else palette.faint)
            text = fit(text, min(width, cell_len(text)))
            x = max(0, (width - cell_len(text)) // 2)
            mark = Segment(text, style + Style(meta={"newest": True}))
            return Strip.join([strip.crop(0, x), Strip([mark], cell_len(text)), strip.crop(x + cell_len(text), width)])
        if not self._is_linear and y == min(height - 2, round(self._window.share * (height - 1))):
            mark = Segment("▐", Style(color=palette.faint, bgcolor=palette.background))
            return Strip.join([strip.crop(0, width - 1), Strip([mark], 1)])
        return strip

    def _empty(self, y: int) -> Strip:
        view = self._view
        if view is None or not view.is_loaded:
            return self._centered(y, (("Loading messages…", ""),))
        if view.has_older:
            return self._centered(y, (("Loading older messages…", ""),))
        return self._centered(y, (("No messages yet", ""), (f"Write to {sanitize_line(view.contact.title, 40)}", "")))

    def _centered(self, y: int, table: Sequence[tuple[str, str]]) -> Strip:
        width, height = self.size
        palette = self.palette
        base = Style(bgcolor=palette.background)
        rows = [(piece, right, not number) for number, row in enumerate(table) for piece, right in _broken(*row, width)]
        index = y - max(0, (height - len(rows)) // 2)
        if not 0 <= index < len(rows) or width < 4:
            return Strip.blank(width, base)
        left, right, is_first = rows[index]
        if right:
            text = f"{left:>10}   {right:<24}"
            text = fit(text, min(width, len(text)))
            pieces = [
                Segment(text[:10], base + Style(color=palette.accent)),
                Segment(text[10:], base + Style(color=palette.muted)),
            ]
        else:
            text = fit(left, min(width, cell_len(left)))
            pieces = [Segment(text, base + Style(color=palette.foreground if is_first else palette.muted))]
        pad = (width - cell_len(text)) // 2
        strip = Strip([Segment(" " * pad, base), *pieces], pad + cell_len(text))
        return strip.extend_cell_length(width, base)

    async def _read_code(self) -> None:
        """Colour the code in sight; nothing waits for it."""
        try:
            await asyncio.to_thread(self._highlighter.work)
        finally:
            self._is_reading_code = False
        if self._renderer is not None:
            self._renderer.forget_drawn()
            self.repaint()

    # -- the day --------------------------------------------------------------------------------------------------

    def _begin_day(self) -> None:
        """Name the days now and at midnight: what was today is yesterday then."""
        now = self._clock.now().astimezone(self._zone)
        midnight = datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo)
        self.set_timer((midnight - now).total_seconds() + 1, self._begin_day)
        self._rebuild()
        self.repaint()

    def _clear_selection(self) -> None:
        if self.is_attached and self.text_selection is not None:
            self.screen.clear_selection()


def _broken(left: str, right: str, width: int) -> list[tuple[str, str]]:
    """Return a row of the welcome as rows that have room in the width; only a sentence can be broken."""
    if right or cell_len(left) <= width:
        return [(left, right)]
    return [(row, "") for row in rows_of(left, width - 2)]
