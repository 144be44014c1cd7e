"""The conversations that are open beside each other: one as a rule, up to four."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.geometry import Region, Size
from textual.layout import Layout, WidgetPlacement
from textual.layouts.horizontal import HorizontalLayout
from textual.widget import Widget

from tui_xmpp.jid import BareJID

if TYPE_CHECKING:
    from tui_xmpp.ui.widgets.conversation import ConversationPane

MOST_PANES = 4
_LEAST_HEIGHT = 10
_ARRANGEMENTS = {
    1: ((1, 1, 0),),
    2: ((2, 1, 36), (1, 2, 24)),
    3: ((3, 1, 48), (2, 2, 36), (1, 3, 24)),
    4: ((4, 1, 56), (2, 2, 36), (1, 4, 24)),
}
"""For a number of panes, the best first: columns, rows, and the least width of a column."""


def arrangement(count: int, width: int, height: int) -> tuple[int, int] | None:
    """Return the columns and rows in which so many panes have room to be read; None where they have not."""
    for columns, rows, least_width in _ARRANGEMENTS[count]:
        if width // columns >= least_width and (rows == 1 or height // rows >= _LEAST_HEIGHT):
            return columns, rows
    return None


def parted(whole: Region, count: int, columns: int, rows: int) -> list[Region]:
    """Return the regions of panes, row by row, a blank column between two; the last has the rest of its row."""
    x_edges = [round(column * (whole.width + 1) / columns) for column in range(columns + 1)]
    y_edges = [round(row * whole.height / rows) for row in range(rows + 1)]
    regions: list[Region] = []
    for index in range(count):
        row, column = divmod(index, columns)
        left, right = x_edges[column], x_edges[columns if index == count - 1 else column + 1]
        top, bottom = y_edges[row], y_edges[row + 1]
        regions.append(Region(whole.x + left, whole.y + top, right - left - 1, bottom - top))
    return regions


class _SideBySide(HorizontalLayout):
    """Give the panes the place that one would have; where they have no room in it, the active one has it alone."""

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> list[WidgetPlacement]:
        splits = parent
        if not isinstance(splits, Splits) or splits.active not in children:
            return super().arrange(parent, children, size, greedy)
        panes = [pane for pane in splits.panes if pane in children]
        others = [child for child in children if child in splits.before]
        *placements, whole = super().arrange(parent, [*others, splits.active], size, greedy)
        shape = None if splits.is_linear else arrangement(len(panes), whole.region.width, whole.region.height)
        splits.heed_room(has_room=shape is not None)
        if shape is None:
            return [*placements, whole]
        regions = parted(whole.region, len(panes), *shape)
        return placements + [whole._replace(region=r, widget=p) for r, p in zip(regions, panes, strict=True)]


_SIDE_BY_SIDE = _SideBySide()


class Splits(Horizontal):
    """Hold the panes behind what stands before them; one pane is the active one."""

    def __init__(
        self,
        before: Sequence[Widget],
        make_pane: Callable[[], ConversationPane],
        turned: Callable[[], None],
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
    ) -> None:
        super().__init__(id=id)
        self.before = before
        self._make_pane = make_pane
        # A call, not a message: what the user does next is already about the other pane.
        self._turned = turned
        self._has_room = True
        self.is_linear = False
        """Whether nothing may stand beside anything: one pane at a time, for a screen reader."""
        self.panes: list[ConversationPane] = []
        """The panes in their order; none until the first is asked for, so that what stands before it is seen sooner."""
        self._active: ConversationPane | None = None

    def compose(self) -> ComposeResult:
        yield from self.before

    @property
    def active(self) -> ConversationPane:
        """The pane the user writes in; the first, if there is none yet."""
        self.begin()
        assert self._active is not None  # noqa: S101 - narrows the type
        return self._active

    @property
    def layout(self) -> Layout:
        """What gives the panes their places."""
        return _SIDE_BY_SIDE if len(self.panes) > 1 else super().layout

    def begin(self) -> None:
        """Let there be a pane."""
        if self._active is None:
            self._active = self._make_pane()
            self.panes.append(self._active)
            self.mount(self._active)

    def chats(self) -> Iterator[tuple[BareJID, BareJID]]:
        """Yield the chats that are open, in the panes' order."""
        for pane in self.panes:
            if pane.chat is not None:
                yield pane.chat

    def showing(self, chat: tuple[BareJID | None, BareJID | None]) -> ConversationPane | None:
        """Return the pane that shows a chat: none does twice."""
        return next((pane for pane in self.panes if pane.chat == chat), None)

    def holding(self, widget: Widget | None) -> ConversationPane | None:
        """Return the pane a widget is a part of."""
        ancestors = widget.ancestors_with_self if widget is not None else ()
        return next((pane for pane in self.panes if pane in ancestors), None)

    @property
    def is_full(self) -> bool:
        return len(self.panes) >= MOST_PANES

    def add(self) -> ConversationPane:
        """Put one more pane behind the active one, and make it the active one."""
        pane = self._make_pane()
        self.mount(pane, after=self.active)
        self.panes.insert(self.panes.index(self.active) + 1, pane)
        self.activate(pane)
        return pane

    def take_away(self, pane: ConversationPane) -> None:
        """Take a pane away, which is not the only one; the one before it becomes active."""
        index = self.panes.index(pane)
        self.panes.remove(pane)
        pane.remove()
        if pane is self.active:
            self.activate(self.panes[max(0, index - 1)])
        else:
            self._lay_out()

    def activate(self, pane: ConversationPane) -> None:
        """Let the user write in this pane."""
        if pane is not self.active:
            self._active = pane
            self._lay_out()
            self._turned()

    def following(self) -> ConversationPane:
        """Return the pane after the active one, the first after the last."""
        return self.panes[(self.panes.index(self.active) + 1) % len(self.panes)]

    def heed_room(self, *, has_room: bool) -> None:
        """Say in the panes' headers which one is shown while there is no room for all."""
        if has_room is not self._has_room:
            self._has_room = has_room
            self.call_later(self._mark)

    def _lay_out(self) -> None:
        self.set_class(len(self.panes) > 1, "-split")
        self._clear_arrangement_cache()
        self.refresh(layout=True)
        self._mark()

    def _mark(self) -> None:
        count = len(self.panes)
        for number, pane in enumerate(self.panes, 1):
            place = "" if self._has_room or count == 1 else f"{number}/{count}"
            pane.header.stand(is_active=pane is self.active if count > 1 else None, place=place)
            pane.composer.styles.max_height = "40%" if self._has_room and count > 1 else None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Go to the pane that is clicked."""
        pane = self.holding(event.widget)
        if pane is not None and pane is not self.active:
            self.activate(pane)
            if self.holding(self.screen.focused) is not pane:
                pane.focus_composer()
